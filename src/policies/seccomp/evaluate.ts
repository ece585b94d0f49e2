/**
 * What a profile answers, as a runtime (runc 1.1, crun 1.8), libseccomp 2.5 and the kernel together would:
 * - the filter knows the machine's own architecture and the listed ones; a call of another is killed;
 * - a name that an architecture does not have is skipped there, an unknown one everywhere;
 * - a rule whose action is the default's is skipped;
 * - an unconditional rule beats conditional ones, the first of several wins;
 * - conditions of one rule must all hold, unless two look at the same argument: then each is a rule;
 * - runc puts a stub in front that answers ENOSYS to numbers above the newest that the profile names.
 */
import { z } from 'zod';
import { architecture, type Architecture, type Observation } from '#observation/observation.ts';
import { since } from '#observation/syscalls.gen.ts';
import { wordsOf } from '#observation/words.ts';
import { isSyscallName, syscallNames, syscallNumber } from '#observation/syscalls.ts';
import type { Evaluator, Verdict } from '../kind.ts';
import { multiplexed } from './multiplexed.ts';
import { type Profile, readProfile, type Rule } from './profile.ts';
import { runtimeNeeds, type Runtime } from './runtimes.ts';

const argument = z
  .union([z.int(), z.string().regex(/^-?(0x[\da-f]+|\d+)$/i)])
  .transform((value) => BigInt.asUintN(64, BigInt(value)));

export const query = z.strictObject({
  arch: architecture,
  /** A name or a number. */
  syscall: z.union([z.string().min(1), z.int().nonnegative()]),
  args: z.array(argument).max(6).optional(),
});
export type Query = z.infer<typeof query>;

type Condition = Rule['args'][number];
/** Conditions that must all hold for the action; none: always. */
interface Clause {
  readonly action: string;
  readonly errno: number | undefined;
  readonly rule: string;
  readonly name: string;
  readonly conditions: readonly Condition[];
}

const names: Readonly<Record<string, Architecture>> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'x86',
  SCMP_ARCH_X32: 'x32',
  SCMP_ARCH_AARCH64: 'aarch64',
  SCMP_ARCH_ARM: 'arm',
};
const bits32: readonly Architecture[] = ['x86', 'arm'];
const EPERM = 1;
const ENOSYS = 38;
/** The newest name that libseccomp 2.5.4 (Debian 12) knows; a node with it skips newer ones in silence. */
const newestKnown = 453;

/** `native` is the machine's own architecture, which every filter covers; by default the profile's first. */
export function evaluator(text: string, runtime: Runtime = 'runc', native?: Architecture): Evaluator<Query> {
  const profile = readProfile(text);
  const listed = profile.architectures.flatMap((name) => names[name] ?? []);
  const home = native ?? listed.find((arch) => arch === 'x86_64' || arch === 'aarch64') ?? 'x86_64';
  const covered = [...new Set([home, ...listed])];
  const clauses = new Map(covered.map((arch) => [arch, clausesOf(profile, arch)]));
  const newest = new Map(covered.map((arch) => [arch, newestNamed(profile, arch)]));
  const stub = runtime === 'runc' && refuses(profile.defaultAction) && profile.defaultErrnoRet !== ENOSYS;

  function answer({ arch, syscall, args = [] }: Query): Verdict {
    const nr = typeof syscall === 'number' ? syscall : syscallNumber(arch, syscall);
    if (nr === null) {
      return {
        verdict: 'unknown',
        rule: isSyscallName(String(syscall)) ? `${arch} has no call ${syscall}` : `no call ${syscall} is known`,
      };
    }
    if (!covered.includes(arch))
      return { verdict: 'deny', rule: `architectures: ${arch} is not listed (SCMP_ACT_KILL)` };
    if (stub && nr > (newest.get(arch) ?? nr))
      return { verdict: 'deny', rule: 'newer than the profile (ENOSYS by runc)' };
    const all = clauses.get(arch)?.get(nr) ?? [];
    if (
      arch === 'x86' &&
      all.some(
        ({ name, conditions }) =>
          multiplexed(name) !== null && conditions.length > (nr === syscallNumber('x86', name) ? 0 : 1),
      )
    ) {
      return { verdict: 'unknown', rule: `${all[0]?.rule}: arguments of multiplexed calls are not told apart on x86` };
    }
    if (merged(all))
      return {
        verdict: 'unknown',
        rule: `${all[0]?.rule}: libseccomp merges comparisons of one argument in its own way`,
      };
    const matching = all.filter((clause) => clause.conditions.every((one) => holds(one, arch, args)));
    const always = matching.find((clause) => clause.conditions.length === 0);
    if (always !== undefined) return verdictOf(always);
    const [first, ...others] = matching;
    if (first !== undefined) {
      const other = others.find((each) => each.action !== first.action || each.errno !== first.errno);
      // libseccomp orders overlapping conditions by its own tree.
      return other === undefined
        ? verdictOf(first)
        : { verdict: 'unknown', rule: `${first.rule} and ${other.rule} both match` };
    }
    if (profile.baseProfileName !== undefined)
      return { verdict: 'unknown', rule: `baseProfileName ${profile.baseProfileName} decides` };
    return byAction(profile.defaultAction, profile.defaultErrnoRet, 'defaultAction');
  }

  const granted = new Set(
    covered
      .flatMap((arch) => [...(clauses.get(arch)?.values() ?? [])].flat())
      .filter((each) => lets(each.action))
      .map((each) => each.name),
  );
  const needs = runtimeNeeds(runtime, 'any');
  return {
    governs: (observation) => observation.type === 'syscall' && observation.phase !== 'setup',
    judge: (observation) => answer(queryOf(observation)),
    about: wordsOf,
    answer,
    permissions: [...granted].toSorted(),
    ground: (permission) => needs.get(permission) ?? null,
    *neighbours() {
      for (const arch of covered)
        for (const name of syscallNames(arch)) yield { query: { arch, syscall: name }, label: name };
    },
  };
}

