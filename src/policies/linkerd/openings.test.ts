/** What opens and closes between two texts, and who reaches whom: by hand, and against single answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compared, comparingIsAsking, listOf, reached, told } from '../mesh-openings.cases.ts';
import { linkerd } from './index.ts';
import {
  ids,
  identities,
  nets,
  networks,
  policy,
  route,
  server,
  toNamespace,
  toRoute,
  toServer,
  webIdentity,
} from './judge/judge.cases.ts';

const web = identities({ identityRefs: [{ kind: 'ServiceAccount', name: 'web' }] });
const letIn = [server(), policy(toServer, [ids]), web];
const open = { defaultInboundPolicy: 'all-unauthenticated' };
const far = 'a.b.serviceaccount.identity.linkerd.far.example';

test('the same policy in other words is no change', () => {
  const named = [server({ port: 'grpc' }), policy(toServer, [ids], 'q'), identities({ identities: [webIdentity] })];
  assert.deepEqual(compared(linkerd, letIn, named), []);
});

test('a first Server closes its port for all whom no authorization names, and no other', () => {
  const changes = told(compared(linkerd, listOf([]), letIn, open));
  assert.ok(changes.includes('Deployment data/db → Deployment shop/api 9000/TCP: allow to deny'), changes.join('\n'));
  assert.ok(changes.includes('any other IPv4 address → Deployment shop/api 9000/TCP: allow to deny'));
  assert.ok(changes.includes('any other identity → Deployment shop/api 9000/TCP: allow to deny'));
  assert.ok(!changes.some((each) => each.startsWith('Deployment shop/web')));
  assert.ok(changes.every((each) => each.includes('→ Deployment shop/api 9000/TCP:')));
});

test('without a known default, what a first Server changes is not certain', () => {
  const changes = told(compared(linkerd, listOf([]), letIn));
  assert.ok(
    changes.includes('Deployment shop/web → Deployment shop/api 9000/TCP: unknown to allow'),
    changes.join('\n'),
  );
  assert.ok(changes.includes('Deployment data/db → Deployment shop/api 9000/TCP: unknown to deny'));
});

test('an identity that is let in beside is a party of its own, and so is a network', () => {
  const more = [...letIn, policy(toServer, [{ ...ids, name: 'far' }], 'far'), identities({ identities: [far] }, 'far')];
  assert.deepEqual(told(compared(linkerd, letIn, more)), [
    `identity ${far} → Deployment shop/api 9000/TCP: deny to allow`,
  ]);
  const cidrs = [
    ...letIn,
    policy(toServer, [nets], 'n'),
    networks([{ cidr: '198.51.100.0/24', except: ['198.51.100.0/25'] }]),
  ];
  assert.deepEqual(told(compared(linkerd, letIn, cidrs)), [
    '198.51.100.0/24 → Deployment shop/api 9000/TCP: deny to allow',
  ]);
});

test('requests are told apart by routes, and what is no HTTP beside them', () => {
  const orders = { path: { type: 'RegularExpression', value: '/orders/[0-9]+' }, method: 'GET' };
  const routed = [server(), route([orders]), policy(toRoute, [ids]), web];
  const ofWeb = told(compared(linkerd, letIn, routed)).filter((each) => each.startsWith('Deployment shop/web'));
  assert.deepEqual(ofWeb, [
    'Deployment shop/web → Deployment shop/api 9000/TCP other than HTTP: allow to deny',
    'Deployment shop/web → Deployment shop/api 9000/TCP GET any other path, 9000/TCP any other method /orders/[0-9]+, 9000/TCP any other method any other path: allow to deny',
  ]);
});

test('an expression of which no example is known is named where the texts differ in it', () => {
  const odd = { path: { type: 'RegularExpression', value: '/(a|b)' } };
  const routed = [server(), route([odd]), policy(toRoute, [ids]), web];
  const changes = told(compared(linkerd, letIn, routed));
  assert.ok(changes.includes('anybody → Deployment shop/api requests that match "/(a|b)": unknown to unknown'));
  assert.deepEqual(compared(linkerd, routed, routed), []);
});

test('what audits changes nothing that is in force', () => {
  const audited = [server({ accessPolicy: 'audit' }), ...letIn.slice(1)];
  assert.deepEqual(compared(linkerd, listOf([]), audited, { ...open, mode: 'enforce' }), []);
  assert.notDeepEqual(compared(linkerd, listOf([]), audited, open), []);
});

test('who can reach a workload, and whom it can reach', () => {
  const rows = reached(linkerd, letIn, 'api', open);
  assert.ok(rows !== null);
  assert.deepEqual(
    rows.filter((each) => each.startsWith('ingress Deployment')),
    [
      ...['data/db', 'monitoring/prometheus', 'shop/api'].flatMap((name) => [
        `ingress Deployment ${name} 9000/TCP deny`,
        `ingress Deployment ${name} any other/TCP allow`,
      ]),
      'ingress Deployment shop/batch 9000/TCP allow',
      'ingress Deployment shop/batch any other/TCP allow',
      'ingress Deployment shop/nameless 9000/TCP unknown',
      'ingress Deployment shop/nameless any other/TCP allow',
      'ingress Deployment shop/web 9000/TCP allow',
      'ingress Deployment shop/web any other/TCP allow',
    ],
  );
  assert.ok(rows.includes('ingress nodes n1, n2 9000/TCP deny'));
  assert.ok(rows.includes('egress Deployment shop/web any/TCP allow'));
  assert.equal(reached(linkerd, listOf([]), 'none'), null);
});

const authorizing = fc
  .record({
    target: fc.constantFrom<object>(toServer, toRoute, { ...toRoute, name: 'r2' }, toNamespace),
    refs: fc.constantFrom<readonly object[]>([ids], [nets], [ids, nets], [{ kind: 'ServiceAccount', name: 'web' }], []),
  })
  .map(({ target, refs }) => ({ target, refs }));
const match = fc.constantFrom<object>(
  { path: { type: 'Exact', value: '/a' }, method: 'GET' },
  { path: { type: 'Exact', value: '/a/b' } },
  { path: { type: 'PathPrefix', value: '/a' } },
  { path: { type: 'PathPrefix', value: '/' } },
  { path: { type: 'RegularExpression', value: '/a/[0-9]+' }, method: 'GET' },
  { path: { type: 'RegularExpression', value: '/[^/]+/b' } },
  { path: { type: 'RegularExpression', value: '/a/[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*' }, method: 'POST' },
  { path: { type: 'Exact', value: '/a' }, queryParams: [{ name: 'q', value: '1' }] },
  { headers: [{ name: 'x-team', value: 'red' }], path: { type: 'Exact', value: '/a' } },
);
const text = fc
  .record({
    port: fc.constantFrom<number | string>(9000, 9000, 'grpc', 80),
    accessPolicy: fc.constantFrom('deny', 'deny', 'audit', 'all-authenticated', 'cluster-authenticated'),
    proxyProtocol: fc.constantFrom('unknown', 'unknown', 'HTTP/1', 'opaque'),
    matches: fc.array(fc.array(match, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
    policies: fc.array(authorizing, { maxLength: 3 }),
    who: fc.constantFrom<object>(
      { identities: ['*'] },
      { identities: [far, webIdentity] },
      { identityRefs: [{ kind: 'Namespace', name: 'data' }] },
    ),
    hosts: fc.constantFrom([], [], ['api.shop'], ['*.shop']),
  })
  .map(({ port, accessPolicy, proxyProtocol, matches, policies, who, hosts }) =>
    listOf([
      server({ port, accessPolicy, proxyProtocol }),
      ...matches.map((each, at) => route(each, at === 0 ? 'r' : 'r2', hosts.length === 0 ? {} : { hostnames: hosts })),
      ...policies.map(({ target, refs }, at) => policy(target, refs, `p${at}`)),
      identities(who),
      networks([{ cidr: '10.0.0.0/24' }, { cidr: '198.51.100.0/24', except: ['198.51.100.128/25'] }]),
    ]),
  );

comparingIsAsking(linkerd, {
  about: 'requests and callers',
  text: fc.oneof({ weight: 5, arbitrary: text }, fc.constant(listOf([]))),
  requests: [
    null,
    ...['GET', 'POST', 'PUT'].flatMap((method) =>
      [
        '/',
        '/a',
        '/a/',
        '/a/b',
        '/a/7',
        '/a/7f',
        '/a/x',
        '/x/b',
        '/c',
        '/a?q=1',
        '/a/x/y',
        '/orders',
        '/orders/17',
        '/orders/18',
        '/healthz',
      ].flatMap((path) =>
        ['api.shop', 'web.shop', 'elsewhere'].flatMap((host) =>
          (path === '/a' || path === '/a?q=1' ? [{}, { 'x-team': 'red' }] : [{}]).map((headers) => ({
            method,
            path,
            host,
            headers: { ...headers },
          })),
        ),
      ),
    ),
  ],
  strangers: {
    ips: ['192.0.2.254', '198.51.100.1', '198.51.100.200', '2001:db8::1'],
    identities: [
      far,
      'other.data.serviceaccount.identity.linkerd.cluster.local',
      'other.other.serviceaccount.identity.linkerd.cluster.local',
    ],
  },
  forms: [{}, { defaultInboundPolicy: 'all-authenticated' }],
  directly: () => false,
  generating: () => ({}),
});
