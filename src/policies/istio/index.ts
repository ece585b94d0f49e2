import { openingsOf } from '../call-openings.ts';
import type { PolicyKind } from '../kind.ts';
import { callQuery, type CallQuestion } from '../calls.ts';
import { evaluator, judged } from './evaluate.ts';
import { generate } from './generate.ts';
import { options, readingOptions } from './options.ts';

const kinds = /security\.istio\.io\/v1(beta1)?\b/;

export const istio: PolicyKind<typeof options, CallQuestion> = {
  name: 'istio',
  aliases: [],
  summary: 'calls within an Istio mesh: AuthorizationPolicy, PeerAuthentication',
  shown: {
    generated: 'AuthorizationPolicy (sidecar, ambient, waypoint), PeerAuthentication',
    judged: "text as pilot, ztunnel and Envoy read it, by their sources; the demo application's graph",
    enforced: '– (no Istio runs here)',
  },
  rollout: {
    watch: { mode: 'dry-run' },
    look: 'kubectl apply -f FILE: annotated istio.io/dry-run, proxies tell in their logs and metrics what they would refuse (ztunnel before Istio 1.25 enforces them all the same)',
    enforce: 'write them again with --stage enforce and apply them, a workload after the other',
    undo: 'kubectl delete -f FILE',
  },
  unasked: { members: 'labelled' },
  demoFile: 'shop-demo-istio.yaml',
  options,
  sensors: ['network'],
  unit: 'cluster',
  cluster: 'required',
  generate,
  recognises: (text) => kinds.test(text),
  evaluator: (text, chosen = {}, cluster = null) => evaluator(text, readingOptions.parse(chosen), cluster),
  readingOptions,
  ...openingsOf(readingOptions, judged),
  query: callQuery,
  deployed: ['AuthorizationPolicy', 'PeerAuthentication'].flatMap((kind) => [
    { apiVersion: 'security.istio.io/v1', kind, namespaced: true },
    // Before Istio 1.22 there was no other.
    { apiVersion: 'security.istio.io/v1beta1', kind, namespaced: true, readAs: 'security.istio.io/v1' },
  ]),
};
