/**
 * Baseline → seccomp profile. Allowed is what the program called, what the runtime was seen or is known
 * to call under the filter, and nothing else.
 *
 * The two kinds of refusal: calls that were known when the profile was made get EPERM; calls newer than
 * the profile, and those that libraries try before an older twin, get ENOSYS, on which alone glibc, Go
 * and runc fall back (opencontainers/runc#2151, #4984).
 */
import type { Baseline, FactOf } from '#baseline/baseline.ts';
import type { Architecture } from '#observation/observation.ts';
import { since } from '#observation/syscalls.gen.ts';
import { isSyscallName, syscallNames, syscallNumber } from '#observation/syscalls.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, containerName } from '../names.ts';
import { workloadPatches } from '../workload-patch.ts';
import type { Options } from './options.ts';
import { runtimeNeeds } from './runtimes.ts';
import { write } from './write.ts';

/** Tried first by glibc, musl, Go or runc, with an older call to fall back on when the answer is ENOSYS. */
const fallBackOnEnosys = [
  'cachestat',
  'clone3',
  'close_range',
  'copy_file_range',
  'epoll_pwait2',
  'faccessat2',
  'fchmodat2',
  'futex_waitv',
  'getrandom',
  'io_uring_setup',
  'landlock_create_ruleset',
  'mseal',
  'mount_setattr',
  'move_mount',
  'fsopen',
  'open_tree',
  'openat2',
  'pidfd_getfd',
  'pidfd_open',
  'pidfd_send_signal',
  'preadv2',
  'process_madvise',
  'process_mrelease',
  'pwritev2',
  'renameat2',
  'rseq',
  'statx',
];
const scmp: Readonly<Record<Architecture, string>> = {
  x86_64: 'SCMP_ARCH_X86_64',
  x86: 'SCMP_ARCH_X86',
  x32: 'SCMP_ARCH_X32',
  aarch64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
};

/** A profile's content, before it takes the form of a file. */
export interface Draft {
  readonly defaultAction: string;
  readonly architectures: readonly string[];
  readonly allowed: readonly string[];
  /** Known calls that get EPERM, and those that get ENOSYS; both empty unless the default is an errno. */
  readonly refused: readonly string[];
  readonly absent: readonly string[];
}

export function generate({ baselines: [baseline] }: Evidence, options: Options): Generated {
  if (baseline === undefined) return { type: 'abstained', reason: 'nothing was recorded' };
  const facts = baseline.facts.filter(
    (fact): fact is FactOf<'syscall'> => fact.claim.type === 'syscall' && fact.claim.phase !== 'setup',
  );
  const action = options.logOnly ? 'LOG' : (options.defaultAction ?? 'ERRNO');
  const doubts = lossesOf(baseline);
  const nameless = facts.filter((fact) => fact.claim.name === null).map(({ claim }) => `${claim.arch} ${claim.nr}`);
  if (!facts.some((fact) => fact.claim.phase === 'program')) {
    return { type: 'abstained', reason: 'no system call of the program was recorded' };
  }
  if (doubts.length > 0 && !options.allowLoss) {
    return { type: 'abstained', reason: `${doubts.join('; ')} (--allow-loss goes ahead all the same)` };
  }
  if (nameless.length > 0 && action !== 'LOG') {
    const reason = `calls without a name were made, which no profile can allow: ${nameless.join(', ')} (--log-only refuses nothing)`;
    return { type: 'abstained', reason };
  }
  const arches = options.arch.length > 0 ? [...new Set(options.arch)].toSorted() : observedArches(facts);
  const exists = (name: string): boolean => arches.some((arch) => syscallNumber(arch, name) !== null);
  const needed = runtimeNeeds(options.runtime, options.nnp);
  const allowed = new Set([...facts.flatMap(({ claim }) => claim.name ?? []), ...needed.keys()].filter(exists));
  const known = [...new Set(arches.flatMap(syscallNames))].filter((name) => !allowed.has(name)).toSorted();
  const errno = action === 'ERRNO';
  const draft: Draft = {
    defaultAction: `SCMP_ACT_${action}`,
    architectures: arches.map((arch) => scmp[arch]),
    allowed: [...allowed].toSorted(),
    refused: errno ? known.filter((name) => !fallBackOnEnosys.includes(name)) : [],
    absent:
      errno || action.startsWith('KILL') || action === 'TRAP'
        ? known.filter((name) => fallBackOnEnosys.includes(name))
        : [],
  };
  const notes = [
    ...doubts,
    ...(nameless.length > 0 ? [`calls without a name are not in the profile: ${nameless.join(', ')}`] : []),
    ...notesOf(baseline, draft, facts, options),
  ];
  return { type: 'artifacts', artifacts: artifactsOf(baseline, draft, options), notes };
}

