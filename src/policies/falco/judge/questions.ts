/** Questions of `kguardian evaluate falco` as the events that they ask about. */
import type { Observation } from '#observation/observation.ts';
import type { Query } from '../query.ts';
import { imageFields, type Metadata } from './container.ts';
import { type Field, type Happenings, isOfContainer, type Labelled, noProbe } from './event.ts';
import { happenings } from './seen.ts';

/** `container` null: one that every rule is about. */
export function asked(query: Query, metadata: Metadata): { events: Happenings; container: Labelled | null } {
  const own = query.op === 'event' ? ofContainer(query.fields) : {};
  const named = query.container !== undefined || Object.keys(own).length > 0;
  const { fields, bare } = labelled(query.container ?? {}, metadata);
  return { events: eventsOf(query), container: named ? { fields: { ...fields, ...own }, bare } : null };
}

/** As an alert's output has them, `k8s.pod.label[app]` too. */
function ofContainer(fields: Readonly<Record<string, Field>>): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => isOfContainer(name))
      .map(([name, value]) => [name.replace(/\[(.*)\]$/, '.$1'), value]),
  );
}

function labelled(
  { namespace, pod, name, image, labels }: NonNullable<Query['container']>,
  metadata: Metadata,
): Labelled {
  const fields: Record<string, Field> = { ...imageFields(image) };
  if (name !== undefined) fields['container.name'] = name;
  if (namespace !== undefined) fields['k8s.ns.name'] = namespace;
  if (pod !== undefined) fields['k8s.pod.name'] = pod;
  for (const [key, value] of Object.entries(labels ?? {})) fields[`k8s.pod.label.${key}`] = value;
  return { fields, bare: metadata === 'missing' };
}

const common = { container: 'asked', phase: 'program', program: null, seen: { first: 0, last: 0, count: 1 } } as const;

function eventsOf(query: Query): Happenings {
  if (query.op === 'event')
    return [[{ types: [query.type], fields: { 'evt.dir': '<', ...noProbe, ...query.fields }, without: [] }]];
  const happened = happenings(observationOf(query), []);
  // As it was asked, not by other names of the same file.
  const exact = query.op === 'file' || query.op === 'unix' ? happened.map((oneOf) => oneOf.slice(0, 1)) : happened;
  if (query.op !== 'exec' || query.uid !== undefined) return exact;
  return exact.map((oneOf) => oneOf.map((event) => ({ ...event, fields: { ...event.fields, 'user.uid': undefined } })));
}

function observationOf(query: Exclude<Query, { op: 'event' }>): Observation {
  switch (query.op) {
    case 'exec': {
      const { path, uid = 0 } = query;
      const rest = { calledAs: path, parent: null, argv: [], argvCut: true, gid: 0 };
      return { type: 'exec', ...common, path, uid, ...rest };
    }
    case 'file':
    case 'unix': {
      const access = query.op === 'unix' ? 'write' : query.access;
      const kind = query.op === 'unix' ? 'socket' : 'file';
      return { type: 'file', ...common, path: query.path, access, resolution: 'exact', kind, owner: null };
    }
    case 'connect': {
      const { ip, port, protocol } = query;
      const peer = { type: 'address', ip } as const;
      return { type: 'flow', ...common, direction: 'egress', protocol, port, peer, outcome: 'established' };
    }
    case 'listen':
      return { type: 'listen', ...common, protocol: query.protocol, ip: '0.0.0.0', port: query.port };
    case 'call':
      return { type: 'syscall', ...common, arch: 'x86_64', nr: 0, name: query.name };
  }
}
