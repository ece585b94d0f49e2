import type { PolicyKind } from '../kind.ts';
import { evaluator } from './evaluate.ts';
import { flowQuery, type FlowQuestion } from './flow-query.ts';
import { generate } from './generate.ts';
import { options } from './options.ts';
import { worldAnswers, worldQuery } from './world.ts';

/** Other options may come along: they were the generator's. */
const readingOptions = options.pick({ dialect: true, audit: true }).strip();
const kinds =
  /"?kind"?:\s*"?(NetworkPolicy|Cilium(Clusterwide)?NetworkPolicy|(Baseline)?AdminNetworkPolicy|ClusterNetworkPolicy|GlobalNetworkPolicy|Staged\w*NetworkPolicy)\b/;

export const networkpolicy: PolicyKind<typeof options, FlowQuestion> = {
  name: 'networkpolicy',
  aliases: ['netpol'],
  summary: 'connections: NetworkPolicy, CiliumNetworkPolicy, Calico NetworkPolicy, ClusterNetworkPolicy',
  options,
  sensors: ['network'],
  unit: 'cluster',
  cluster: 'required',
  generate,
  recognises: (text) => kinds.test(text),
  evaluator: (text, chosen = {}, cluster = null) => evaluator(text, readingOptions.parse(chosen), cluster),
  readingOptions,
  query: flowQuery,
  world: { query: worldQuery, answers: () => worldAnswers() },
};
