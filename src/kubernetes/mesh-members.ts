/** Which pods are part of a service mesh: told by the labels that its injection leaves behind. */
import type { Cluster, Labels } from './cluster.ts';

/** What a mesh marks its own with. A value of null stands for any. */
export interface MeshSigns {
  readonly pod: Readonly<Record<string, string | null>>;
  readonly namespace: Readonly<Record<string, string>>;
  /** A pod's own word against its namespace's. */
  readonly exempt: Readonly<Record<string, string>>;
}

export const memberships = ['labelled', 'all'] as const;
export type MembershipChoice = (typeof memberships)[number];

interface Candidate {
  readonly namespace: string;
  readonly labels: Labels;
  readonly hostNetwork: boolean;
}

export interface Members {
  /** True where no pod or namespace bears a sign of the mesh, and all are taken to be in it. */
  readonly assumed: boolean;
  has(pod: Candidate): boolean;
}

/** Pods in their node's network are never part of it: nothing stands between them and the wire. */
export function meshMembers(cluster: Cluster, signs: MeshSigns, chosen: MembershipChoice | undefined): Members {
  const { namespaces, pods } = cluster;
  const bears = (labels: Labels, marks: Readonly<Record<string, string | null>>): boolean =>
    Object.entries(marks).some(
      ([key, value]) => Object.hasOwn(labels, key) && (value === null || labels[key] === value),
    );
  const labelled = ({ namespace, labels }: Candidate): boolean =>
    bears(labels, signs.pod) || (bears(namespaces[namespace] ?? {}, signs.namespace) && !bears(labels, signs.exempt));
  const all = chosen === 'all' || (chosen === undefined && !pods.some((pod) => !pod.hostNetwork && labelled(pod)));
  return {
    assumed: all && chosen === undefined,
    has: (pod) => !pod.hostNetwork && (all || labelled(pod)),
  };
}
