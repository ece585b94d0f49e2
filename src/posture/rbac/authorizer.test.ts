/** Kubernetes' own tables (../shared/suites/upstream-units), and what they leave out. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { authorizerOf } from './authorizer.ts';
import { rbacObject, readRbac, type RbacObject, UnreadableRbac } from './objects.ts';
import { request, rule, type Rule } from './request.ts';
import { atoms, matches, pathCovers, uncovered } from './rules.ts';

const units = fileURLToPath(new URL('../../../../shared/suites/upstream-units', import.meta.url));
const skip = existsSync(units) ? false : 'no ../shared/suites here';
const table = (name: string): Record<string, unknown>[] =>
  JSON.parse(readFileSync(`${units}/${name}.json`, 'utf8')) as Record<string, unknown>[];

test('one rule against one request: 70 cases of Kubernetes', { skip }, () => {
  const cases = table('rbac-rule-matches');
  assert.ok(cases.length >= 70);
  for (const { name, rule: given, request: asked, matches: wanted } of cases)
    assert.equal(matches(rule.parse(given), request.parse(asked)), wanted, String(name));
});

test('paths: 14 cases of Kubernetes', { skip }, () => {
  for (const { owner, request: path, covers } of table('rbac-nonresource-covers'))
    assert.equal(pathCovers(String(owner), String(path)), covers, `${String(owner)} ${String(path)}`);
});

test('rules against rules: 23 cases of Kubernetes, with what is left', { skip }, () => {
  const sorted = (rules: readonly Rule[]): string[] =>
    atoms(rules)
      .map((each) => JSON.stringify(each))
      .toSorted();
  for (const { name, owner, servant, covered, uncovered: left } of table('rbac-covers')) {
    const found = uncovered(
      (owner as unknown[]).map((each) => rule.parse(each)),
      (servant as unknown[]).map((each) => rule.parse(each)),
    );
    assert.equal(found.length === 0, covered, String(name));
    assert.deepEqual(sorted(found), sorted((left as unknown[]).map((each) => rule.parse(each))), String(name));
  }
});

test('whole worlds of roles and bindings: 34 requests of Kubernetes', { skip }, () => {
  let asked = 0;
  for (const { name, objects, queries } of table('rbac-authorizer')) {
    const all = Object.values(objects as Record<string, Record<string, unknown>[]>)
      .flat()
      .map(({ name: own, namespace, ...rest }) => ({
        ...rest,
        metadata: { name: own ?? 'x', ...(namespace === undefined ? {} : { namespace }) },
      }));
    // Some of them no API server would take, and the authorizer reads them all the same.
    const authorizer = authorizerOf(all.map((each) => rbacObject.parse(each)));
    for (const { request: given, allowed } of queries as { request: unknown; allowed: boolean }[]) {
      asked += 1;
      assert.equal(
        authorizer.authorize(request.parse(given)).allowed,
        allowed,
        `${String(name)} ${JSON.stringify(given)}`,
      );
    }
  }
  assert.ok(asked >= 34);
});

const reads = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
const binding = (kind: string, roleRef: object, namespace?: string) => ({
  kind,
  metadata: { name: 'b', ...(namespace === undefined ? {} : { namespace }) },
  roleRef,
  subjects: [{ kind: 'ServiceAccount', name: 'app', namespace: 'shop' }],
});
const asks = (namespace: string, more: object = {}) =>
  request.parse({
    user: { name: 'system:serviceaccount:shop:app', groups: [] },
    verb: 'get',
    resourceRequest: true,
    resource: 'pods',
    namespace,
    ...more,
  });
const of = (...items: object[]): readonly RbacObject[] => readRbac(JSON.stringify({ kind: 'List', items })).objects;

test('a RoleBinding to a ClusterRole gives in its own namespace alone, and nothing that is in none', () => {
  const role = {
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [reads, { verbs: ['get'], nonResourceURLs: ['/metrics'] }],
  };
  const authorizer = authorizerOf(of(role, binding('RoleBinding', { kind: 'ClusterRole', name: 'r' }, 'shop')));
  assert.deepEqual(authorizer.authorize(asks('shop')), {
    allowed: true,
    rule: 'RoleBinding shop/b of ClusterRole r, rules[0]',
  });
  assert.equal(authorizer.authorize(asks('other')).allowed, false);
  assert.equal(authorizer.authorize(asks('')).allowed, false);
  assert.equal(authorizer.authorize(asks('', { resourceRequest: false, path: '/metrics' })).allowed, false);
});

test('an account without a namespace, null or empty, is of the namespace of its binding', () => {
  for (const namespace of [undefined, null, '']) {
    const text = JSON.stringify({
      kind: 'List',
      items: [
        { kind: 'Role', metadata: { name: 'r', namespace: 'shop' }, rules: [reads] },
        {
          ...binding('RoleBinding', { kind: 'Role', name: 'r' }, 'shop'),
          subjects: [{ kind: 'ServiceAccount', name: 'app', namespace }],
        },
      ],
    });
    const authorizer = authorizerOf(readRbac(text).objects);
    const asked = asks('shop', { user: { name: 'system:serviceaccount:shop:app' } });
    assert.equal(authorizer.authorize(asked).allowed, true, String(namespace));
  }
});

test('stars at the end of a path are one', () => {
  const rules = [{ verbs: ['get'], nonResourceURLs: ['/logs/**'] }];
  const role = { kind: 'ClusterRole', metadata: { name: 'r' }, rules };
  const authorizer = authorizerOf(of(role, binding('ClusterRoleBinding', { kind: 'ClusterRole', name: 'r' })));
  const answer = (path: string): boolean =>
    authorizer.authorize(asks('', { resourceRequest: false, path, verb: 'get' })).allowed;
  assert.deepEqual(['/logs/a', '/logs/', '/log'].map(answer), [true, true, false]);
});

test('an aggregated role has the rules of those that its labels select', () => {
  const part = { kind: 'ClusterRole', metadata: { name: 'part', labels: { into: 'all' } }, rules: [reads] };
  const all = {
    kind: 'ClusterRole',
    metadata: { name: 'all' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { into: 'all' } }] },
    rules: [],
  };
  const authorizer = authorizerOf(of(part, all, binding('ClusterRoleBinding', { kind: 'ClusterRole', name: 'all' })));
  assert.equal(authorizer.authorize(asks('anywhere')).allowed, true);
});

test('a binding without its role gives nothing, and is told', () => {
  const authorizer = authorizerOf(of(binding('ClusterRoleBinding', { kind: 'ClusterRole', name: 'gone' })));
  assert.equal(authorizer.authorize(asks('shop')).allowed, false);
  assert.deepEqual(authorizer.dangling, ['ClusterRoleBinding b: there is no ClusterRole gone']);
});

for (const [title, text, message] of [
  [
    'paths in a Role',
    { kind: 'Role', metadata: { name: 'r' }, rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    /namespaced rules cannot apply to non-resource URLs/,
  ],
  [
    'a rule without verbs',
    { kind: 'Role', metadata: { name: 'r' }, rules: [{ ...reads, verbs: [] }] },
    /rules\[0\]\.verbs: must contain/,
  ],
  [
    'a rule without groups',
    { kind: 'Role', metadata: { name: 'r' }, rules: [{ verbs: ['get'], resources: ['pods'] }] },
    /apiGroups: resource rules must supply/,
  ],
  [
    'a ClusterRoleBinding to a Role',
    binding('ClusterRoleBinding', { kind: 'Role', name: 'r' }),
    /roleRef is to a Role/,
  ],
  [
    'an account of no namespace for the whole cluster',
    {
      ...binding('ClusterRoleBinding', { kind: 'ClusterRole', name: 'r' }),
      subjects: [{ kind: 'ServiceAccount', name: 'app' }],
    },
    /subjects\[0\]\.namespace: is needed/,
  ],
  ['a shape that is none', { kind: 'Role', metadata: { name: 'r' }, rules: [{ verbs: 'get' }] }, /rules\.0\.verbs/],
] as const) {
  test(`what an API server refuses is refused with its place: ${title}`, () => {
    assert.throws(
      () => readRbac(JSON.stringify(text)),
      (error) => error instanceof UnreadableRbac && message.test(error.message),
    );
  });
}

test('other objects are counted, not taken for rights', () => {
  const { objects, others } = readRbac('kind: ConfigMap\n---\nkind: Role\nmetadata: {name: a}\n');
  assert.equal(objects.length, 1);
  assert.deepEqual([...others], [['ConfigMap', 1]]);
});
