/** What a reader must know of a profile: what was not recorded, what could not be said, what is wider than what was seen. */
import type { Baseline } from '#baseline/baseline.ts';
import type { Options } from '../options.ts';
import { allDrafts, type Drafted } from './draft.ts';
import { isSayable } from './needs.ts';
import { isOpen } from './pattern.ts';

/** Capabilities with which a process may undo its confinement, or the host's. */
const mighty = ['mac_admin', 'mac_override', 'sys_admin', 'sys_module', 'sys_ptrace', 'sys_rawio'];

export function notesOf(baseline: Baseline, { draft, unsayable }: Drafted, options: Options): string[] {
  const { instances, coverage, facts } = baseline;
  const claims = facts.flatMap(({ claim }) => ('phase' in claim && claim.phase === 'program' ? claim : []));
  const notes: string[] = [];
  const say = (condition: boolean, note: string): void => void (condition ? notes.push(note) : undefined);
  const late = instances.filter(({ fromStart }) => !fromStart).length;
  say(
    late > 0,
    `${late} of ${instances.length} recordings began after the program's start: what only happens at the start may be missing`,
  );

  const watched = new Set(
    coverage.flatMap(({ sensor, state, instance }) => (sensor === 'operations' && state === 'ran' ? instance : [])),
  );
  const blind = instances.filter(({ id }) => !watched.has(id)).length;
  say(
    blind > 0,
    `sockets, signals, tracing, mounts and limits were not recorded in ${blind} of ${instances.length} runs: network rules come from connections there, and sockets of other families (unix, netlink), tracing and mounts may be missing`,
  );
  const lostOperations = coverage.reduce(
    (sum, { sensor, lost: each }) => sum + (sensor === 'operations' ? each : 0),
    0,
  );
  say(
    lostOperations > 0,
    `${lostOperations} facts about sockets, signals, tracing, mounts and limits were lost: rules for them may be missing`,
  );
  const nameless = claims.some((claim) => claim.type === 'flow' && !('ip' in claim.peer));
  say(nameless && blind > 0, 'connections to workloads do not tell whether they were IPv4 or IPv6, and made no rule');
  const mounts = claims.filter((claim) => claim.type === 'file' && claim.access === 'mount').length;
  say(mounts > 0 && blind > 0, `${mounts} mounts were seen without their source and options: they made no rule`);
  const gaps = new Set(
    coverage.flatMap(({ sensor, gaps: each }) =>
      ['files', 'programs', 'capabilities', 'operations'].includes(sensor) ? each : [],
    ),
  );
  for (const gap of [...gaps].toSorted()) notes.push(gap);
  const locks = claims.filter((claim) => claim.type === 'syscall' && claim.name === 'flock').length;
  say(locks > 0, 'files were locked (flock), and which is not recorded: rules for them lack k');

  const known = new Set(
    claims.flatMap((claim) => (claim.type === 'file' && claim.resolution === 'exact' ? claim.path : [])),
  );
  const lost = claims.filter(
    (claim) => claim.type === 'file' && !isSayable(claim, known) && claim.resolution !== 'detached',
  );
  say(
    lost.length > 0,
    `${lost.length} accesses to paths that could not be resolved, or were too long, are not in the profile`,
  );
  const pathless = claims.filter((claim) => claim.type === 'file' && claim.resolution === 'detached').length;
  say(pathless > 0, `${pathless} accesses to files without a path (memfd, deleted, detached mounts) made no rule`);
  say(
    unsayable.size > 0,
    `AppArmor has no rule for, so the profile refuses: ${[...unsayable].map(named).toSorted().join(', ')}`,
  );
  const failed = claims.filter((claim) => claim.type === 'file-failed' && claim.errno === 13).length;
  say(failed > 0, `${failed} opens were refused (EACCES) while recording; they are not allowed here`);
  const uncertain = claims.some((claim) => claim.type === 'capability' && claim.granted && !claim.filtered);
  say(uncertain, 'the kernel could not tell uses of capabilities from probes: some may not be needed');
  const strong = mighty.filter((name) => allDrafts(draft).some(({ lines }) => lines.includes(`capability ${name},`)));
  say(strong.length > 0, `with ${strong.join(', ')} a process can undo much of any confinement`);

  const open = allDrafts(draft).flatMap(({ files }) =>
    files.filter(({ pattern }) => isOpen(pattern) && pattern.reasons.length > 0),
  );
  say(
    open.length > 0,
    `${open.length} rules are patterns, wider than what was seen; the profile says of each from what it was made and what it allows besides (--exact: none)`,
  );
  const appended = !options.exact && claims.some((claim) => claim.type === 'file' && claim.access === 'append');
  say(
    appended,
    'files that were appended to are writable (w): whether O_CREAT was given is not recorded, and with it the kernel asks for w',
  );
  const limits = claims.filter((claim) => claim.type === 'rlimit').length;
  say(
    limits > 0 && !options.rlimits,
    `${limits} limits were set; without a rule the profile refuses none (--rlimits writes them)`,
  );
  const children = draft.children.length > 0;
  say(
    children,
    'programs change their profile when they are started, which noNewPrivileges (allowPrivilegeEscalation: false) forbids; of files that they inherit open, what their callers wrote is allowed to them, and what those read is not',
  );
  say(
    children && claims.some(({ program }) => program === null),
    'what was done by programs whose name is not known is allowed to each',
  );
  return notes;
}

function named(claim: Drafted['unsayable'] extends ReadonlySet<infer C> ? C : never): string {
  switch (claim.type) {
    case 'socket':
      return `socket ${claim.family} ${claim.kind}`;
    case 'capability':
      return claim.name;
    case 'file':
      return `a link to ${JSON.stringify(claim.path)} under a name that was not seen`;
    case 'mount':
      return `mount on ${JSON.stringify(claim.target)}`;
    default:
      return claim.type;
  }
}
