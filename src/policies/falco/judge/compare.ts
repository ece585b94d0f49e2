/**
 * One check of a condition, three-valued: null where the value is not known. What a field can be compared by follows
 * from its kind, as in libsinsp; a comparison with a field that is not there never holds, `!=` neither.
 */
import {
  type Address,
  contains,
  covers,
  type Network,
  parseAddress,
  parseNetwork,
  single,
} from '#kubernetes/addresses.ts';
import { isSyscallName } from '#observation/syscalls.ts';
import { encodeText } from '#observation/text.ts';
import { UnreadableArtifact } from '../../kind.ts';
import type { Field } from './event.ts';
import { globMatcher } from './glob.ts';

export type Truth = boolean | null;
export type Check = (value: Field) => Truth;

const numbers =
  /^(evt\.(num|rawres|buflen|count|cpu|latency)|fd\.(num|[cslr]?port)|(user|group)\.([ug]id|loginuid)|proc\.(v?pid|p?v?pid|ppid|tty|duration|sid|nthreads|nchilds|loginshellid|vpgid)|thread\.v?tid)$/;
const booleans =
  /^(evt\.(is_\w+|failed)|fd\.(is_\w+|connected|name_changed)|container\.privileged|proc\.is_\w+|thread\.ismain)$/;
const addresses = /^fd\.[cslr]?ip$/;
const networks = /^fd\.[cslr]?net$/;
/** Engines refuse longer strings (measured with sysdig 0.29.3). */
const maxBytes = 255;
/** Classes of fields that events of system calls have; those of `container` and `k8s` come from plugins today. */
const classes = new Set(
  [
    'evt',
    'evtin',
    'syscall',
    'proc',
    'thread',
    'user',
    'group',
    'fd',
    'fdlist',
    'fs',
    'container',
    'k8s',
    'k8smeta',
  ].concat(['span', 'syslog', 'tracer', 'mesos']),
);
/** Events that no system call is behind, or that are called otherwise than theirs. */
const otherEvents = ['procexit', 'switch', 'drop', 'signaldeliver', 'page_fault', 'container', 'pluginevent'].concat(
  ['asyncevent', 'procinfo', 'umount', 'notification', 'infra', 'tracer', 'cpu_hotplug', 'syscall'],
  ['pread', 'pwrite', 'prlimit', 'llseek', 'send', 'recv'],
);

export function isNumeric(field: string): boolean {
  return numbers.test(field);
}

/** Throws `UnreadableArtifact` for a value or an operator that the field does not take. */
export function checkOf(field: string, operator: string, values: readonly string[], where: string): Check {
  const fail = (what: string): never => {
    throw new UnreadableArtifact(where, `${field} ${operator}: ${what}`);
  };
  if (!classes.has(field.split('.')[0] ?? '')) fail('no class of fields is called so');
  const present =
    (check: (value: Exclude<Field, null | undefined>) => Truth): Check =>
    (value) =>
      value === null ? false : value === undefined ? null : check(value);
  if (field === 'evt.type') {
    const unknown = values.find((name) => !isSyscallName(name) && !otherEvents.includes(name));
    if (unknown !== undefined) fail(`no event is called ${JSON.stringify(unknown)}`);
  }
  if (numbers.test(field)) {
    const wanted = values.map((each) => numberOf(each) ?? fail(`${JSON.stringify(each)} is no number`));
    const port = field.endsWith('port') ? wanted.find((each) => !(each >= 0 && each <= 65_535)) : undefined;
    if (port !== undefined) fail(`${port} is no port`);
    const compare = numeric[operator] ?? fail('not an operator of numbers');
    return present((value) => (typeof value === 'number' ? wanted.some((each) => compare(value, each)) : null));
  }
  if (booleans.test(field)) {
    const wanted = values.map((each) =>
      each === 'true' ? true : each === 'false' ? false : fail(`${JSON.stringify(each)} is neither true nor false`),
    );
    if (!/^(=|==|!=|in|intersects)$/.test(operator)) fail('not an operator of truth values');
    return present((value) =>
      typeof value === 'boolean' ? (operator === '!=' ? value !== wanted[0] : wanted.includes(value)) : null,
    );
  }
  if (addresses.test(field) || networks.test(field)) {
    const ranges = values.map(
      (each) => rangeOf(each, networks.test(field)) ?? fail(`no address: ${JSON.stringify(each)}`),
    );
    if (!/^(=|==|!=|in|intersects)$/.test(operator)) fail('not an operator of addresses');
    return present((value) => {
      const found = isWithin(value, ranges);
      return operator === '!=' && found !== null ? !found : found;
    });
  }
  const long = values.find((each) => encodeText(each).length > maxBytes);
  if (long !== undefined) fail(`longer than ${maxBytes} bytes: ${JSON.stringify(long.slice(0, 40))}…`);
  const matches = textual(operator, values);
  if (matches === null) return fail('not an operator of strings');
  const unlike = (them: readonly string[]): Truth =>
    /^(endswith|contains|=|==|in)$/.test(operator) && values.every((each) => them.some((one) => each.endsWith(one)))
      ? false
      : null;
  return present((value) =>
    typeof value === 'object' ? ('unlike' in value ? unlike(value.unlike) : null) : matches(String(value)),
  );
}

