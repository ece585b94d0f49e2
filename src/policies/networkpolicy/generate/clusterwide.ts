/** Drafts → CiliumClusterwideNetworkPolicy: what all need once for the cluster, one policy a workload, and nodes. */
import { evidenceLine } from '#baseline/evidence.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import { commented } from '#kubernetes/yaml-text.ts';
import { ciliumPolicy, ciliumSpec, type CiliumForm } from './cilium.ts';
import { type Draft, type DraftRule, isDnsPort, usesNames } from './draft.ts';

export interface SharedDns {
  /** Drafts without what the shared policy holds. */
  readonly drafts: readonly Draft[];
  readonly policy: YamlMap | null;
}

/** Questions to the cluster's DNS in one policy, a spec for each workload that was seen to ask. */
export function sharedDns(drafts: readonly Draft[], audit: boolean): SharedDns {
  const form: CiliumForm = { clusterwide: true, audit };
  const specs: ReturnType<typeof commented>[] = [];
  const rest = drafts.map((draft): Draft => {
    if (draft.egress === null || draft.onHost) return draft;
    const asks = draft.egress.filter(isDnsRule);
    if (asks.length === 0) return draft;
    const [first] = asks;
    const { ingress: _, ...spec } = ciliumSpec({ ...draft, ingress: null, egress: namesKept(draft, asks) }, form);
    const comment =
      first === undefined
        ? []
        : [`${draft.workload.kind} ${draft.workload.namespace}/${draft.workload.name}`, evidenceLine(first.evidence)];
    specs.push(commented(comment, spec));
    return { ...draft, egress: draft.egress.filter((rule) => !isDnsRule(rule)) };
  });
  const policy =
    specs.length === 0
      ? null
      : {
          apiVersion: 'cilium.io/v2',
          kind: 'CiliumClusterwideNetworkPolicy',
          metadata: { name: 'cluster-dns' },
          specs,
        };
  return { drafts: rest, policy };
}

function isDnsRule({ peer, ports }: DraftRule): boolean {
  return peer.type === 'workload' && ports.every(isDnsPort);
}

/** Whoever is let out by name needs the names to be read on the way. */
function namesKept(draft: Draft, asks: readonly DraftRule[]): readonly DraftRule[] {
  return usesNames(draft) ? [...asks, ...(draft.egress ?? []).filter(({ peer }) => peer.type === 'name')] : asks;
}

export function clusterwidePolicy(draft: Draft, audit: boolean): YamlMap {
  return ciliumPolicy(draft, { clusterwide: true, audit });
}
