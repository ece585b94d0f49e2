/** Granted against used: what never was, what is risky, and that the smaller rule is enough. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiUse } from '#kubernetes/api-use.ts';
import { asRule, auditRbac, type AuditedRule, type AuditOptions } from './audit.ts';
import { readRbac } from './objects.ts';
import { rbacSarif } from './report/sarif.ts';
import { riskText, ruleText, smallerText, usageText } from './report/wording.ts';
import { matches, uncovered } from './rules.ts';
import { requestsOf } from './uses.ts';

const options: AuditOptions = { maxNames: 3, defaults: false, blind: () => null, isWanted: () => true };
const app = 'system:serviceaccount:shop:app';

const use = (more: Partial<ApiUse>): ApiUse => ({
  user: app,
  groups: ['system:serviceaccounts', 'system:authenticated'],
  decision: 'allow',
  verb: 'get',
  resourceRequest: true,
  apiGroup: '',
  resource: 'configmaps',
  subresource: '',
  namespace: 'shop',
  path: '',
  names: [],
  manyNames: false,
  nameless: true,
  count: 1,
  first: 1,
  last: 2,
  ...more,
});

const subjects = [{ kind: 'ServiceAccount', name: 'app', namespace: 'shop' }];
/** One role in the namespace shop, or in the cluster, bound to the account. */
function granted(rules: readonly object[], namespace: string | null = 'shop', to: readonly object[] = subjects) {
  const kind = namespace === null ? 'ClusterRole' : 'Role';
  const metadata = { name: 'r', ...(namespace === null ? {} : { namespace }) };
  return readRbac(
    JSON.stringify({
      kind: 'List',
      items: [
        { kind, metadata, rules },
        { kind: `${kind}Binding`, metadata, roleRef: { kind, name: 'r' }, subjects: to },
      ],
    }),
  ).objects;
}

const audited = (rules: readonly object[], uses: readonly ApiUse[], namespace: string | null = 'shop') =>
  auditRbac(granted(rules, namespace), uses, options).rules;

test('what was never used, partly and wholly, with what would be enough', () => {
  const rules = audited(
    [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] },
      { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'] },
      { verbs: ['watch'], apiGroups: [''], resources: ['services'] },
    ],
    [use({ names: ['settings'], nameless: false }), use({ verb: 'watch', resource: 'services' })],
  );
  const told = (each: AuditedRule) => [ruleText(each.rule), usageText(each), smallerText(each)];
  assert.deepEqual(rules.map(told), [
    ['get deployments.apps', 'never', 'nothing'],
    ['get,list configmaps', 'partly', 'shop: get configmaps "settings"'],
    ['watch services', 'whole', 'the same'],
  ]);
  assert.deepEqual(rules[1]?.unused, [{ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] }]);
});

test('a right in the cluster that is used in a namespace is more than is needed', () => {
  const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
  const [one] = audited([pods], [use({ resource: 'pods' })], null);
  assert.deepEqual([one && usageText(one), one && smallerText(one)], ['partly', 'shop: get pods']);
  const [all] = audited([pods], [use({ resource: 'pods', namespace: '' })], null);
  assert.equal(all && usageText(all), 'whole');
});

test('use elsewhere, by others, and what was refused are no use of it', () => {
  const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }];
  for (const other of [
    use({ namespace: 'bank' }),
    use({ user: 'system:serviceaccount:bank:app' }),
    use({ decision: 'forbid' }),
  ])
    assert.equal(audited(rules, [other])[0]?.usage.type, 'never');
});

test('where nobody knows, never is not said', () => {
  const objects = granted([{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }], 'shop', [
    ...subjects,
    { kind: 'Group', name: 'devs' },
  ]);
  const types = (uses: readonly ApiUse[], more: Partial<AuditOptions> = {}) =>
    auditRbac(objects, uses, { ...options, ...more }).rules.map(({ subject, usage }) => [subject.kind, usage.type]);
  assert.deepEqual(types([]), [
    ['Group', 'unknown'],
    ['ServiceAccount', 'unknown'],
  ]);
  // As GKE's log, which has no groups.
  assert.deepEqual(types([use({ groups: [], resource: 'pods' })]), [
    ['Group', 'unknown'],
    ['ServiceAccount', 'whole'],
  ]);
  assert.deepEqual(types([use({ resource: 'pods' })], { blind: ({ kind }) => (kind === 'Group' ? 'no' : null) }), [
    ['Group', 'unknown'],
    ['ServiceAccount', 'whole'],
  ]);
});

test('a group is used by its members', () => {
  const objects = granted([{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }], null, [
    { kind: 'Group', name: 'devs' },
  ]);
  const of = (groups: string[]) =>
    auditRbac(objects, [use({ user: 'alice', groups, verb: 'list', resource: 'pods', namespace: '' })], options);
  assert.equal(of(['devs']).rules[0]?.usage.type, 'whole');
  assert.equal(of(['ops']).rules[0]?.usage.type, 'never');
});

test('the worst first: by risk, the cluster before a namespace, what was never used before what was', () => {
  const rules = audited(
    [
      { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] },
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['db'] },
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['other'] },
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    ],
    [use({ resource: 'secrets', names: ['db'], nameless: false })],
  );
  assert.deepEqual(
    rules.map((each) => [riskText(each).split(',')[0], usageText(each), each.index]),
    [
      ['everything', 'partly', 3],
      ['secrets', 'never', 2],
      ['secrets', 'whole', 1],
      ['-', 'never', 0],
    ],
  );
});

