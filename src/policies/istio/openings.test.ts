/** What opens and closes between two texts, and who reaches whom: by hand, and against single answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparingIsAsking, compared, listOf, reached, told } from '../mesh-openings.cases.ts';
import { istio } from './index.ts';
import { allowWeb, from, peers, policy, webPrincipal } from './judge/judge.cases.ts';

const api = { selector: { matchLabels: { app: 'api' } } };
const web = (operation?: object): object => policy({ ...api, ...from(webPrincipal, operation) });
const fromWeb = { from: [{ source: webPrincipal }] };
const enforced = { mode: 'enforce' };

test('the same policy in other words is no change', () => {
  const twice = policy({ ...api, rules: [fromWeb, fromWeb] }, 'q');
  assert.deepEqual(compared(istio, [web()], [twice]), []);
  assert.deepEqual(compared(istio, [web({ ports: ['9000'] })], [web({ ports: ['9000', '9000'] })]), []);
});

test('a port that opens and one that closes are named, for each that calls', () => {
  assert.deepEqual(told(compared(istio, [web({ ports: ['9000', '9001'] })], [web({ ports: ['9001', '9002'] })])), [
    'Deployment shop/batch → Deployment shop/api 9000/TCP: allow to deny',
    'Deployment shop/batch → Deployment shop/api 9002/TCP: deny to allow',
    'Deployment shop/nameless → Deployment shop/api 9000/TCP: unknown to deny',
    'Deployment shop/nameless → Deployment shop/api 9002/TCP: deny to unknown',
    'Deployment shop/web → Deployment shop/api 9000/TCP: allow to deny',
    'Deployment shop/web → Deployment shop/api 9002/TCP: deny to allow',
  ]);
});

test('a first policy closes every port for all whom it does not name', () => {
  const changes = told(compared(istio, listOf([]), [web()]));
  assert.ok(changes.includes('Deployment data/db → Deployment shop/api any/TCP: allow to deny'));
  assert.ok(changes.includes('any other IPv4 address → Deployment shop/api any/TCP: allow to deny'));
  assert.ok(changes.includes('any other identity → Deployment shop/api any/TCP: allow to deny'));
  assert.ok(changes.includes('node n1 → Deployment shop/api any/TCP: allow to deny'));
  assert.ok(!changes.some((each) => each.startsWith('Deployment shop/web →')), 'who is let in as before');
  assert.ok(
    changes.every((each) => each.includes('→ Deployment shop/api ')),
    'nobody else is spoken of',
  );
});

test('requests are told apart where a policy does it, and what is no HTTP beside them', () => {
  const before = web({ ports: ['9000'], methods: ['GET'], paths: ['/orders'] });
  const after = web({ ports: ['9000'], methods: ['GET'], paths: ['/orders', '/orders/{*}'] });
  const ofWeb = told(compared(istio, [before], [after])).filter((each) => each.startsWith('Deployment shop/web'));
  assert.deepEqual(ofWeb, ['Deployment shop/web → Deployment shop/api 9000/TCP GET /orders/{*}: deny to allow']);
  const whole = told(compared(istio, [before], [web({ ports: ['9000'] })])).filter((each) =>
    each.startsWith('Deployment shop/web'),
  );
  assert.deepEqual(whole, [
    'Deployment shop/web → Deployment shop/api 9000/TCP other than HTTP, 9000/TCP GET any other path, 9000/TCP any other method /orders, 9000/TCP any other method any other path: deny to allow',
  ]);
});

test('networks and identities of elsewhere are parties of their own', () => {
  const after = policy({
    ...api,
    rules: [
      fromWeb,
      { from: [{ source: { ipBlocks: ['198.51.100.0/24'], notIpBlocks: ['198.51.100.0/25'] } }] },
      { from: [{ source: { principals: ['far.example/ns/a/sa/b'] } }] },
    ],
  });
  assert.deepEqual(told(compared(istio, [web()], [after])), [
    '198.51.100.0/24 → Deployment shop/api any/TCP: deny to allow',
    'identity far.example/ns/a/sa/b → Deployment shop/api any/TCP: deny to allow',
  ]);
});

test('identities that several words mean together are parties, too, and those that nobody could have are none', () => {
  const after = (source: object): object => policy({ ...api, rules: [fromWeb, { from: [{ source }] }] });
  const far = { trustDomains: ['far.example'], namespaces: ['data'], principals: ['*/sa/web'] };
  assert.deepEqual(told(compared(istio, [web()], [after(far)])), [
    'identity far.example/ns/data/sa/web → Deployment shop/api any/TCP: deny to allow',
  ]);
  const within = { principals: ['cluster.local/ns/da*'], namespaces: ['*ta'] };
  assert.deepEqual(told(compared(istio, [web()], [after(within)])), [
    'Deployment data/db → Deployment shop/api any/TCP: deny to allow',
    'identity cluster.local/ns/daxotherta/sa/other → Deployment shop/api any/TCP: deny to allow',
  ]);
  const [inShop, elsewhere] = [{ namespaces: ['shop'] }, { notNamespaces: ['data'] }];
  const identities = told(compared(istio, [after(inShop)], [after(elsewhere)])).filter((each) =>
    each.startsWith('identity'),
  );
  assert.deepEqual(identities, [], 'nobody is of two namespaces');
});

