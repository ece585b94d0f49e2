/** A small cluster with flows of every named case, and policies written from them. */
import assert from 'node:assert/strict';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { generateProved, type Proved } from '#proof/generate.ts';
import { objectsOf } from '../../documents.ts';
import { networkpolicy } from '../index.ts';

const deployment = (namespace: string, name: string, selector: object) => ({
  namespace,
  kind: 'Deployment',
  name,
  selector,
});
const pod = (namespace: string, name: string, owner: string, labels: object, more: object = {}) => ({
  namespace,
  name,
  labels: { ...labels, 'pod-template-hash': 'h1' },
  node: 'n1',
  owner: { kind: 'Deployment', name: owner },
  ports: [{ name: 'http', containerPort: 8080 }],
  ...more,
});

export const form = {
  namespaces: { shop: { team: 'a' }, data: { team: 'b' }, 'kube-system': {} },
  nodes: [
    { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1', zone: 'z' }, ips: ['172.18.0.2'] },
    { name: 'n2', labels: { 'kubernetes.io/hostname': 'n2', zone: 'z' }, ips: ['172.18.0.3', 'fd00::3'] },
  ],
  workloads: [
    deployment('shop', 'web', { app: 'web' }),
    deployment('shop', 'api', { app: 'api' }),
    deployment('data', 'db', { app: 'db' }),
    deployment('kube-system', 'coredns', { 'k8s-app': 'kube-dns' }),
  ],
  pods: [
    pod('shop', 'web-1', 'web', { app: 'web' }, { ip: '10.0.0.1' }),
    pod('shop', 'web-2', 'web', { app: 'web' }, { ip: '10.0.1.1', node: 'n2' }),
    pod('shop', 'api-1', 'api', { app: 'api' }, { ip: '10.0.0.2', ports: [{ name: 'grpc', containerPort: 9000 }] }),
    pod(
      'shop',
      'api-2',
      'api',
      { app: 'api' },
      { ip: '10.0.1.2', node: 'n2', ports: [{ name: 'grpc', containerPort: 9001 }] },
    ),
    pod('data', 'db-1', 'db', { app: 'db' }, { ips: ['10.0.0.3', 'fd00:1::3'], ports: [{ containerPort: 5432 }] }),
    pod(
      'kube-system',
      'coredns-1',
      'coredns',
      { 'k8s-app': 'kube-dns' },
      { ip: '10.0.0.53', ports: [{ containerPort: 53, protocol: 'UDP' }] },
    ),
  ],
  services: [
    {
      namespace: 'shop',
      name: 'web',
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 'http' }],
    },
  ],
  podCIDRs: ['10.0.0.0/16', 'fd00:1::/64'],
  apiServerIPs: ['172.18.0.2'],
};
export const cluster: Cluster = clusterForm.parse(form);

type Flow = Extract<Observation, { type: 'flow' }>;
export type Seen = readonly [
  run: string,
  direction: Flow['direction'],
  peer: Peer | string,
  port: number | null,
  protocol?: Flow['protocol'],
  more?: Partial<Flow>,
];

/** `web-1`, `api`: a Deployment of the cluster; anything with a dot or a colon: an address. */
function peerOf(peer: Peer | string): Peer {
  if (typeof peer !== 'string') return peer;
  if (/[.:]/.test(peer)) return { type: 'address', ip: peer };
  const found = cluster.workloads.find(({ name }) => name === peer);
  assert.ok(found, peer);
  const { namespace, kind, name } = found;
  return { type: 'workload', workload: { namespace, kind, name } };
}

export function recordingOf(seen: readonly Seen[], of: Cluster = cluster): Recording {
  const runs = [...new Set(seen.map(([run]) => run))];
  return {
    header: {
      type: 'recording',
      version: 1,
      by: 'test',
      started: 1,
      node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
    },
    containers: runs.map((name) => {
      const own = of.pods.find((each) => each.name === name);
      assert.ok(own, name);
      const { namespace, workload, labels, serviceAccount, hostNetwork } = own;
      return {
        type: 'container',
        id: name,
        workload: workload.name,
        name: 'app',
        started: 1,
        fromStart: true,
        pod: {
          cluster: 'test',
          namespace,
          kind: workload.kind,
          name,
          uid: name,
          node: own.node ?? 'n1',
          labels: { ...labels },
          serviceAccount,
          hostNetwork,
        },
      };
    }),
    observations: seen.map(
      ([container, direction, peer, port, protocol = 'tcp', more = {}], at): Flow => ({
        type: 'flow',
        container,
        phase: 'program',
        program: '/app',
        seen: { first: 1_790_000_000_000 + at * 1000, last: 1_790_000_100_000 + at * 1000, count: at + 1 },
        direction,
        protocol,
        port,
        peer: peerOf(peer),
        outcome: 'established',
        ...more,
      }),
    ),
    coverage: runs.map((container) => ({
      type: 'coverage',
      container,
      sensor: 'network',
      state: 'ran',
      hook: 'test',
      from: 1_790_000_000_000,
      to: 1_790_000_200_000,
      lost: 0,
      gaps: [],
    })),
    end: { type: 'end', ended: 2, lines: 1 },
  };
}

export function proved(seen: readonly Seen[], given: Record<string, unknown> = {}, of: Cluster = cluster): Proved {
  const recording = recordingOf(seen, of);
  const options = networkpolicy.options.parse(given);
  return generateProved(networkpolicy, { baselines: fold([recording]), cluster: of }, options, [recording]);
}

export interface Written {
  readonly text: string;
  readonly notes: readonly string[];
  /** By `kind/name`. */
  readonly objects: Readonly<Record<string, PolicyObject>>;
}
export interface PolicyObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly ingress?: readonly object[]; readonly egress?: readonly object[] } & Readonly<
    Record<string, unknown>
  >;
  readonly specs?: readonly object[];
}

/** The texts, which were proved without a refusal and without anything left open. */
export function written(seen: readonly Seen[], given: Record<string, unknown> = {}, of: Cluster = cluster): Written {
  const result = proved(seen, given, of);
  assert.equal(result.type, 'proved', JSON.stringify(result, null, 1));
  if (result.type !== 'proved') throw new Error('unreachable');
  for (const { proof } of result.artifacts)
    assert.deepEqual([proof.denied, proof.unknown], [0, 0], JSON.stringify(proof.offences));
  const text = result.artifacts.map(({ artifact }) => artifact.text).join('');
  const objects = objectsOf(text).map(({ object }) => object as PolicyObject);
  return {
    text,
    notes: result.notes,
    objects: Object.fromEntries(objects.map((each) => [`${each.kind}/${each.metadata.name}`, each])),
  };
}
