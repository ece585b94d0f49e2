import type { Cluster } from '#kubernetes/cluster.ts';
import type { PolicyKind } from '../kind.ts';
import { compare } from './compare.ts';
import { evaluator, judgeOfText } from './evaluate.ts';
import { flowQuery, type FlowQuestion } from './flow-query.ts';
import { generate } from './generate.ts';
import type { Judge } from './judge/judge.ts';
import { options } from './options.ts';
import { reach } from './reach.ts';
import { worldAnswers, worldQuery } from './world.ts';

/** Other options may come along: they were the generator's. */
const readingOptions = options.pick({ dialect: true, audit: true }).strip();
const kinds =
  /"?kind"?:\s*"?(NetworkPolicy|Cilium(Clusterwide)?NetworkPolicy|(Baseline)?AdminNetworkPolicy|ClusterNetworkPolicy|GlobalNetworkPolicy|Staged\w*NetworkPolicy)\b/;

/** Every API that has a say about connections; a cluster serves some of them. */
const deployed = [
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespaced: true },
  { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', namespaced: true },
  { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', namespaced: false },
  { apiVersion: 'cilium.io/v2', kind: 'CiliumCIDRGroup', namespaced: false },
  { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'AdminNetworkPolicy', namespaced: false },
  { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'BaselineAdminNetworkPolicy', namespaced: false },
  { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy', namespaced: false },
  // Without Calico's own API server the same objects are there as custom resources.
  ...['Tier', 'NetworkPolicy', 'GlobalNetworkPolicy', 'NetworkSet', 'GlobalNetworkSet'].flatMap((kind) => {
    const namespaced = kind === 'NetworkPolicy' || kind === 'NetworkSet';
    return [
      { apiVersion: 'projectcalico.org/v3', kind, namespaced },
      { apiVersion: 'crd.projectcalico.org/v1', kind, namespaced, readAs: 'projectcalico.org/v3' },
    ];
  }),
];

const judged = (text: string, chosen: Record<string, unknown>, cluster: Cluster): Judge =>
  judgeOfText(text, readingOptions.parse(chosen), cluster).judge;

export const networkpolicy: PolicyKind<typeof options, FlowQuestion> = {
  name: 'networkpolicy',
  aliases: ['netpol'],
  summary: 'connections: NetworkPolicy, CiliumNetworkPolicy, Calico NetworkPolicy, ClusterNetworkPolicy',
  shown: {
    generated: 'five APIs',
    judged: 'the union of all policies on both ends; 575 outside cases',
    enforced: 'network namespaces under nftables',
  },
  rollout: {
    // Only Calico and Cilium have a form that refuses nothing (--audit).
    watch: null,
    look: 'kguardian audit networkpolicy -f FILE tells which observed connections a policy would refuse, kguardian diff networkpolicy which ports between whom it would close',
    enforce:
      'kubectl apply -f FILE, a namespace after the other; new connections are judged at once, some implementations keep old ones',
    undo: 'kubectl delete -f FILE',
  },
  demoFile: 'shop-demo-networkpolicy.yaml',
  options,
  sensors: ['network'],
  unit: 'cluster',
  cluster: 'required',
  generate,
  recognises: (text) => kinds.test(text),
  evaluator: (text, chosen = {}, cluster = null) => evaluator(text, readingOptions.parse(chosen), cluster),
  readingOptions,
  deployed,
  compare: (before, after, chosen, cluster) =>
    compare(judged(before, chosen, cluster), judged(after, chosen, cluster), cluster),
  reach: (text, chosen, cluster, workload) => reach(judged(text, chosen, cluster), cluster, workload),
  query: flowQuery,
  world: { query: worldQuery, answers: () => worldAnswers() },
};