function queryOf(observation: Observation): Query {
  if (observation.type !== 'syscall') throw new Error(`seccomp does not govern ${observation.type}`);
  return { arch: observation.arch, syscall: observation.nr };
}

function clausesOf(profile: Profile, arch: Architecture): Map<number, Clause[]> {
  const found = new Map<number, Clause[]>();
  const add = (name: string, clause: Clause): void => {
    const nr = syscallNumber(arch, name);
    if (nr !== null) found.set(nr, [...(found.get(nr) ?? []), clause]);
  };
  for (const [index, each] of profile.syscalls.entries()) {
    const errno = errnoOf(each.action, each.errnoRet);
    if (each.action === profile.defaultAction && errno === errnoOf(each.action, profile.defaultErrnoRet)) continue;
    const indexes = new Set(each.args.map((arg) => arg.index));
    const groups = indexes.size === each.args.length ? [each.args] : each.args.map((arg) => [arg]);
    for (const name of each.names) {
      for (const group of groups) {
        // A mask of nothing is no condition: libseccomp drops it, and the rule may become unconditional.
        const conditions = group.filter(({ op, value }) => op !== 'SCMP_CMP_MASKED_EQ' || cut(arch, value) !== 0n);
        const clause = {
          action: each.action,
          errno,
          rule: `syscalls[${index}] ${label(each.action, errno)}`,
          name,
          conditions,
        };
        add(name, clause);
        const way = arch === 'x86' ? multiplexed(name) : null;
        if (way === null) continue;
        // The operation takes the place of the arguments, which lie behind a pointer then.
        const operation = { index: 0, op: 'SCMP_CMP_EQ', value: way.operation, valueTwo: 0n } as const;
        add(way.call, { ...clause, conditions: [operation, ...conditions] });
      }
    }
  }
  return found;
}

/** Arguments have the width of the architecture's registers. */
function cut(arch: Architecture, number: bigint): bigint {
  return BigInt.asUintN(bits32.includes(arch) ? 32 : 64, number);
}

/** Whether two rules order one argument: libseccomp 2.5 does not always keep them apart then. */
function merged(clauses: readonly Clause[]): boolean {
  const ordered = clauses.flatMap(({ conditions }) =>
    conditions.filter(({ op }) => /_(LT|LE|GE|GT)$/.test(op)).map(({ index }) => index),
  );
  return ordered.some(
    (index) => clauses.filter(({ conditions }) => conditions.some((one) => one.index === index)).length > 1,
  );
}

function holds({ index, op, value, valueTwo }: Condition, arch: Architecture, args: readonly bigint[]): boolean {
  const actual = cut(arch, args[index] ?? 0n);
  const datum = cut(arch, value);
  switch (op) {
    case 'SCMP_CMP_NE':
      return actual !== datum;
    case 'SCMP_CMP_LT':
      return actual < datum;
    case 'SCMP_CMP_LE':
      return actual <= datum;
    case 'SCMP_CMP_EQ':
      return actual === datum;
    case 'SCMP_CMP_GE':
      return actual >= datum;
    case 'SCMP_CMP_GT':
      return actual > datum;
    case 'SCMP_CMP_MASKED_EQ':
      // value is the mask. libseccomp masks the datum as well.
      return (actual & datum) === (cut(arch, valueTwo) & datum);
  }
}

/** Undefined when the profile names no call of the architecture: then there is no stub. */
function newestNamed(profile: Profile, arch: Architecture): number | undefined {
  const numbers = profile.syscalls.flatMap(({ names }) =>
    // libseccomp resolves these names to the call that multiplexes them.
    names.flatMap((name) => syscallNumber(arch, arch === 'x86' ? (multiplexed(name)?.call ?? name) : name) ?? []),
  );
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function verdictOf(clause: Clause): Verdict {
  const verdict = byAction(clause.action, clause.errno, clause.rule);
  if (verdict.verdict !== 'allow') return verdict;
  if ((syscallNumber('x86_64', clause.name) ?? 0) > newestKnown) {
    const rule = `${clause.rule}: libseccomp 2.5 does not know ${clause.name} (Linux ${since[clause.name]}) and skips it`;
    return { verdict: 'unknown', rule, permissions: [clause.name] };
  }
  return { ...verdict, permissions: [clause.name] };
}

function byAction(action: string, errno: number | undefined, rule: string): Verdict {
  const verdict = lets(action) ? 'allow' : refuses(action) ? 'deny' : 'unknown';
  return { verdict, rule: rule === 'defaultAction' ? `defaultAction ${label(action, errnoOf(action, errno))}` : rule };
}

function lets(action: string): boolean {
  return action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG';
}

/** TRACE and NOTIFY leave the answer to somebody else. */
function refuses(action: string): boolean {
  return !lets(action) && action !== 'SCMP_ACT_TRACE' && action !== 'SCMP_ACT_NOTIFY';
}

function errnoOf(action: string, errnoRet: number | undefined): number | undefined {
  return action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? (errnoRet ?? EPERM) : undefined;
}

function label(action: string, errno: number | undefined): string {
  if (errno === undefined) return action;
  return `${action} (${errno === EPERM ? 'EPERM' : errno === ENOSYS ? 'ENOSYS' : `errno ${errno}`})`;
}