function artifactsOf(baseline: Baseline, draft: Draft, { output }: Options): Artifact[] {
  const own = containerName(baseline);
  const path = artifactPath(own, `seccomp.${output}`);
  const text = write(draft, output, own);
  // The operator says itself where it puts a profile (status.localhostProfile).
  if (output === 'yaml') return [{ path, text, applied: 'object' }];
  const seccompProfile = { type: 'Localhost', localhostProfile: `kguardian/${path}` };
  return [{ path, text }, ...workloadPatches(baseline, { seccompProfile }, 'seccomp-patch.yaml')];
}

/** The native architectures first seen, in a fixed order. */
function observedArches(facts: readonly FactOf<'syscall'>[]): Architecture[] {
  return [...new Set(facts.map(({ claim }) => claim.arch))].toSorted();
}

/** Why the recording may not be all that the program does. */
function lossesOf(baseline: Baseline): string[] {
  const found: string[] = [];
  const cut = baseline.instances.filter(({ complete }) => !complete).length;
  if (cut > 0) found.push(`${cut} of ${baseline.instances.length} recordings were cut before their end`);
  const covered = baseline.coverage.filter(({ sensor }) => sensor === 'syscalls');
  const lost = covered.reduce((sum, each) => sum + each.lost, 0);
  if (lost > 0) found.push(`${lost} system call facts were lost while recording`);
  const blind = baseline.instances.filter(
    ({ id }) => !covered.some((each) => each.instance === id && each.state === 'ran'),
  );
  if (blind.length > 0)
    found.push(`system calls were not recorded in ${blind.length} of ${baseline.instances.length} runs`);
  return found;
}

function notesOf(baseline: Baseline, draft: Draft, facts: readonly FactOf<'syscall'>[], options: Options): string[] {
  const notes: string[] = [];
  const late = baseline.instances.filter(({ fromStart }) => !fromStart).length;
  if (late > 0)
    notes.push(
      `${late} of ${baseline.instances.length} recordings began after the program's start: what only happens at the start may be missing`,
    );
  const denied = new Set(
    baseline.facts.flatMap(({ claim }) =>
      claim.type === 'syscall-denied' ? (claim.name ?? `${claim.arch} ${claim.nr}`) : [],
    ),
  );
  if (denied.size > 0)
    notes.push(`refused by another filter while recording, not allowed here: ${[...denied].toSorted().join(', ')}`);
  const rings = draft.allowed.filter((name) => name.startsWith('io_uring_'));
  if (rings.length > 0) notes.push(`${rings.join(', ')} let the program open files and sockets past this profile`);
  const fresh = draft.allowed.filter(
    (name) => name in since && (since[name] ?? '') > '' && isNewerThanLibseccomp(name),
  );
  if (fresh.length > 0)
    notes.push(
      `nodes with libseccomp 2.5 skip names that they do not know: ${fresh.map((name) => `${name} (Linux ${since[name]})`).join(', ')}`,
    );
  const foreign = new Set(
    facts.flatMap(({ claim }) => (claim.name !== null && !draft.allowed.includes(claim.name) ? [claim.name] : [])),
  );
  if (foreign.size > 0) notes.push(`not on the chosen architectures: ${[...foreign].toSorted().join(', ')}`);
  if (options.output === 'yaml' && draft.defaultAction === 'SCMP_ACT_ERRNO') {
    notes.push(
      'a SeccompProfile object has no defaultErrnoRet: calls newer than this profile get what the runtime answers (runc: ENOSYS)',
    );
  }
  return notes;
}

/** libseccomp 2.5.4 (Debian 12) ends at map_shadow_stack. */
function isNewerThanLibseccomp(name: string): boolean {
  return isSyscallName(name) && (syscallNumber('aarch64', name) ?? syscallNumber('x86_64', name) ?? 0) > 453;
}
