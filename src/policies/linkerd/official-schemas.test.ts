/** Every form that is written satisfies the schema of its API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everything, type Seen, written } from '../mesh.cases.ts';
import { faults, officialCrd, withoutSchemas } from '../official-schemas.cases.ts';
import { linkerd } from './index.ts';

const foreign: Seen = ['db-1', 'ingress', '203.0.113.7', 5432, { identity: 'a.b.serviceaccount.identity.linkerd.far' }];
const kinds = new Set<string>();
for (const options of [{}, { mode: 'enforce', denyDefault: true, l7: true }, { output: 'json', l7: true }]) {
  test(`linkerd with ${JSON.stringify(options)} is what its API takes`, { skip: withoutSchemas }, () => {
    for (const object of written(linkerd, [...everything, foreign], options).objects) {
      // The patch of a workload is a part of one.
      if (object.apiVersion === 'apps/v1') continue;
      const own = officialCrd('linkerd', object.apiVersion, object.kind);
      assert.deepEqual(faults(object, own), [], `${object.kind}/${object.metadata.name}`);
      assert.equal(own.scope === 'Namespaced', object.metadata.namespace !== undefined);
      kinds.add(object.kind);
    }
  });
}

test('all kinds were among them', { skip: withoutSchemas }, () => {
  assert.deepEqual([...kinds].toSorted(), [
    'AuthorizationPolicy',
    'HTTPRoute',
    'MeshTLSAuthentication',
    'NetworkAuthentication',
    'Server',
  ]);
});

test('the check of schemas finds faults in them', { skip: withoutSchemas }, () => {
  const own = officialCrd('linkerd', 'policy.linkerd.io/v1beta3', 'Server');
  const object = { apiVersion: 'policy.linkerd.io/v1beta3', kind: 'Server', metadata: { name: 'x' } };
  assert.deepEqual(faults({ ...object, spec: { podSelector: {}, port: 80 } }, own), []);
  for (const spec of [{ podSelector: {} }, { podSelector: {}, externalWorkloadSelector: {}, port: 80 }, { port: 80 }])
    assert.notDeepEqual(faults({ ...object, spec }, own), [], JSON.stringify(spec));
});

test('more requests than one route takes stand in several, and are all proved', () => {
  const many = Array.from(
    { length: 150 },
    (_, at): Seen => ['api-1', 'ingress', 'web', 9000, { http: { method: 'GET', path: `/p${at}` } }],
  );
  const { objects, unknown } = written(linkerd, many, { l7: true });
  assert.equal(unknown, 0);
  const routes = objects.filter(({ kind }) => kind === 'HTTPRoute').map(({ metadata }) => metadata.name);
  assert.deepEqual(routes, ['api-9000-1', 'api-9000-1-2', 'api-9000-rest']);
});
