/** What the API server knows of a cluster, as far as policies need it. */
import type { LabelSelector } from './selectors.ts';
import type { Workload } from './workload.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Cluster {
  readonly namespaces: Readonly<Record<string, Labels>>;
  readonly nodes: readonly ClusterNode[];
  readonly workloads: readonly ClusterWorkload[];
  readonly pods: readonly ClusterPod[];
  readonly services: readonly Service[];
  /** Networks that pods get their addresses from, where somebody said so; nodes carry their own. */
  readonly podCIDRs?: readonly string[];
  /** Groups and versions that the API server serves, `cilium.io/v2`; absent where nobody asked. */
  readonly apis?: readonly string[];
  /** Where the API server answers: addresses of the `kubernetes` Service's endpoints. */
  readonly apiServerIPs?: readonly string[];
}

export interface ClusterNode {
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
  readonly podCIDRs?: readonly string[];
}

/** A controller with the labels by which it finds its pods. */
export interface ClusterWorkload extends Workload {
  readonly selector: LabelSelector;
}

export interface ContainerPort {
  readonly name?: string | undefined;
  readonly containerPort: number;
  readonly protocol: string;
}

/** What kubelet asks a pod. */
export interface Probe {
  readonly port: number;
  /** Of an HTTP request; absent where a connection is enough, or where it is a call of gRPC. */
  readonly path?: string;
}

export interface ClusterPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
  readonly node: string | null;
  readonly hostNetwork: boolean;
  readonly serviceAccount: string | null;
  readonly ports: readonly ContainerPort[];
  /** Absent where nobody told. */
  readonly probes?: readonly Probe[];
  /** The workload above it; the pod itself where there is none. */
  readonly workload: Workload;
}

export interface ServicePort {
  readonly name?: string | undefined;
  readonly port: number;
  readonly targetPort: number | string;
  readonly protocol: string;
  readonly nodePort?: number | undefined;
}

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterIPs: readonly string[];
  /** Null for one whose endpoints are written by somebody else. */
  readonly selector: Labels | null;
  readonly ports: readonly ServicePort[];
  /** Who may come in through a load balancer; empty for everybody. */
  readonly loadBalancerSourceRanges?: readonly string[];
  /** Addresses behind a Service without a selector. */
  readonly endpoints?: readonly string[];
}

/** Where nothing is known. */
export const noCluster: Cluster = { namespaces: {}, nodes: [], workloads: [], pods: [], services: [] };
