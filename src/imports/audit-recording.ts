/**
 * Denials → a recording, so that what a log tells adds up with what was recorded. What went through all the same (complain,
 * permissive, SCMP_ACT_LOG) is evidence; what was refused is told as refused. A log shows nothing that its policy allowed, so
 * a recording of it alone is never all that a workload does: its coverage says so.
 */
import { capabilityName } from '#observation/capabilities.ts';
import type { Denial } from '#observation/denial.ts';
import type { Architecture, FileAccess, Observation } from '#observation/observation.ts';
import { type Recording, recordingVersion, type Sensor } from '#observation/recording.ts';
import { sensorOf } from '#observation/sensor-of.ts';
import { auditedCall, syscallName } from '#observation/syscalls.ts';

export interface Imported {
  readonly recording: Recording;
  /** What became no observation, and why. */
  readonly left: readonly { readonly reason: string; readonly count: number }[];
}

const EACCES = 13;
const EPERM = 1;

export function recordingOfDenials(denials: readonly Denial[], workload: string, container: string): Imported {
  const times = denials.flatMap(({ at }) => at ?? []);
  const [from, to] = times.length === 0 ? [0, 0] : [Math.min(...times), Math.max(...times)];
  const id = `audit-log-${workload}-${container}-${from}`;
  const left = new Map<string, number>();
  const observations = denials.flatMap((denial): Observation[] => {
    const told = observationsOf(denial, id);
    if (typeof told !== 'string') return told;
    left.set(told, (left.get(told) ?? 0) + denial.count);
    return [];
  });
  const sensors = [...new Set(observations.map(({ type }) => sensorOf(type)))].toSorted();
  return {
    recording: {
      header: {
        type: 'recording',
        version: recordingVersion,
        by: 'kguardian import audit-log',
        started: from,
        node: { arch: archOf(denials), kernel: 'unknown', cgroups: 'v2' },
      },
      containers: [{ type: 'container', id, workload, name: container, started: from, fromStart: false }],
      observations,
      coverage: sensors.map((sensor: Sensor) => ({
        type: 'coverage',
        container: id,
        sensor,
        state: 'ran',
        hook: 'audit log',
        from,
        to,
        lost: 0,
        gaps: ['a log of denials shows nothing that the policy of then allowed'],
      })),
      end: { type: 'end', ended: to, lines: 2 + observations.length + sensors.length },
    },
    left: [...left].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => ({ reason, count })),
  };
}

function archOf(denials: readonly Denial[]): Architecture {
  for (const { fields } of denials) {
    const call = auditedCall(fields['arch'] ?? '', 0);
    if (call?.arch === 'x86_64' || call?.arch === 'aarch64') return call.arch;
  }
  return 'x86_64';
}

function observationsOf(denial: Denial, container: string): Observation[] | string {
  const at = denial.at ?? 0;
  const { exe, fsuid, ouid } = denial.fields;
  const common = {
    container,
    phase: 'program' as const,
    program: exe ?? null,
    seen: { first: at, last: at, count: denial.count },
  };
  switch (denial.framework) {
    case 'seccomp':
      return systemCall(denial, common);
    case 'apparmor':
      return mediated(denial, common, fsuid === undefined || ouid === undefined ? null : fsuid === ouid);
    case 'selinux':
      return accessed(denial, common);
  }
}

type Common = Pick<Extract<Observation, { type: 'file' }>, 'container' | 'phase' | 'program' | 'seen'>;

function systemCall({ fields, enforced }: Denial, common: Common): Observation[] | string {
  const known = auditedCall(fields['arch'] ?? '', Number(fields['syscall']));
  if (known === null) return `a call of the architecture ${fields['arch'] ?? '?'}`;
  const call = { ...common, ...known, name: syscallName(known.arch, known.nr) };
  if (!enforced) return [{ type: 'syscall', ...call }];
  const signal = Number(fields['sig']);
  // What errno came back is the low half of the action.
  const errno = (Number(fields['code']) & 0xffff) === 0 ? EPERM : Number(fields['code']) & 0xffff;
  return [{ type: 'syscall-denied', ...call, outcome: signal > 0 ? { signal } : { errno } }];
}

/** AppArmor's letters: create and delete are `c` and `d` in records, both `w` in profiles. */
const masks: Readonly<Record<string, FileAccess>> = {
  r: 'read',
  w: 'write',
  a: 'append',
  c: 'create',
  d: 'unlink',
  m: 'map-executable',
  k: 'lock',
  l: 'link-to',
  x: 'execute',
};

function mediated({ fields, enforced }: Denial, common: Common, owner: boolean | null): Observation[] | string {
  const { operation = '', capname, name, requested_mask: mask = '', family, sock_type: kind, signal, info } = fields;
  if (capname !== undefined || operation === 'capable')
    return [
      {
        type: 'capability',
        ...common,
        name: capname === undefined ? capabilityName(Number(fields['capability'])) : `CAP_${capname.toUpperCase()}`,
        granted: !enforced,
        syscall: null,
        filtered: true,
      },
    ];
  if (operation === 'create' && family !== undefined && kind !== undefined)
    return enforced
      ? 'a socket that was refused'
      : [{ type: 'socket', ...common, family, kind, protocol: Number(fields['protocol'] ?? 0) }];
  if (signal !== undefined) return 'a signal, whose other end a log does not tell as ours';
  if (name === undefined || name === '') return `${operation}: without a name there is nothing to learn`;
  const path = name.startsWith('/') ? name : info?.includes('disconnected') === true ? `/${name}` : null;
  if (path === null) return `${operation}: a name that is no path`;
  if (enforced) return [{ type: 'file-failed', ...common, path, errno: EACCES }];
  const accesses = [...new Set(mask)].flatMap((letter) => masks[letter] ?? []);
  const directory = path.endsWith('/');
  return accesses.map((access) => ({
    type: 'file',
    ...common,
    path: directory && path !== '/' ? path.slice(0, -1) : path,
    access: directory && access === 'read' ? 'list' : directory && access === 'create' ? 'mkdir' : access,
    resolution: 'exact',
    kind: directory ? 'directory' : 'unknown',
    owner,
  }));
}

const permissions: Readonly<Record<string, FileAccess>> = {
  read: 'read',
  write: 'write',
  append: 'append',
  create: 'create',
  unlink: 'unlink',
  lock: 'lock',
  execute: 'execute',
  map: 'map-executable',
};

function accessed({ fields, enforced, permissions: wanted }: Denial, common: Common): Observation[] | string {
  const { tclass = '', path } = fields;
  if (tclass === 'capability' || tclass === 'capability2')
    return wanted.map((each) => ({
      type: 'capability',
      ...common,
      name: `CAP_${each.toUpperCase()}`,
      granted: !enforced,
      syscall: null,
      filtered: true,
    }));
  if (tclass !== 'file' && tclass !== 'dir') return `${tclass}: SELinux tells types, not what was done`;
  if (path === undefined || !path.startsWith('/')) return `${tclass}: the record does not name it by its whole path`;
  if (enforced) return [{ type: 'file-failed', ...common, path, errno: EACCES }];
  const accesses = wanted.flatMap((each) => permissions[each] ?? []);
  return accesses.map((access) => ({
    type: 'file',
    ...common,
    path,
    access: tclass === 'dir' && access === 'read' ? 'list' : access,
    resolution: 'exact',
    kind: tclass === 'dir' ? 'directory' : 'file',
    owner: null,
  }));
}