const numeric: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  in: (a, b) => a === b,
  intersects: (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function numberOf(text: string): number | null {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function rangeOf(text: string, networksToo: boolean): Network | null {
  const address = parseAddress(text);
  if (address !== null) return single(address);
  return networksToo ? parseNetwork(text) : null;
}

/** The same few addresses are asked about again and again. */
const parsed = new Map<string, Address | null>();

function addressOf(text: string): Address | null {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const address = parseAddress(text);
  if (parsed.size >= 10_000) parsed.clear();
  parsed.set(text, address);
  return address;
}

function isWithin(value: Exclude<Field, null | undefined>, ranges: readonly Network[]): Truth {
  if (typeof value === 'object') {
    if (!('within' in value)) return null;
    if (value.within.every((inner) => ranges.some((each) => covers(each, inner))))
      return value.within.length > 0 ? true : null;
    const apart = value.within.every((inner) => !ranges.some((each) => covers(inner, each) || covers(each, inner)));
    return apart && value.within.length > 0 ? false : null;
  }
  const address = addressOf(String(value));
  return address === null ? null : ranges.some((each) => contains(each, address));
}

/** Null: no operator of strings. A regular expression is RE2's, and not tried here. */
function textual(operator: string, values: readonly string[]): ((text: string) => Truth) | null {
  const [value = ''] = values;
  switch (operator) {
    case '=':
    case '==':
      return (text) => text === value;
    case '!=':
      return (text) => text !== value;
    case 'in':
    case 'intersects': {
      const set = new Set(values);
      return (text) => set.has(text);
    }
    case 'contains':
      return (text) => text.includes(value);
    case 'icontains':
      return (text) => text.toLowerCase().includes(value.toLowerCase());
    case 'startswith':
      return (text) => text.startsWith(value);
    case 'endswith':
      return (text) => text.endsWith(value);
    case 'glob':
    case 'iglob':
      return globMatcher(value, operator === 'iglob') ?? (() => null);
    case 'pmatch':
      return prefixes(values);
    case 'regex':
      return () => null;
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (text) => (text === value ? operator.length === 2 : text < value === operator.startsWith('<'));
    default:
      return null;
  }
}

/** A path, or a folder above it. Patterns in them are newer than what is modelled. */
function prefixes(values: readonly string[]): (text: string) => Truth {
  const plain = new Set(values.filter((each) => !/[*?[]/.test(each)).map((each) => each.replace(/\/+$/, '')));
  const other = values.some((each) => /[*?[]/.test(each));
  return (text) => {
    for (let end = text.length; end >= 0; end = end === 0 ? -1 : Math.max(text.lastIndexOf('/', end - 1), 0))
      if (plain.has(text.slice(0, end))) return true;
    return other ? null : false;
  };
}
