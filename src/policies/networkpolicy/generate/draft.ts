/** A workload's permissions before they take the form of a type of policy. */
import type { LabelSelector } from '#kubernetes/selectors.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { Evidence } from '#baseline/evidence.ts';
import type { Request } from './edges.ts';

export type DraftPeer =
  | { readonly type: 'workload'; readonly namespace: string; readonly selector: LabelSelector }
  /** Every node: what runs on one of them may move to another. */
  | { readonly type: 'nodes'; readonly networks: readonly string[] }
  | { readonly type: 'api-server'; readonly networks: readonly string[] }
  | { readonly type: 'networks'; readonly networks: readonly string[] }
  /** Where NodeLocal DNSCache answers, on every node. */
  | { readonly type: 'node-dns'; readonly networks: readonly string[] }
  | { readonly type: 'name'; readonly name: string; readonly networks: readonly string[] }
  /** Whom a Service of type LoadBalancer or NodePort lets in: `everyone` outside, or some networks. */
  | {
      readonly type: 'published';
      readonly everyone: boolean;
      readonly networks: readonly string[];
      readonly except: readonly string[];
      readonly throughNodes: boolean;
    };

export interface DraftPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6';
  /** A number, or a name where the pods of the destination differ in the number; null for ICMP. */
  readonly port: number | string | null;
  readonly icmpType: number | null;
  /** Requests that alone may pass; absent where the connection decides. */
  readonly requests?: readonly Request[];
}

export interface DraftRule {
  readonly peer: DraftPeer;
  /** Sorted, without repeats. */
  readonly ports: readonly DraftPort[];
  readonly evidence: Evidence;
  /** What a reader should know: services, names, widenings. */
  readonly remarks: readonly string[];
}

export interface Draft {
  readonly workload: Workload;
  readonly name: string;
  readonly selector: LabelSelector;
  /** Subjects in their node's network are the node itself. */
  readonly onHost: boolean;
  readonly nodes: readonly string[];
  /** Null for a direction that is not asked for. */
  readonly ingress: readonly DraftRule[] | null;
  readonly egress: readonly DraftRule[] | null;
  /** The names that alone may be asked of DNS; null for any. */
  readonly questions: readonly string[] | null;
  /** Lines at the head of the document. */
  readonly head: readonly string[];
}

/** Whether anything at all is asked of a name: then the names must be seen by whoever enforces them. */
export function usesNames({ egress }: Draft): boolean {
  return (egress ?? []).some(({ peer }) => peer.type === 'name');
}

export function isDnsPort({ port, protocol }: DraftPort): boolean {
  return (port === 53 || port === 5353) && (protocol === 'UDP' || protocol === 'TCP');
}
