/** Rules about everything but files. */
import { compileGlob, type Glob } from './glob.ts';
import { type Qualifiers, type Reading, refusing, words } from './reading.ts';
import { globsOf } from './read-files.ts';
import type { CapabilityRule, MountRule, NetworkRule, PeerRule, RlimitRule } from './rules.ts';
import type { Scanner } from './scanner.ts';
import { capabilities, families, protocols, rlimits, signalWords, socketKinds } from './words.ts';

const name = /[a-z0-9_]+(?=[\s,])/y;

export function readCapability({ scanner }: Reading, { where, deny }: Qualifiers): CapabilityRule {
  scanner.expect(/capability/y, 'capability');
  const names: string[] = [];
  while (scanner.peek(/,/y) === null) {
    const each = scanner.expect(name, 'a capability');
    if (!capabilities.includes(each)) scanner.fail(`no capability ${JSON.stringify(each)} is known`);
    names.push(each);
  }
  scanner.endOfRule();
  return { type: 'capability', where, deny, names: names.length === 0 ? null : names };
}

export function readNetwork({ scanner }: Reading, { where, deny }: Qualifiers): NetworkRule {
  scanner.expect(/network/y, 'network');
  const given: string[] = [];
  while (scanner.peek(/,/y) === null) given.push(scanner.expect(name, 'a family, a type or a protocol'));
  scanner.endOfRule();
  const [first] = given;
  const family = first !== undefined && families.includes(first) ? first : null;
  const [kind, ...more] = given.slice(family === null ? 0 : 1);
  if (more.length > 0) scanner.fail(`${JSON.stringify(more[0])} is one word too many`);
  if (kind === undefined) return { type: 'network', where, deny, pairs: [{ family, kind: null }] };
  if (socketKinds.includes(kind)) return { type: 'network', where, deny, pairs: [{ family, kind }] };
  const of = Object.entries(protocols[kind] ?? {}).filter(([each]) => family === null || family === each);
  if (of.length === 0) scanner.fail(`network ${given.join(' ')} is not known`);
  return { type: 'network', where, deny, pairs: of.map(([each, one]) => ({ family: each, kind: one })) };
}