test('an alias of the trust domain has the same accounts', () => {
  const given = { trustDomainAlias: ['old.example'] };
  assert.deepEqual(
    told(compared(istio, [web()], [policy({ ...api, rules: [] })], given)).filter((each) =>
      each.startsWith('identity'),
    ),
    ['identity old.example/ns/shop/sa/web → Deployment shop/api any/TCP: allow to deny'],
  );
});

test('what asks for mutual TLS closes a port for who has none', () => {
  const strict = peers({ ...api, portLevelMtls: { 9000: { mode: 'STRICT' } } });
  const changes = told(compared(istio, listOf([]), [strict]));
  assert.ok(changes.includes('Deployment monitoring/prometheus → Deployment shop/api 9000/TCP: allow to deny'));
  assert.ok(!changes.some((each) => each.startsWith('Deployment shop/web')));
});

test('behind a waypoint it makes a difference whether a pod is dialled or its Service', () => {
  const form = { form: 'ambient', waypoint: 'waypoint' };
  const own = policy({ targetRefs: [{ kind: 'Service', group: '', name: 'api' }], ...allowWeb });
  const changes = told(compared(istio, listOf([]), [own], form));
  assert.ok(
    changes.includes('Deployment data/db → Deployment shop/api 9000/TCP by its Services: allow to deny'),
    changes.join('\n'),
  );
});

test('a dry run changes nothing that is in force', () => {
  const dry = policy({ ...api, ...allowWeb }, 'p', { annotations: { 'istio.io/dry-run': 'true' } });
  assert.deepEqual(compared(istio, listOf([]), [dry], enforced), []);
  assert.notDeepEqual(compared(istio, listOf([]), [dry]), []);
});

test('who can reach a workload, and whom it can reach', () => {
  const rows = reached(istio, [web({ ports: ['9000'] })], 'api');
  assert.ok(rows !== null);
  assert.ok(rows.includes('ingress Deployment shop/web 9000/TCP allow'), rows.join('\n'));
  assert.ok(rows.includes('ingress Deployment shop/nameless 9000/TCP unknown'));
  assert.ok(rows.includes('ingress 2 nodes any/TCP deny') || rows.includes('ingress nodes n1, n2 any/TCP deny'));
  assert.ok(rows.includes('egress Deployment shop/web any/TCP allow'), 'no policy is about it');
  assert.equal(reached(istio, listOf([]), 'none'), null);
});

