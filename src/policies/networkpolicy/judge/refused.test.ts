/** What an API server or Cilium's admission refuses is reported with the path of the fault, and never judged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnreadableArtifact } from '../../kind.ts';
import { evaluator } from '../evaluate.ts';
import { judgeOf } from './judge.ts';
import { dialectOf } from './read/policies.ts';
import { admin, calico, cilium, cluster, clusterwide, networkPolicy } from './semantics.cases.ts';

const a = { matchLabels: { app: 'a' } };
const ingress = (rule: object) => networkPolicy({ podSelector: a, ingress: [rule] });
const many = (count: number) => Array.from({ length: count }, (_, at) => ({ port: String(at + 1), protocol: 'TCP' }));

/** The path, and the object at fault. */
const refused: readonly (readonly [string, object])[] = [
  ['policies[0].apiVersion', { ...ingress({}), apiVersion: 'extensions/v1beta1' }],
  ['policies[0].metadata.name', networkPolicy({ podSelector: {} }, 'x', 'Not_A_Name')],
  ['policies[0].spec', networkPolicy({ podSelector: {}, ingres: [] })],
  ['policies[0].spec.policyTypes[0]', networkPolicy({ podSelector: {}, policyTypes: ['ingress'] })],
  [
    'policies[0].spec.podSelector.matchLabels.app',
    networkPolicy({ podSelector: { matchLabels: { app: 'not a value' } } }),
  ],
  [
    'policies[0].spec.podSelector.matchExpressions[0].values',
    networkPolicy({ podSelector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }),
  ],
  [
    'policies[0].spec.podSelector.matchExpressions[0].operator',
    networkPolicy({ podSelector: { matchExpressions: [{ key: 'app', operator: 'Is', values: ['a'] }] } }),
  ],
  ['policies[0].spec.ingress[0].from[0]', ingress({ from: [{}] })],
  [
    'policies[0].spec.ingress[0].from[0].ipBlock',
    ingress({ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }),
  ],
  ['policies[0].spec.ingress[0].from[0].ipBlock.cidr', ingress({ from: [{ ipBlock: { cidr: '10.0.0.0/33' } }] })],
  ['policies[0].spec.ingress[0].from[0].ipBlock.cidr', ingress({ from: [{ ipBlock: { cidr: '10.0.0.1' } }] })],
  [
    'policies[0].spec.ingress[0].from[0].ipBlock.except[0]',
    ingress({ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['192.168.0.0/16'] } }] }),
  ],
  [
    'policies[0].spec.ingress[0].from[0].ipBlock.except[0]',
    ingress({ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }),
  ],
  ['policies[0].spec.ingress[0].ports[0].port', ingress({ ports: [{ port: 0 }] })],
  ['policies[0].spec.ingress[0].ports[0].port', ingress({ ports: [{ port: 'Not-a-name' }] })],
  ['policies[0].spec.ingress[0].ports[0].endPort', ingress({ ports: [{ port: 90, endPort: 80 }] })],
  ['policies[0].spec.ingress[0].ports[0].endPort', ingress({ ports: [{ port: 'web', endPort: 80 }] })],
  ['policies[0].spec.ingress[0].ports[0].protocol', ingress({ ports: [{ protocol: 'ICMP' }] })],
  ['policies[0].kind', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }],
  ['policies[0].kind', []],
  ['policies[0].spec', cilium({ endpointSelector: a })],
  ['policies[0].spec', cilium({ ingress: [{}] })],
  ['policies[0]', { ...cilium({}), spec: undefined }],
  [
    'policies[0].spec.ingress[0].fromCIDR',
    cilium({ endpointSelector: a, ingress: [{ fromEntities: ['world'], fromCIDR: ['10.0.0.0/8'] }] }),
  ],
  [
    'policies[0].spec.egress[0].toFQDNs',
    cilium({ endpointSelector: a, egress: [{ toEndpoints: [a], toFQDNs: [{ matchName: 'x.y' }] }] }),
  ],
  [
    'policies[0].spec.ingress[0].toPorts[0].ports',
    cilium({ endpointSelector: a, ingress: [{ toPorts: [{ ports: many(41) }] }] }),
  ],
  [
    'policies[0].spec.ingress[0].toPorts[0].ports[0].port',
    cilium({ endpointSelector: a, ingress: [{ toPorts: [{ ports: [{ port: 80 }] }] }] }),
  ],
  [
    'policies[0].spec.ingress[0].icmps',
    cilium({ endpointSelector: a, ingress: [{ icmps: [{ fields: [{ type: 8 }] }], toPorts: [{ ports: many(1) }] }] }),
  ],
  [
    'policies[0].spec.ingress[0].icmps[0].fields[0].type',
    cilium({ endpointSelector: a, ingress: [{ icmps: [{ fields: [{ type: 'Ping' }] }] }] }),
  ],
  [
    'policies[0].spec.ingress[0].fromEntities[0]',
    cilium({ endpointSelector: a, ingress: [{ fromEntities: ['internet'] }] }),
  ],
  ['policies[0].spec.egress[0].toFQDNs[0]', cilium({ endpointSelector: a, egress: [{ toFQDNs: [{}] }] })],
  [
    'policies[0].spec.ingressDeny[0].toPorts[0]',
    cilium({ endpointSelector: a, ingressDeny: [{ toPorts: [{ ports: many(1), rules: { http: [{}] } }] }] }),
  ],
  [
    'policies[0].spec.egress[0].toPorts[0].rules',
    cilium({
      endpointSelector: a,
      egress: [{ toPorts: [{ ports: many(1), rules: { http: [{}], dns: [{ matchPattern: '*' }] } }] }],
    }),
  ],
  ['policies[0].spec.nodeSelector', cilium({ nodeSelector: a, ingress: [{}] })],
  [
    'policies[0].spec.egress[0].toPorts[0].rules.http[0].path',
    cilium({ endpointSelector: a, egress: [{ toPorts: [{ ports: many(1), rules: { http: [{ path: '(' }] } }] }] }),
  ],
  ['policies[0].spec', clusterwide({ specs: [] })],
  ['policies[0].spec.priority', admin('AdminNetworkPolicy', { priority: 1001, subject: { namespaces: {} } })],
  ['policies[0].spec.subject', admin('AdminNetworkPolicy', { priority: 1, subject: {} })],
  [
    'policies[0].spec.ingress[0].action',
    admin('ClusterNetworkPolicy', {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: {} },
      ingress: [{ action: 'Allow', from: [{ namespaces: {} }] }],
    }),
  ],
  [
    'policies[0].spec.ingress[0].from[0]',
    admin('ClusterNetworkPolicy', {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: {} },
      ingress: [{ action: 'Deny', from: [{ networks: ['10.0.0.0/8'] }] }],
    }),
  ],
  [
    'policies[0].spec.egress[0]',
    admin('ClusterNetworkPolicy', {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: {} },
      egress: [{ action: 'Deny', to: [{ networks: ['10.0.0.0/8'] }], protocols: [{ destinationNamedPort: 'web' }] }],
    }),
  ],
  [
    'policies[0].spec.egress',
    admin('ClusterNetworkPolicy', {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: {} },
      egress: Array.from({ length: 26 }, () => ({ action: 'Deny', to: [{ namespaces: {} }] })),
    }),
  ],
  ['policies[0].spec.selector', calico({ selector: 'app = a' })],
  ['policies[0].spec.tier', calico({ selector: 'all()', tier: 'nowhere' })],
  [
    'policies[0].spec.ingress[0].destination.ports',
    calico({ selector: 'all()', ingress: [{ action: 'Allow', destination: { ports: [80] } }] }),
  ],
  [
    'policies[0].spec.ingress[0].source.nets[0]',
    calico({ selector: 'all()', ingress: [{ action: 'Allow', source: { nets: ['ten'] } }] }),
  ],
];

