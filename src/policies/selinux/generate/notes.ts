/** What a reader must know of a policy: what is missing, what is wide, what the node must have. */
import type { Baseline } from '#baseline/baseline.ts';
import type { Options } from '../options.ts';
import type { Draft } from './draft.ts';
import { isGeneral } from './ports.ts';

/** A file that no rule was made for. */
export interface Left {
  readonly type: string;
  readonly why: string;
  readonly path: string;
}

export function notesOf(
  baseline: Baseline,
  draft: Draft,
  left: readonly Left[],
  { mount, options }: { readonly mount: boolean; readonly options: Options },
): string[] {
  const notes: string[] = [];
  const ran = (sensor: string): boolean =>
    baseline.coverage.some((each) => each.sensor === sensor && each.state === 'ran');
  const late = baseline.instances.filter(({ fromStart }) => !fromStart).length;
  if (late > 0)
    notes.push(
      `${late} of ${baseline.instances.length} recordings began after the program's start: what only happens at the start may be missing`,
    );
  if (!ran('operations'))
    notes.push(
      'sockets of other families than inet, signals, tracing and mounts were not recorded: netlink and unix sockets show first in a permissive run',
    );
  if (!ran('network')) notes.push('flows were not recorded: the policy knows no port');
  if (!ran('syscalls'))
    notes.push('system calls were not recorded: the program gets what processes ordinarily do to themselves');
  notes.push(
    'no recorder shows memory that is written and then executed (process execmem): programs with a compiler of their own show it in a permissive run',
  );
  const manifold = ['keyctl', 'perf_event_open', 'syslog'].filter((name) =>
    baseline.facts.some(({ claim }) => claim.type === 'syscall' && claim.phase === 'program' && claim.name === name),
  );
  if (manifold.length > 0)
    notes.push(`arguments of ${manifold.join(' and ')} are not recorded: all that the call can be used for is granted`);
  for (const [type, all] of Map.groupBy(left, (each) => each.type))
    notes.push(
      `${type} is not granted (${all[0]?.why}): ${all.length === 1 ? '1 file was' : `${all.length} files were`} reached`,
    );
  const unresolved = baseline.facts.filter(
    ({ claim }) => claim.type === 'file' && claim.phase === 'program' && claim.resolution !== 'exact',
  ).length;
  if (unresolved > 0) notes.push(`${unresolved} file facts have no resolved path and became no rule`);
  for (const { target, permissions } of draft.allow)
    if (isGeneral(target))
      notes.push(
        `${target} (${permissions.join(' ')}) stands for every port that the node's policy gives no type; --port-type tells a narrower one`,
      );
  const dangerous = draft.allow
    .filter(({ class: kind }) => kind === 'capability' || kind === 'capability2')
    .flatMap(({ permissions }) => permissions)
    .filter((each) =>
      [
        'sys_admin',
        'sys_module',
        'sys_ptrace',
        'sys_rawio',
        'mac_admin',
        'mac_override',
        'dac_override',
        'dac_read_search',
        'bpf',
      ].includes(each),
    );
  if (dangerous.length > 0)
    notes.push(
      `capabilities that lead past other limits: ${[...new Set(dangerous)].toSorted().join(', ')}; overlayfs asks for some in its mounter's name, which a recorder may take for the program`,
    );
  if (mount)
    notes.push(
      `the runtime gives all files of an image one type (${options.imageType}): SELinux tells them apart by class alone, and other containers' by their categories`,
    );
  if (draft.inherit.length > 0)
    notes.push(`what ${draft.inherit.join(', ')} grants is the node's: kguardian evaluate --base takes its text`);
  const made = draft.contexts.filter(({ below }) => below).map(({ path }) => path);
  if (made.length > 0)
    notes.push(
      `${made.length === 1 ? '1 directory' : `${made.length} directories`} that the program made ${made.length === 1 ? 'is' : 'are'} its own with all below`,
    );
  return notes;
}
