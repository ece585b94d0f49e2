/** The shapes that several controls share: a field with values that are not allowed, on the pod or its containers. */
import type { ContainerSecurity, Path, Placed, PodSecurity, PodView } from '../pod.ts';
import { type Fault, fault, setters, sortedSet } from '../wording.ts';

export type Value = string | number | boolean;

export interface Setters {
  /** `pod and container "a"`. */
  readonly who: string;
  /** The values, each once, in order. */
  readonly values: readonly string[];
  readonly faults: readonly Fault[];
}

/** Who sets a field of its security context to a value that is not allowed; null when nobody does. */
export function badSetters(
  pod: PodView,
  path: Path,
  read: (security: PodSecurity & ContainerSecurity) => Value | null | undefined,
  isBad: (value: Value) => boolean,
  onPod: boolean,
): Setters | null {
  const faults: Fault[] = [];
  const containers: Placed[] = [];
  const values: string[] = [];
  const below: Path = ['securityContext', ...path];
  const own = onPod ? read(pod.security) : undefined;
  const podIsBad = own !== undefined && own !== null && isBad(own);
  if (podIsBad) {
    faults.push(fault(null, below, own));
    values.push(String(own));
  }
  for (const placed of pod.containers) {
    const value = read(placed.security);
    if (value === undefined || value === null || !isBad(value)) continue;
    containers.push(placed);
    values.push(String(value));
    faults.push(fault(placed, below, value));
  }
  if (faults.length === 0) return null;
  return { who: setters(podIsBad, containers), values: sortedSet(values), faults };
}

/** Containers that do not have what the pod does not give them either. */
export function lacking(
  pod: PodView,
  read: (security: PodSecurity & ContainerSecurity) => Value | null | undefined,
  isGood: (value: Value) => boolean,
): readonly Placed[] {
  const own = read(pod.security);
  if (own !== undefined && own !== null && isGood(own)) return [];
  return pod.containers.filter(({ security }) => {
    const value = read(security);
    return value === undefined || value === null;
  });
}