test("Kubernetes' own components are left out, and nobody hides behind their label", () => {
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  const rules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  const role = { kind: 'ClusterRole', metadata: { name: 'cluster-admin', labels }, rules };
  const binding = (name: string, to: object) => ({
    kind: 'ClusterRoleBinding',
    metadata: { name, labels },
    roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [to],
  });
  const items = [
    role,
    binding('cluster-admin', { kind: 'Group', name: 'system:masters' }),
    binding('a', { kind: 'ServiceAccount', name: 'x', namespace: 'shop' }),
    binding('b', { kind: 'Group', name: 'system:authenticated' }),
    binding('c', { kind: 'User', name: 'mallory' }),
  ];
  const { objects } = readRbac(JSON.stringify({ kind: 'List', items }));
  const { rules: shown, defaults } = auditRbac(objects, [use({})], options);
  assert.equal(defaults, 1);
  assert.deepEqual(shown.map(({ binding: by }) => by.slice(-1)).toSorted(), ['a', 'b', 'c']);
  assert.equal(shown.find(({ crowd }) => crowd !== null)?.crowd, 'everybody with any credential');
  assert.equal(auditRbac(objects, [], { ...options, defaults: true }).rules.length, 4);
});

test('aggregated roles are followed to what they select, also over another one; what is not here is told', () => {
  const aggregated = (name: string, into: string, labels = {}) => ({
    kind: 'ClusterRole',
    metadata: { name, labels },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [into]: 'true' } }] },
    rules: null,
  });
  const items = [
    aggregated('admin', 'to-admin'),
    aggregated('edit', 'to-edit', { 'to-admin': 'true' }),
    {
      kind: 'ClusterRole',
      metadata: { name: 'part', labels: { 'to-edit': 'true' } },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    },
    aggregated('lonely', 'to-nobody'),
    {
      kind: 'RoleBinding',
      metadata: { name: 'b', namespace: 'shop' },
      roleRef: { kind: 'ClusterRole', name: 'admin' },
      subjects,
    },
  ];
  const { objects } = readRbac(JSON.stringify({ kind: 'List', items }));
  const { rules, openAggregations } = auditRbac(objects, [use({ resource: 'pods' })], options);
  assert.deepEqual(
    rules.map((each) => [ruleText(each.rule), usageText(each)]),
    [['get pods', 'whole']],
  );
  assert.deepEqual(openAggregations, ['ClusterRole lonely selects others by labels that no role here carries']);
});

test('law: the smaller rules allow all that was used of the rule, and nothing that it does not', () => {
  const words = { verb: ['get', 'list', 'create'], resource: ['pods', 'secrets'], subresource: ['', 'exec'] };
  const uses = words.verb.flatMap((verb) =>
    words.resource.flatMap((resource) =>
      words.subresource.flatMap((subresource) =>
        ['shop', 'bank', ''].flatMap((namespace) =>
          [['a'], ['b', 'c'], []].map((names) =>
            use({ verb, resource, subresource, namespace, names, nameless: names.length === 0 }),
          ),
        ),
      ),
    ),
  );
  for (const rule of [
    { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'secrets'] },
    { verbs: ['*'], apiGroups: ['*'], resources: ['pods', 'pods/exec'] },
    { verbs: ['get'], apiGroups: [''], resources: ['*/exec'] },
    { verbs: ['get', 'create'], apiGroups: [''], resources: ['*'], resourceNames: ['a', 'b'] },
  ])
    for (const namespace of [null, 'shop'])
      for (const [at, one] of uses.entries()) {
        const some = [one, uses[(at * 7 + 3) % uses.length] as ApiUse];
        const [found] = audited([rule], some, namespace);
        assert.ok(found);
        for (const scope of found.smaller) {
          const smaller = scope.rules.map(asRule);
          assert.deepEqual(uncovered([rule], smaller), [], JSON.stringify([rule, smaller]));
          assert.ok(namespace === null || scope.namespace === namespace);
        }
        for (const asked of some.flatMap(requestsOf)) {
          if (!matches(rule, asked) || (namespace !== null && asked.namespace !== namespace)) continue;
          const enough = found.smaller.some(
            (scope) =>
              (scope.namespace === null || scope.namespace === asked.namespace) &&
              scope.rules.some((each) => matches(asRule(each), asked)),
          );
          assert.ok(enough, JSON.stringify([rule, asked, found.smaller]));
        }
      }
});

test('SARIF: an error for a risk that nobody used, a note for what carries none, with its line', () => {
  const rules = audited(
    [
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'] },
      { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['get'], apiGroups: [''], resources: ['services'] },
    ],
    [use({ resource: 'services' })],
  );
  const sarif = rbacSarif(rules, [], ({ index }) => ({ file: 'roles.yaml', line: 10 + index }), '0') as {
    runs: { results: { ruleId: string; level: string; locations: { physicalLocation: { region: object } }[] }[] }[];
  };
  assert.deepEqual(
    sarif.runs[0]?.results.map(({ ruleId, level, locations }) => [
      ruleId,
      level,
      locations[0]?.physicalLocation.region,
    ]),
    [
      ['secrets', 'error', { startLine: 10 }],
      ['unused', 'note', { startLine: 11 }],
    ],
  );
});
