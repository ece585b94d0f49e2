/**
 * Falco's conditions through a real filter engine: Debian's sysdig, of 2022. What it does not know yet is named here,
 * taken out, and the rest compiles.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readCondition } from '#policies/falco/language/condition.ts';
import { everything, exec, file, made, onHost, recording, rulesOf } from '#policies/falco/facts.cases.ts';
import { matcherOf } from '#policies/falco/judge/match.ts';
import type { Observation } from '#observation/observation.ts';
import { conditions, newer, older } from './falco-conditions.ts';
import { refusal, refusedOutput, withoutSysdig } from './sysdig.ts';

const skip = withoutSysdig();

/** Compiles what can be; gives what could not be checked, by name. */
async function unchecked(text: string): Promise<readonly string[]> {
  const { condition, left } = older(
    text,
    Object.fromEntries(newer.fields.map((field) => [field, [{ field: 'fd.name' }]])),
  );
  for (const name of left) {
    const words = await refusal(name.includes('.') ? `${name} = /x` : `evt.type = ${name}`);
    assert.match(words ?? '', /unrecognized field|unknown event type/, `${name} is known to this engine: take it off`);
  }
  assert.equal(await refusal(condition), null, condition);
  return left.toSorted();
}

test('the engine refuses what is wrong, so that its silence says something', { skip }, async () => {
  assert.match((await refusal('zzz.field = 1')) ?? '', /unrecognized field/);
  assert.match((await refusal('evt.type = open and (fd.name = /x')) ?? '', /filter error/);
  assert.equal(await refusal('evt.type = open and fd.name = /x'), null);
  assert.match((await refusedOutput('%nosuch.field')) ?? '', /invalid formatting token/);
});

test('every condition and output compiles; newer forms are not checked, by name', { skip }, async () => {
  const names = new Set<string>();
  for (const by of [undefined, onHost])
    for (const options of [{}, { exact: true }, { clusterNetwork: ['10.0.0.0/8', '192.168.0.0/16'] }])
      for (const { rule, condition, output } of conditions(
        made(recording(everything, by), options).artifacts[0]?.text ?? assert.fail(),
      )) {
        for (const name of await unchecked(condition)) names.add(`${name}: ${rule.replace(/ in .*/, '')}`);
        const known = newer.fields.reduce<string>((text, field) => text.replaceAll(field, 'fd.name'), output);
        assert.equal(await refusedOutput(known), null, output);
      }
  assert.deepEqual(
    [...names].toSorted(),
    [
      ...newer.fields.filter((name) => name.startsWith('fs.')).map((name) => `${name}: Unexpected path changed`),
      'proc.pexepath: Unexpected program',
      'proc.pexepath: Unexpected user',
      ...newer.calls.map((name) => `${name}: Unexpected privileged call`),
    ].toSorted(),
  );
});

/** What gives strings another meaning in YAML, in conditions, in globs and in formats of output. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '"',
          "'",
          '\\',
          '\n',
          '\r',
          '\t',
          ' ',
          ',',
          '(',
          ')',
          '=',
          '[',
          ']',
          '{',
          '}',
          '*',
          '?',
          '!',
          '%',
          '%%',
          '#',
          ': ',
        ],
        ...[
          '- ',
          '|',
          '>',
          '&a',
          '*a',
          '@',
          '`',
          '~',
          'null',
          ' or ',
          ' and ',
          'not ',
          ' in (',
          '))',
          '%proc.name',
          '\u0001',
        ],
        ...[
          'kguardian_sensitive_files',
          ' kguardian_privileged_calls ',
          ',kguardian_runtime_sockets)',
          '\u{dc80}',
          '\u{dcff}',
        ],
        ...['é', '漢', '\u{1f600}', '\u2028', '\u0085', '\ufeff', 'a', '/', '..', 'true', '0x1f'],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => `/${parts.join('')}`.replaceAll('\0', '').slice(0, 200))
  .filter((path) => path.length > 1);

test('hostile names come through YAML, the condition and the engine as what they are', {
  skip,
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 3 }), async (paths) => {
      const seen = paths.flatMap((path): Observation[] => [exec(path), file(path, 'write'), file(path, 'unlink')]);
      const text = rulesOf(seen, { exact: true });
      assert.doesNotThrow(() => parse(text));
      for (const { rule, condition } of conditions(text)) {
        if (!/program|written|changed/.test(rule)) continue;
        await unchecked(condition);
        // One condition, whose parts are the rule's own and its exceptions: nothing broke out of its place.
        const parsed = readCondition(condition, rule);
        assert.ok(parsed.type === 'and' && parsed.all.slice(1).every(({ type }) => type === 'not'), condition);
      }
    }),
    { numRuns: 20 },
  );
});

/**
 * What both know alike. The old engine takes more: quotes and commas within bare strings, words after `<`, any operator
 * for any type. Today's grammar, which
 * ours follows, refuses them.
 */
const text = fc.constantFrom('proc.name', 'fd.name', 'evt.type', 'k8s.ns.name', 'container.image.repository');
const typed = fc.constantFrom('fd.sip', 'evt.is_open_write', 'fd.sport', 'user.uid', 'zzz.field');
const value = fc.constantFrom('open', '/x', '80', 'true', '1.2.3.4', '"a b"', "'q'", '0x10', '""');
const operator = fc.constantFrom('=', '!=', 'contains', 'startswith', 'endswith', 'glob', 'icontains', 'of', 'exists');
const check = fc.oneof(
  fc.tuple(text, operator, value).map(([a, b, c]) => (b === 'exists' ? `${a} exists` : `${a} ${b} ${c}`)),
  fc
    .tuple(typed, fc.constantFrom('=', '!='), fc.constantFrom('open', '80', 'true', '1.2.3.4', '0x10'))
    .map((parts) => parts.join(' ')),
  fc
    .tuple(fc.constantFrom('fd.sport', 'user.uid'), fc.constantFrom('<', '<=', '>'), fc.constantFrom('80', '1000', 'x'))
    .map((parts) => parts.join(' ')),
  fc
    .tuple(text, fc.constantFrom('in', 'pmatch'), fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([a, b, c]) => `${a} ${b} (${c.join(', ')})`),
);
const condition = fc.oneof(
  check,
  fc
    .tuple(check, fc.constantFrom(' and ', ' or ', ' and not ', ' or not ', ' ', ' xor '), check)
    .map((parts) => parts.join('')),
  fc.tuple(check, check, check).map(([a, b, c]) => `(${a} or ${b}) and not (${c})`),
  check.map((each) => `not(${each})`),
  check.map((each) => `(${each}`),
);

test('our parser takes and refuses what the engine does', { skip, timeout: 240_000 }, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(condition, async (one) => {
      const words = await refusal(one);
      let ours: string | null = null;
      try {
        matcherOf(readCondition(one, 'condition'), 'condition');
      } catch (error) {
        ours = (error as Error).message;
      }
      taken += ours === null ? 1 : 0;
      assert.equal(ours === null, words === null, `${one}\nours: ${ours}\nengine: ${words}`);
    }),
    { numRuns: 150 },
  );
  assert.ok(taken > 20, `${taken}`);
});