/** A 6.1 kernel knows no rules about unix sockets: the parser makes a network rule of them. */
export function readUnix({ scanner }: Reading, { where, deny }: Qualifiers): NetworkRule {
  scanner.expect(/unix/y, 'unix');
  const kinds: string[] = [];
  while (scanner.peek(/,/y) === null) {
    const key = scanner.take(/[a-z]+\s*=/y)?.replace(/\s*=$/, '');
    const values = scanner.take(/\(/y) !== null ? words(scanner) : [scanner.word('()').raw];
    if (key === 'type') kinds.push(...values);
  }
  scanner.endOfRule();
  const pairs = kinds.length === 0 ? [null] : kinds;
  return { type: 'network', where, deny, pairs: pairs.map((kind) => ({ family: 'unix', kind })) };
}

const accessWords: Readonly<Record<'signal' | 'ptrace', Readonly<Record<string, readonly string[]>>>> = {
  signal: {
    send: ['send'],
    receive: ['receive'],
    r: ['receive'],
    read: ['receive'],
    w: ['send'],
    write: ['send'],
    rw: ['send', 'receive'],
  },
  ptrace: {
    read: ['read'],
    r: ['read'],
    trace: ['trace'],
    w: ['trace'],
    rw: ['read', 'trace'],
    readby: ['readby'],
    tracedby: ['tracedby'],
  },
};
const everyAccess = { signal: ['send', 'receive'], ptrace: ['read', 'trace', 'readby', 'tracedby'] } as const;

export function readPeer(reading: Reading, { where, deny }: Qualifiers, type: 'signal' | 'ptrace'): PeerRule {
  const { scanner } = reading;
  scanner.expect(/[a-z]+/y, type);
  const accesses = new Set<string>();
  let signals: Set<string> | null = null;
  let peer: string | null = null;
  let peers: Glob[] | null = null;
  while (scanner.peek(/,/y) === null) {
    if (type === 'signal' && scanner.take(/set\s*=/y) !== null) {
      signals ??= new Set();
      for (const each of valuesOf(scanner)) {
        if (!signalWords.has(each)) scanner.fail(`no signal ${JSON.stringify(each)} is known`);
        signals.add(each);
      }
    } else if (scanner.take(/peer\s*=/y) !== null) {
      const bracketed = scanner.take(/\(/y) !== null;
      const word = scanner.word(bracketed ? ')' : '');
      if (bracketed) scanner.expect(/\)/y, 'a closing parenthesis');
      peer = word.raw;
      peers = refusing(scanner, () => reading.expand(word.pattern).map((each) => compileGlob(each)));
    } else {
      const given = scanner.take(/\(/y) !== null ? words(scanner) : [scanner.expect(/[a-z]+(?=[\s,])/y, 'an access')];
      for (const each of given) {
        const known = accessWords[type][each] ?? scanner.fail(`${type} has no access ${JSON.stringify(each)}`);
        for (const access of known) accesses.add(access);
      }
    }
  }
  scanner.endOfRule();
  if (accesses.size === 0) for (const each of everyAccess[type]) accesses.add(each);
  return { type, where, deny, accesses, signals, peer, peers };
}

function valuesOf(scanner: Scanner): string[] {
  return scanner.take(/\(/y) !== null ? words(scanner) : [scanner.word('()').raw];
}

export function readMount(reading: Reading, { where, deny }: Qualifiers, type: MountRule['type']): MountRule {
  const { scanner } = reading;
  scanner.expect(/[a-z]+/y, type);
  let fstypes: Glob[] | null = null;
  const options: { exact: boolean; flags: Set<string> }[] = [];
  for (;;) {
    const key = scanner.take(/(?:v?fstype|options|option)\s*(?:=|in\b)/y);
    if (key === null) break;
    const values = valuesOf(scanner);
    if (key.includes('fstype')) {
      fstypes ??= [];
      for (const each of values) fstypes.push(...globsOf(reading, { pattern: each }));
    } else options.push({ exact: key.endsWith('='), flags: new Set(values) });
  }
  const first = scanner.peek(/,|->/y) === null ? scanner.word() : null;
  const second = scanner.take(/->/y) === null ? null : scanner.word();
  scanner.endOfRule();
  const [source, target] = type === 'mount' ? [first, second] : [null, first];
  return {
    ...{ type, where, deny, fstypes, options, source: source?.raw ?? null, target: target?.raw ?? null },
    sources: source === null ? null : globsOf(reading, source),
    targets: target === null ? null : globsOf(reading, target),
  };
}

/** Sizes are bytes, times seconds (rttime: microseconds). */
const units: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  KB: 1024,
  M: 1024 ** 2,
  MB: 1024 ** 2,
  G: 1024 ** 3,
  GB: 1024 ** 3,
};
const times: Readonly<Record<string, number>> = {
  ...{
    us: 1e-6,
    ms: 1e-3,
    s: 1,
    sec: 1,
    seconds: 1,
    min: 60,
    minutes: 60,
    h: 3600,
    hours: 3600,
    d: 86_400,
    days: 86_400,
    weeks: 604_800,
  },
};

export function readRlimit({ scanner }: Reading, { where, deny }: Qualifiers): RlimitRule {
  scanner.expect(/set/y, 'set');
  scanner.expect(/rlimit(?=\s)/y, 'rlimit');
  const word = scanner.expect(/[a-z]+/y, 'a limit');
  const resource = word === 'ofile' ? 'nofile' : word;
  if (!rlimits.includes(resource)) scanner.fail(`no limit ${JSON.stringify(word)} is known`);
  scanner.expect(/<=/y, '<=');
  const value = scanner.expect(/infinity(?=[\s,])|-?\d+\s*[A-Za-z]*/y, 'a number');
  scanner.endOfRule();
  if (deny) scanner.fail('a limit cannot be denied');
  const [, digits = '', unit = ''] = /^(-?\d+)\s*([A-Za-z]*)$/.exec(value) ?? [];
  if (value === 'infinity' || resource === 'nice') return { type: 'rlimit', where, deny, resource, most: null };
  const timed = resource === 'cpu' || resource === 'rttime';
  const factor = timed
    ? (times[unit === '' ? (resource === 'cpu' ? 's' : 'us') : unit] ?? 0) * (resource === 'cpu' ? 1 : 1e6)
    : units[unit];
  if (factor === undefined || factor === 0 || digits.startsWith('-')) return scanner.fail(`${value} is no ${resource}`);
  return { type: 'rlimit', where, deny, resource, most: Number(digits) * factor };
}
