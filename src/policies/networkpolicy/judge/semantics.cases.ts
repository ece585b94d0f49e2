/** One small cluster, and what policies say there: a table for each section of the semantics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { flowQuery } from '../flow-query.ts';
import { judgeOf } from './judge.ts';
import { type Dialect, dialectOf } from './read/policies.ts';

/** Two namespaces with pods a, b and c each (c on another node), one pod with its node's network, three nodes' addresses. */
export const cluster: Cluster = clusterForm.parse({
  namespaces: { x: { team: 'red' }, y: { team: 'blue' } },
  nodes: [
    { name: 'n1', labels: { role: 'cp' }, ips: ['172.18.0.2'], podCIDRs: ['10.0.0.0/16'] },
    { name: 'n2', labels: { role: 'worker' }, ips: ['172.18.0.3', 'fd00::3'] },
  ],
  pods: [
    ...['x', 'y'].flatMap((namespace, ns) =>
      ['a', 'b', 'c'].map((name, at) => ({
        namespace,
        name,
        labels: { app: name, tier: at === 0 ? 'front' : 'back' },
        ip: `10.0.${ns}.${at + 1}`,
        node: name === 'c' ? 'n2' : 'n1',
        serviceAccount: name,
        ports: [
          // The same name means another number in each pod.
          { name: 'web', containerPort: 8000 + at, protocol: 'TCP' },
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
        ],
      })),
    ),
    { namespace: 'x', name: 'host', labels: { app: 'a' }, ip: '172.18.0.2', node: 'n1', hostNetwork: true },
    { namespace: 'x', name: 'dual', labels: { app: 'dual' }, ips: ['10.0.0.9', 'fd00:1::9'], node: 'n1' },
  ],
  services: [
    {
      namespace: 'x',
      name: 'b',
      clusterIP: '10.96.0.7',
      selector: { app: 'b' },
      ports: [{ port: 80, targetPort: 'web' }],
    },
    { namespace: 'x', name: 'outside', clusterIP: '10.96.0.8', ports: [{ port: 443 }], endpoints: ['203.0.113.5'] },
  ],
  apiServerIPs: ['172.18.0.2'],
});

/** `from → to port/protocol` with ends `x/a`, an address, or an address with names `192.0.2.1=api.example.com`. */
export interface Case {
  readonly title: string;
  readonly dialect?: Dialect;
  readonly policies: readonly object[];
  /** Each flow with the verdict. */
  readonly flows: Readonly<Record<string, 'allow' | 'deny' | 'unknown'>>;
}

export function networkPolicy(spec: object, namespace = 'x', name = 'p'): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec };
}

export function cilium(spec: object, namespace = 'x', name = 'p'): object {
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name, namespace }, spec };
}

export function clusterwide(spec: object, name = 'p'): object {
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', metadata: { name }, spec };
}

export function calico(spec: object, namespace = 'x', name = 'p', kind = 'NetworkPolicy'): object {
  const metadata = kind.includes('Global') || kind === 'Tier' ? { name } : { name, namespace };
  return { apiVersion: 'projectcalico.org/v3', kind, metadata, spec };
}

export function admin(
  kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy',
  spec: object,
  name = 'default',
): object {
  const version = kind === 'ClusterNetworkPolicy' ? 'v1alpha2' : 'v1alpha1';
  return { apiVersion: `policy.networking.k8s.io/${version}`, kind, metadata: { name }, spec };
}

/** A test for each case. */
export function check(cases: readonly Case[]): void {
  for (const { title, dialect, policies, flows } of cases) {
    void test(title, () => {
      const objects = policies.map((object, at) => ({ object, where: `policies[${at}]` }));
      const judge = judgeOf(objects, cluster, { dialect: dialect ?? dialectOf(objects) });
      const told = Object.keys(flows).map((text) => [text, judge.judge(flowQuery.parse(flowOf(text)))] as const);
      assert.deepEqual(
        Object.fromEntries(told.map(([text, { verdict }]) => [text, verdict])),
        flows,
        told.map(([text, { rule }]) => `${text}: ${rule}`).join('\n'),
      );
    });
  }
}

function flowOf(text: string): object {
  const [, src = '', dst = '', what = '', rest = ''] = /^(\S+) → (\S+) (\S+)(?: (.*))?$/.exec(text) ?? [];
  const [, port, protocol] = /^(\d+)\/(\w+)$/.exec(what) ?? [];
  const [, icmp, type] = /^(ICMP(?:v6)?)(?:\/(\d+))?$/.exec(what) ?? [];
  const [, method, path] = /^(GET|POST) (\S+)$/.exec(rest) ?? [];
  return {
    src: endOf(src),
    dst: endOf(dst),
    ...(port === undefined ? {} : { port: Number(port) }),
    protocol: protocol ?? icmp,
    ...(type === undefined ? {} : { icmpType: Number(type) }),
    ...(method === undefined ? {} : { http: { method, path } }),
    ...(rest.startsWith('asks ') ? { dns: rest.slice(5) } : {}),
  };
}

function endOf(text: string): object {
  const [ip = '', names] = text.split('=');
  if (text.includes('/')) return { pod: text };
  return names === undefined ? { ip } : { ip, names: names.split(',').filter((name) => name !== '') };
}
