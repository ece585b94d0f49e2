/** Every form that is written satisfies the schema of its API, and its rules in CEL as far as they are about us. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everything, type Seen, written } from '../mesh.cases.ts';
import { faults, officialCrd, withoutSchemas } from '../official-schemas.cases.ts';
import { istio } from './index.ts';

const told: readonly Seen[] = [['db-1', 'ingress', 'api', 5432, { identity: 'spiffe://cluster.local/ns/shop/sa/api' }]];
const kinds = new Set<string>();
for (const options of [
  {},
  { mode: 'enforce', denyDefault: true, l7: true },
  { form: 'ambient', waypoint: 'waypoint', l7: true },
  { output: 'json' },
]) {
  test(`istio with ${JSON.stringify(options)} is what its API takes`, { skip: withoutSchemas }, () => {
    for (const seen of [everything, told]) {
      for (const object of written(istio, seen, options).objects) {
        const own = officialCrd('istio', object.apiVersion, object.kind);
        assert.deepEqual(faults(object, own), [], `${object.kind}/${object.metadata.name}`);
        assert.equal(own.scope === 'Namespaced', object.metadata.namespace !== undefined);
        const places = ['selector', 'targetRef', 'targetRefs'].filter((field) => field in object.spec);
        assert.ok(places.length <= 1, places.join());
        kinds.add(object.kind);
      }
    }
  });
}

test('both kinds were among them', { skip: withoutSchemas }, () => {
  assert.deepEqual([...kinds].toSorted(), ['AuthorizationPolicy', 'PeerAuthentication']);
});

test('the check of schemas finds faults in them', { skip: withoutSchemas }, () => {
  const own = officialCrd('istio', 'security.istio.io/v1', 'AuthorizationPolicy');
  const object = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name: 'x' } };
  assert.deepEqual(faults({ ...object, spec: { rules: [{}] } }, own), []);
  for (const spec of [{ action: 'LET' }, { rules: [{ to: [{ operation: { ports: [80] } }] }] }, { ruls: [] }])
    assert.notDeepEqual(faults({ ...object, spec }, own), [], JSON.stringify(spec));
});

test('more than 512 rules stand in several policies, and are all proved', () => {
  const many = Array.from(
    { length: 520 },
    (_, at): Seen => ['db-1', 'ingress', `198.51.${Math.floor(at / 250)}.${at % 250}`, 5432],
  );
  assert.deepEqual(
    written(istio, many).objects.map(({ metadata: { name }, spec }) => [name, (spec['rules'] as unknown[]).length]),
    [
      ['db', 512],
      ['db-2', 8],
    ],
  );
});
