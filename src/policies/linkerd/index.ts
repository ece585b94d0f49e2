import { openingsOf } from '../call-openings.ts';
import type { PolicyKind } from '../kind.ts';
import { callQuery, type CallQuestion } from '../calls.ts';
import { evaluator, judged } from './evaluate.ts';
import { generate } from './generate.ts';
import { options, readingOptions } from './options.ts';

const deployed = [
  { apiVersion: 'policy.linkerd.io/v1beta3', kind: 'Server' },
  { apiVersion: 'policy.linkerd.io/v1beta3', kind: 'HTTPRoute' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  { apiVersion: 'policy.linkerd.io/v1alpha1', kind: 'AuthorizationPolicy' },
  { apiVersion: 'policy.linkerd.io/v1alpha1', kind: 'MeshTLSAuthentication' },
  { apiVersion: 'policy.linkerd.io/v1alpha1', kind: 'NetworkAuthentication' },
  { apiVersion: 'policy.linkerd.io/v1beta1', kind: 'ServerAuthorization' },
];

export const linkerd: PolicyKind<typeof options, CallQuestion> = {
  name: 'linkerd',
  aliases: [],
  summary: 'calls within a Linkerd mesh: Server, HTTPRoute, AuthorizationPolicy and what it requires',
  shown: {
    generated: 'Server, HTTPRoute, AuthorizationPolicy, MeshTLSAuthentication, NetworkAuthentication',
    judged: "text as Linkerd's policy controller and proxy read it, by their sources; the demo application's graph",
    enforced: '– (no Linkerd runs here)',
  },
  rollout: {
    watch: { mode: 'audit' },
    look: 'kubectl apply -f FILE: with accessPolicy audit, proxies let through and log what they would refuse',
    enforce: 'write them again with --stage enforce and apply them, a workload after the other',
    undo: 'kubectl delete -f FILE',
  },
  unasked: { members: 'labelled' },
  demoFile: 'shop-demo-linkerd.yaml',
  options,
  sensors: ['network'],
  unit: 'cluster',
  cluster: 'required',
  generate,
  recognises: (text) => /policy\.linkerd\.io\/v1/.test(text),
  evaluator: (text, chosen = {}, cluster = null) => evaluator(text, readingOptions.parse(chosen), cluster),
  readingOptions,
  ...openingsOf(readingOptions, judged),
  query: callQuery,
  deployed: deployed.map((each) => ({ ...each, namespaced: true })),
};
