/** Random conditions that both the engine of 2022 and our judge take, about events that were seen. */
import fc from 'fast-check';
import type { Event } from './falco-events.ts';

/** Of the fields of events that both know. Values are some that were seen, and parts of them. */
const texts = [
  'fd.name',
  'proc.name',
  'proc.exepath',
  'fd.type',
  'fd.l4proto',
  'container.name',
  'fd.directory',
  'proc.pname',
];
const numbers = ['fd.num', 'user.uid', 'fd.sport', 'proc.vpid', 'evt.rawres'];
const truths = ['evt.is_open_write', 'evt.is_open_read', 'evt.failed', 'fd.connected'];

export const fieldsAsked: readonly string[] = [...texts, ...numbers, ...truths, 'fd.sip'];

/** Conditions over what was seen. */
export function randomConditions(seen: readonly Event[]): fc.Arbitrary<string> {
  const valuesOf = (field: string): string[] => {
    const all = seen.map((each) => each[field]).filter((value) => value !== null && value !== undefined);
    // What has no name is no type that a condition may ask for.
    return [...new Set(all.map(String))].filter((value) => /^[ -~]+$/.test(value) && !/"|<unknown>/.test(value));
  };
  const pools = new Map([...texts, ...numbers, 'fd.sip', 'evt.type'].map((field) => [field, valuesOf(field)]));
  const value = (field: string): fc.Arbitrary<string> => fc.constantFrom(...(pools.get(field) ?? []));
  const quoted = (text: string): string => `"${text}"`;
  const part = (field: string): fc.Arbitrary<string> =>
    fc.tuple(value(field), fc.nat(20), fc.integer({ min: 1, max: 8 })).map(([text, from, size]) => {
      const start = Math.min(from, text.length - 1);
      return text.slice(start, start + size);
    });
  const glob = (field: string): fc.Arbitrary<string> =>
    fc
      .tuple(
        value(field),
        fc.nat(30),
        fc.constantFrom('*', '?', '[a-z]', '[!a-z]', '[.-9]*', '**', '[', '[!', '[]a]', ']'),
      )
      .map(([text, at, piece]) => {
        const where = at % text.length;
        return text.slice(0, where) + piece + text.slice(where + (piece.startsWith('*') ? at % 5 : 1));
      });
  const text = fc
    .constantFrom(...texts)
    .chain((field) =>
      fc
        .oneof(
          fc.tuple(fc.constantFrom('=', '!=', 'startswith', 'endswith', 'contains'), value(field)),
          fc.tuple(fc.constantFrom('startswith', 'endswith', 'contains', 'icontains'), part(field)),
          fc.tuple(fc.constant('glob'), glob(field)),
        )
        .map(([operator, found]) => `${field} ${operator} ${quoted(found)}`),
    );
  const listed = fc
    .constantFrom(...texts, 'evt.type')
    .chain((field) =>
      fc
        .array(value(field), { minLength: 1, maxLength: 4 })
        .map((all) => `${field} in (${all.map(quoted).join(', ')})`),
    );
  const below = fc
    .array(
      value('fd.name')
        // Patterns are newer.
        .filter((name) => !/[*?[]/.test(name))
        .map((name) => name.split('/').slice(0, 3).join('/') || '/'),
      { minLength: 1, maxLength: 3 },
    )
    .map((all) => `fd.name pmatch (${all.map(quoted).join(', ')})`);
  const number = fc
    .constantFrom(...numbers)
    .chain((field) =>
      fc
        .tuple(fc.constantFrom('=', '!=', '<', '<=', '>', '>='), value(field))
        .map(([operator, found]) => `${field} ${operator} ${found}`),
    );
  // With IPv6 this engine compares the first bytes of addresses of both families.
  const ipv4 = (pools.get('fd.sip') ?? []).filter((each) => !each.includes(':'));
  const address = fc
    .tuple(fc.constantFrom('=', '!='), fc.constantFrom(...ipv4))
    .map(([operator, found]) => `fd.sip ${operator} ${found}`);
  const truth = fc
    .tuple(fc.constantFrom(...truths), fc.constantFrom('= true', '= false', '!= true'))
    .map((all) => all.join(' '));
  const present = fc.constantFrom(...texts, ...numbers, ...truths, 'fd.sip').map((field) => `${field} exists`);
  const check = fc.oneof(text, text, listed, below, number, address, truth, present);
  return fc.oneof(
    check,
    check.map((each) => `not ${each}`),
    fc.tuple(check, fc.constantFrom(' and ', ' or ', ' and not ', ' or not '), check).map((all) => all.join('')),
    fc.tuple(check, check, check).map(([a, b, c]) => `not (${a} or ${b}) and (${b} or ${c})`),
  );
}