const api9000 = { ports: ['9000'] };
const operations = fc.constantFrom<object>(
  api9000,
  { notPorts: ['9000', '80'] },
  { methods: ['GET'] },
  { methods: ['G*'], ports: ['9000'] },
  { notMethods: ['POST'] },
  { paths: ['/a'] },
  { paths: ['/a*'] },
  { paths: ['*/b'] },
  { paths: ['/{*}/b'] },
  { paths: ['/a/{*}'] },
  { paths: ['/a/{**}'] },
  { notPaths: ['/orders*'] },
  { hosts: ['api.shop'], paths: ['/a'] },
  { notHosts: ['*.shop'] },
);
const sources = fc.constantFrom<object>(
  webPrincipal,
  { principals: ['cluster.local/ns/data/*'] },
  { principals: ['*'] },
  { principals: ['*/sa/web'] },
  { principals: ['far.example/ns/a/sa/b'] },
  { notPrincipals: ['cluster.local/ns/shop/sa/api'] },
  { namespaces: ['shop'] },
  { notNamespaces: ['data'] },
  { serviceAccounts: ['web'] },
  { serviceAccounts: ['far/b'] },
  { trustDomains: ['far.example'], namespaces: ['data'], principals: ['*/sa/web'] },
  { notTrustDomains: ['cluster.local'] },
  { principals: ['*eb'], notNamespaces: ['da*'] },
  { ipBlocks: ['10.0.0.0/24'] },
  { ipBlocks: ['198.51.100.0/24'], notIpBlocks: ['198.51.100.128/25'] },
);
const conditions = fc.constantFrom<object>(
  { key: 'request.headers[x-team]', values: ['red', 'blue*'] },
  { key: 'destination.port', notValues: ['9000'] },
  { key: 'source.ip', values: ['203.0.113.0/24'] },
);
const fromAny = sources.map((source) => ({ from: [{ source }] }));
const callers = fc.oneof(
  fromAny,
  fc.tuple(fromAny, conditions).map(([each, when]) => ({ ...each, when: [when] })),
);
const requests = fc
  .tuple(fc.constantFrom<object>({}, fromWeb, { from: [{ source: { namespaces: ['data'] } }] }), operations)
  .map(([each, operation]) => ({ ...each, to: [{ operation }] }));

/** Policies of such rules, with what asks for mutual TLS or without. */
function textsOf(rule: fc.Arbitrary<object>): fc.Arbitrary<string> {
  const one = fc
    .record({
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
      action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY'),
      about: fc.constantFrom<object>(
        api,
        api,
        { selector: { matchLabels: { app: 'web' } } },
        {},
        {
          targetRefs: [{ kind: 'Service', group: '', name: 'api' }],
        },
      ),
    })
    .map(({ rules, action, about }) => ({ ...about, action, rules }));
  const strict = peers({ ...api, mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 9000: { mode: 'STRICT' } } });
  return fc
    .record({ all: fc.array(one, { maxLength: 3 }), more: fc.constantFrom([], [strict]) })
    .map(({ all, more }) => listOf([...all.map((spec, at) => policy(spec, `p${at}`)), ...more]));
}

const forms = [{}, { form: 'ambient' }, { form: 'ambient', waypoint: 'waypoint' }];
const directly = ({ waypoint }: Record<string, unknown>): boolean => waypoint !== undefined;
const paths = [
  '/',
  '/a',
  '/a2',
  '/a/b',
  '/a/x',
  '/a/x/b',
  '/a/',
  '/x/b',
  '/b',
  '/x/y/b',
  '/orders',
  '/orders/17',
  '/orders/18',
  '/orders/b',
  '/orders/x/b',
];
const team = (value: string): object => ({ 'x-team': value });

comparingIsAsking(istio, {
  about: 'requests',
  text: textsOf(requests),
  requests: [
    null,
    ...['GET', 'POST', 'GX'].flatMap((method) =>
      paths.flatMap((path) =>
        ['api.shop', 'else.shop', 'elsewhere'].map((host) => ({ method, path, host, headers: {} })),
      ),
    ),
  ],
  strangers: {
    ips: ['192.0.2.254'],
    identities: ['data/sa/other', 'other/sa/other', 'shop/sa/waypoint'].map((each) => `cluster.local/ns/${each}`),
  },
  ...{ forms, directly },
  // ztunnel reads no HTTP.
  generating: ({ form, waypoint }) => ({ l7: form !== 'ambient' || waypoint !== undefined }),
});

comparingIsAsking(istio, {
  about: 'callers',
  text: textsOf(callers),
  requests: [
    null,
    ...[{}, team('red'), team('blue2')].map((headers) => ({
      method: 'GET',
      path: '/',
      host: 'api.shop',
      headers: { ...headers },
    })),
  ],
  strangers: {
    ips: ['192.0.2.254', '198.51.100.1', '198.51.100.200', '203.0.113.9', '2001:db8::1'],
    identities: [
      'far.example/ns/a/sa/b',
      'far.example/ns/x/sa/web',
      ...['far', 'shop', 'data', 'dart', 'other'].flatMap((namespace) =>
        ['web', 'deb', 'b', 'other'].flatMap((name) =>
          ['cluster.local', 'far.example'].map((domain) => `${domain}/ns/${namespace}/sa/${name}`),
        ),
      ),
    ].filter((each) => each !== 'cluster.local/ns/shop/sa/web'),
  },
  ...{ forms, directly },
});
