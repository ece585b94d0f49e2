/** What Falco gets to see: an event with its fields, as far as an observation tells them. */
import type { Network } from '#kubernetes/addresses.ts';
import type { Phase } from '#observation/observation.ts';

/**
 * - `null`: the event has no such field, and no comparison with it holds;
 * - `undefined`: it has one, and its value is not known;
 * - `within`: an address of one of these networks;
 * - `unlike`: a path that neither ends with nor contains one of these.
 */
export type Field = string | number | boolean | Within | Unlike | null | undefined;
export interface Within {
  readonly within: readonly Network[];
}
export interface Unlike {
  readonly unlike: readonly string[];
}

export interface SeenEvent {
  /** One of these, by the name of its system call. */
  readonly types: readonly string[];
  readonly fields: Readonly<Record<string, Field>>;
  /** Classes of fields that this event has none of: `fd`. */
  readonly without: readonly string[];
}

/** Of a container: `k8s.…` and `container.…`. What is not here is not known. */
export interface Labelled {
  readonly fields: Readonly<Record<string, Field>>;
  /** Whether Kubernetes' metadata is missing: no field of `k8s` is there. */
  readonly bare: boolean;
}

/** Each of the outer list happens; of the inner one, one of them: which, the observation does not tell. */
export type Happenings = readonly (readonly SeenEvent[])[];

/** `k8s.pod.label[app]` as engines of 2022 write it, `k8s.pod.label.app`: one name for both. */
export function fieldName(field: string, argument: string | null): string {
  return argument === null ? field : `${field}.${argument}`;
}

export function isOfContainer(field: string): boolean {
  return /^(k8s|container)\./.test(field);
}

/** What reads a field of an event, or of its container. */
export function fieldReader(name: string): (event: SeenEvent, container: Labelled) => Field {
  if (isOfContainer(name)) return (_, container) => labelled(name, container);
  const [kind = ''] = name.split('.');
  return ({ fields, without }) => (name in fields ? fields[name] : without.includes(kind) ? null : undefined);
}

function labelled(name: string, { fields, bare }: Labelled): Field {
  if (bare && name.startsWith('k8s.')) return null;
  if (name in fields) return fields[name];
  // Labels are known whole.
  return name.startsWith('k8s.pod.label.') && 'k8s.pod.name' in fields ? null : undefined;
}

export function event(types: readonly string[], fields: SeenEvent['fields'], without = ['fd', 'fs']): SeenEvent {
  return { types, fields: { 'evt.dir': '<', ...fields }, without };
}

/**
 * Of the process that did it. Its name is what it was called with, which is not recorded here. Before the program's start
 * it is the container's runtime, whichever that is, and from then on not.
 */
export function own({
  program,
  phase,
}: {
  readonly program: string | null;
  readonly phase: Phase;
}): Record<string, Field> {
  const other: Field = phase === 'session' ? undefined : { unlike: ['/runc', '/crun', '/youki', 'runc_cloned:'] };
  const path = phase === 'runtime' ? '/usr/bin/runc' : (program ?? other);
  return { ...(path === undefined ? {} : { 'proc.exepath': path }), ...(phase === 'session' ? {} : noProbe) };
}

/** What was put into the container from outside may be a probe of the kubelet; what the workload started is none. */
export const noProbe = {
  'proc.is_container_healthcheck': false,
  'proc.is_container_liveness_probe': false,
  'proc.is_container_readiness_probe': false,
};
