/** A small cluster with a mesh, calls of every named case, and policies of a mesh's kind that are written from them. */
import assert from 'node:assert/strict';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { generateProved, type Proved } from '#proof/generate.ts';
import { objectsOf } from './documents.ts';
import type { PolicyKind } from './kind.ts';

export const inMesh = { 'security.istio.io/tlsMode': 'istio', 'linkerd.io/control-plane-ns': 'linkerd' };

interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly account: string | null;
  readonly ip: string;
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports?: readonly object[];
  readonly probes?: readonly object[];
  readonly meshed?: boolean;
  readonly pod?: string;
}

/** One pod of a Deployment whose selector is `app`. */
function pod({
  namespace,
  name,
  account,
  ip,
  node = 'n1',
  labels = {},
  ports,
  probes,
  meshed = true,
  pod: own,
}: Named): object {
  return {
    namespace,
    name: own ?? `${name}-1`,
    labels: { app: name, 'pod-template-hash': 'h1', ...labels, ...(meshed ? inMesh : {}) },
    ip,
    node,
    serviceAccount: account,
    owner: { kind: 'Deployment', name },
    ports: ports ?? [{ name: 'http', containerPort: 8080 }],
    ...(probes === undefined ? {} : { probes }),
  };
}

const deployments = [
  ['shop', 'web'],
  ['shop', 'api'],
  ['shop', 'batch'],
  ['shop', 'nameless'],
  ['data', 'db'],
  ['monitoring', 'prometheus'],
] as const;

export const form = {
  namespaces: { shop: {}, data: {}, monitoring: {} },
  nodes: [
    { name: 'n1', ips: ['172.18.0.2'] },
    { name: 'n2', ips: ['172.18.0.3'] },
  ],
  workloads: deployments.map(([namespace, name]) => ({
    namespace,
    kind: 'Deployment',
    name,
    selector: { matchLabels: { app: name } },
  })),
  pods: [
    pod({ namespace: 'shop', name: 'web', account: 'web', ip: '10.0.0.1', probes: [{ port: 8080, path: '/healthz' }] }),
    pod({
      namespace: 'shop',
      name: 'web',
      pod: 'web-2',
      account: 'web',
      ip: '10.0.1.1',
      node: 'n2',
      probes: [{ port: 8080, path: '/healthz' }],
    }),
    pod({
      namespace: 'shop',
      name: 'api',
      account: 'api',
      ip: '10.0.0.2',
      ports: [{ name: 'grpc', containerPort: 9000 }],
      probes: [],
    }),
    // It shares its account with web.
    pod({ namespace: 'shop', name: 'batch', account: 'web', ip: '10.0.0.4' }),
    pod({ namespace: 'shop', name: 'nameless', account: null, ip: '10.0.0.5' }),
    pod({ namespace: 'data', name: 'db', account: 'db', ip: '10.0.0.3', ports: [{ containerPort: 5432 }], probes: [] }),
    pod({ namespace: 'monitoring', name: 'prometheus', account: 'prometheus', ip: '10.0.0.9', meshed: false }),
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
    {
      namespace: 'shop',
      name: 'api',
      clusterIP: '10.96.0.2',
      selector: { app: 'api' },
      ports: [{ port: 80, targetPort: 9000 }],
    },
    { namespace: 'data', name: 'db', clusterIP: '10.96.0.3', selector: { app: 'db' }, ports: [{ port: 5432 }] },
  ],
  podCIDRs: ['10.0.0.0/16'],
  apiServerIPs: ['172.18.0.2'],
};
export const cluster: Cluster = clusterForm.parse(form);

type Flow = Extract<Observation, { type: 'flow' }>;
export type Seen = readonly [
  run: string,
  direction: Flow['direction'],
  peer: Peer | string,
  port: number,
  more?: Partial<Flow>,
];

/** `api`: a Deployment of the cluster; anything with a dot or a colon: an address. */
function peerOf(peer: Peer | string, of: Cluster): Peer {
  if (typeof peer !== 'string') return peer;
  if (/[.:]/.test(peer)) return { type: 'address', ip: peer };
  const found = of.workloads.find(({ name }) => name === peer);
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
      ([container, direction, peer, port, more = {}], at): Flow => ({
        type: 'flow',
        container,
        phase: 'program',
        program: '/app',
        seen: { first: 1_790_000_000_000 + at * 1000, last: 1_790_000_100_000 + at * 1000, count: at + 1 },
        direction,
        protocol: 'tcp',
        port,
        peer: peerOf(peer, of),
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

export function proved(
  kind: PolicyKind,
  seen: readonly Seen[],
  given: Record<string, unknown> = {},
  of: Cluster = cluster,
): Proved {
  const recording = recordingOf(seen, of);
  return generateProved(kind, { baselines: fold([recording]), cluster: of }, kind.options.parse(given), [recording]);
}

export interface MeshObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // Each test knows the fields that it looks at.
  readonly spec: Readonly<Record<string, unknown>>;
}
export interface Written {
  readonly text: string;
  readonly notes: readonly string[];
  readonly objects: readonly MeshObject[];
  readonly unknown: number;
}

/** The texts, which were proved without a refusal. */
export function written(
  kind: PolicyKind,
  seen: readonly Seen[],
  given: Record<string, unknown> = {},
  of: Cluster = cluster,
): Written {
  const result = proved(kind, seen, given, of);
  assert.equal(result.type, 'proved', JSON.stringify(result, null, 1));
  if (result.type !== 'proved') throw new Error('unreachable');
  const text = result.artifacts.map(({ artifact }) => artifact.text).join('');
  return {
    text,
    notes: result.notes,
    objects: objectsOf(text).map(({ object }) => object as MeshObject),
    unknown: Math.max(...result.artifacts.map(({ proof }) => proof.unknown)),
  };
}

/** Every named case: mesh clients, a shared account, a scraper outside of the mesh, nodes, the world, the API server. */
export const everything: readonly Seen[] = [
  ['web-1', 'ingress', '203.0.113.7', 8080],
  ['web-1', 'ingress', { type: 'node', node: 'n2', ip: '172.18.0.3' }, 8080],
  ['web-1', 'ingress', { type: 'node', node: 'n1', ip: '172.18.0.2' }, 8080],
  ['web-2', 'ingress', 'prometheus', 8080],
  ['web-1', 'egress', 'api', 9000, { service: { namespace: 'shop', name: 'api', port: 80 } }],
  ['api-1', 'ingress', 'web', 9000, { http: { method: 'GET', path: '/orders/17?full=1' } }],
  ['api-1', 'ingress', 'web', 9000, { http: { method: 'GET', path: '/orders/18' } }],
  ['api-1', 'ingress', 'web', 9000, { http: { method: 'POST', path: '/orders' } }],
  ['api-1', 'ingress', { type: 'api-server', ip: '172.18.0.2' }, 9443],
  ['api-1', 'egress', 'db', 5432],
  ['db-1', 'ingress', 'api', 5432],
];
