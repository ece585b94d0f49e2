/** Pods and templates, read and changed: what the patterns about them share. */
import { json, list } from '#kubernetes/json.ts';
import type { Candidate, Writable } from '../candidate.ts';
import { type Cel, cel } from '../rule/cel.ts';
import { inPods, targets, type Target } from '../rule/rule.ts';
import { type Manifest, podOf } from '../subjects.ts';

export function specOf(object: Manifest): Manifest {
  return json(podOf(object)?.pod['spec']);
}

type Which = 'containers' | 'ownContainers' | 'main';
const fields: Readonly<Record<Which, readonly string[]>> = {
  containers: ['containers', 'initContainers', 'ephemeralContainers'],
  ownContainers: ['containers', 'initContainers'],
  main: ['containers'],
};

export function containersOf(object: Manifest, which: Which = 'containers'): Manifest[] {
  const spec = specOf(object);
  return fields[which].flatMap((field) => list(spec[field]).map(json));
}

/** A container's own security field, else the pod's. */
export function effective(object: Manifest, container: Manifest, field: string): unknown {
  return json(container['securityContext'])[field] ?? json(specOf(object)['securityContext'])[field];
}

/** The same in CEL, for a container `c`. `field` is ours: `runAsUser`, `seccompProfile.?type`. */
export function effectiveCel(field: string, otherwise: Cel): Cel {
  const path = { cel: field };
  return cel`c.?securityContext.?${path}.orValue(variables.podSpec.?securityContext.?${path}.orValue(${otherwise}))`;
}

export interface OfContainers {
  readonly id: string;
  readonly which?: Which;
  readonly targets?: readonly Target[];
  /** About a container `c`. */
  readonly holds: Cel;
  readonly message: string;
  readonly widening?: string;
  passes(container: Manifest, object: Manifest): boolean;
  /** Whether a container counts; by default each does. */
  concerns?(container: Manifest): boolean;
  spoil(container: Writable): void;
}

/** What each container is asked. */
export function ofContainers(each: OfContainers): Candidate {
  const { which = 'containers', holds } = each;
  const all = which === 'main' ? cel`variables.podSpec.?containers.orValue([])` : { cel: `variables.${which}` };
  return {
    id: each.id,
    targets: each.targets ?? (which === 'containers' ? targets.containers : targets.workloads),
    holds: cel`${all}.all(c, ${holds})`,
    message: each.message,
    reads: inPods('spec'),
    widening: each.widening ?? null,
    passes: (object) => containersOf(object, which).every((container) => each.passes(container, object)),
    concerns: (object) => containersOf(object, which).some((container) => each.concerns?.(container) ?? true),
    spoil: (object) => {
      const [first] = listIn(specIn(object), 'containers');
      if (first !== undefined) each.spoil(first);
    },
  };
}

export interface OfPods extends Pick<Candidate, 'id' | 'holds' | 'message'> {
  readonly targets?: readonly Target[];
  readonly widening?: string;
  passes(spec: Manifest, object: Manifest): boolean;
  spoil(spec: Writable): void;
}

/** What each pod's spec is asked. */
export function ofPods(each: OfPods): Candidate {
  return {
    id: each.id,
    holds: each.holds,
    message: each.message,
    targets: each.targets ?? targets.workloads,
    reads: inPods('spec'),
    widening: each.widening ?? null,
    passes: (object) => each.passes(specOf(object), object),
    spoil: (object) => each.spoil(specIn(object)),
  };
}

/** The pod's spec in a copy; made where it is missing. */
function specIn(object: Writable): Writable {
  const path = podOf(object)?.path ?? [];
  return [...path, 'spec'].reduce<Writable>((at, key) => mapIn(at, String(key)), object);
}

export function mapIn(object: Writable, key: string): Writable {
  const found = object[key];
  if (typeof found === 'object' && found !== null) return found as Writable;
  const made: Writable = {};
  object[key] = made;
  return made;
}

export function listIn(object: Writable, key: string): Writable[] {
  const found = object[key];
  // Items of lists of the API that are changed here are objects.
  if (Array.isArray(found)) return found as Writable[];
  const made: Writable[] = [];
  object[key] = made;
  return made;
}