for (const [path, object] of refused) {
  test(`${path} of ${JSON.stringify(object).slice(0, 160)}`, () => {
    const objects = [{ object, where: 'policies[0]' }];
    assert.throws(
      () => judgeOf(objects, cluster, { dialect: dialectOf(objects) }),
      (error) => error instanceof UnreadableArtifact && error.where === path && error.message.length > path.length + 5,
    );
  });
}

test('a dialect that does not enforce a kind of policy says so', () => {
  const own = [{ object: cilium({ endpointSelector: a, ingress: [{}] }), where: '' }];
  assert.throws(() => judgeOf(own, cluster, { dialect: 'ipblock-matches-pods' }), UnreadableArtifact);
  const other = [{ object: calico({ selector: 'all()' }), where: '' }];
  assert.throws(() => judgeOf(other, cluster, { dialect: 'cilium' }), UnreadableArtifact);
});

test('texts: several documents, lists, and what is none', () => {
  const one = JSON.stringify(ingress({}));
  assert.doesNotThrow(() => evaluator(`---\n${one}\n---\n---\n${one}`, {}, cluster));
  assert.doesNotThrow(() =>
    evaluator(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [ingress({})] }), {}, cluster),
  );
  assert.doesNotThrow(() => evaluator(`${one}\n${one}\n`, {}, cluster));
  const { kind, apiVersion, ...untold } = ingress({}) as { kind: string; apiVersion: string };
  const typed = evaluator(JSON.stringify({ apiVersion, kind: `${kind}List`, items: [untold] }), {}, cluster);
  assert.deepEqual(typed.permissions, ['NetworkPolicy x/p ingress from anyone any port']);
  const broken = { 'a: [': '', '': '', '---\n---\n': '', [`${one}\n---\n{"kind": "Pod"}`]: 'documents[1].kind' };
  for (const [text, where] of Object.entries(broken))
    assert.throws(
      () => evaluator(text, {}, cluster),
      (error) => error instanceof UnreadableArtifact && error.where === where,
      text,
    );
});
