/** What the API server knows of a cluster, as far as policies need it. */
import type { Workload } from './workload.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Cluster {
  readonly namespaces: Readonly<Record<string, Labels>>;
  readonly nodes: readonly ClusterNode[];
  readonly workloads: readonly ClusterWorkload[];
  readonly pods: readonly ClusterPod[];
  readonly services: readonly Service[];
}

export interface ClusterNode {
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
}

/** A controller with the labels by which it finds its pods. */
export interface ClusterWorkload extends Workload {
  readonly selector: Labels;
}

export interface ClusterPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
  readonly node: string | null;
  readonly hostNetwork: boolean;
  readonly serviceAccount: string | null;
  readonly ports: readonly { readonly name?: string; readonly containerPort: number; readonly protocol: string }[];
  /** The workload above it; the pod itself where there is none. */
  readonly workload: Workload;
}

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterIPs: readonly string[];
  /** Null for one whose endpoints are written by somebody else. */
  readonly selector: Labels | null;
  readonly ports: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort: number | string;
    readonly protocol: string;
    readonly nodePort?: number;
  }[];
}
