/** Roles from logs: everything that was allowed, nothing that was refused, little beside (../shared/suites/rbac-sample). */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ApiUse } from '#kubernetes/api-use.ts';
import { authorizerOf } from './authorizer.ts';
import { generateRbac, type RbacOptions, type RbacSubject } from './generate.ts';
import { rbacObject, refusedBy } from './objects.ts';
import { proveRbac, type RbacProof } from './prove.ts';
import { request, type Request } from './request.ts';

const suite = fileURLToPath(new URL('../../../../shared/suites/rbac-sample', import.meta.url));
const skip = existsSync(suite) ? false : 'no ../shared/suites here';
const options = { maxNames: 3, includeDenied: false };

const use = (more: Partial<ApiUse>): ApiUse => ({
  user: 'system:serviceaccount:shop:app',
  groups: [],
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
const named = (names: string[], more: Partial<ApiUse> = {}): ApiUse => use({ names, nameless: false, ...more });
const user = (name: string): RbacSubject => ({ type: 'user', name });
const app = user('system:serviceaccount:shop:app');
function proofOf(subject: RbacSubject, uses: readonly ApiUse[], more: Partial<RbacOptions> = {}): RbacProof {
  const { objects, needed, refusals } = generateRbac(subject, uses, { ...options, ...more });
  return proveRbac(objects, needed, refusals);
}
const rulesOf = (...uses: ApiUse[]): unknown => {
  const { objects, needed, refusals } = generateRbac(app, uses, options);
  assert.deepEqual(proveRbac(objects, needed, refusals).refused, []);
  assert.deepEqual(
    objects.map((each) => refusedBy(rbacObject.parse(each))).filter((each) => each !== null),
    [],
  );
  return objects.flatMap(({ kind, metadata, rules }) => (rules === undefined ? [] : [{ kind, metadata, rules }]));
};
const role = (rules: object[]) => [{ kind: 'Role', metadata: { name: 'app', namespace: 'shop' }, rules }];

test('names stay where they are few and lasting', () => {
  assert.deepEqual(
    rulesOf(named(['settings'])),
    role([{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['settings'], verbs: ['get'] }]),
  );
  const any = role([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]);
  assert.deepEqual(rulesOf(named(['a', 'b', 'c', 'd'])), any);
  assert.deepEqual(rulesOf(named(['web-5d4f8c7b9-x2x4z'])), any);
  for (const lasting of [['web-0', 'web-1'], ['web-https']])
    assert.deepEqual(
      rulesOf(named(lasting)),
      role([{ apiGroups: [''], resources: ['configmaps'], resourceNames: lasting, verbs: ['get'] }]),
    );
});

test('who creates objects reads the next one under another name', () => {
  assert.deepEqual(
    rulesOf(named(['one']), use({ verb: 'create' })),
    role([{ apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get'] }]),
  );
});

test('a name that was refused keeps the others by their names', () => {
  const uses = [named(['a', 'b', 'c', 'd']), named(['secret'], { decision: 'forbid' })];
  assert.deepEqual(proofOf(app, uses), { allowed: 4, refused: [], granted: [] });
  assert.match(
    generateRbac(app, uses, options).notes.join(),
    /was refused and is not granted: get configmaps in shop, 1 time/,
  );
});

test('of what was refused once and allowed once, the later counts', () => {
  const refusal = (last: number): ApiUse => named(['a'], { decision: 'forbid', last });
  const given = generateRbac(app, [named(['a'], { last: 5 }), refusal(4)], options);
  assert.equal(given.objects.length, 2);
  assert.match(given.notes.join(), /was refused before it was allowed, and is granted: get configmaps in shop/);
  const taken = generateRbac(app, [named(['a', 'b'], { last: 4 }), refusal(5)], options);
  assert.deepEqual(
    taken.needed.map(({ names }) => names),
    [['b']],
  );
  assert.match(taken.notes.join(), /was allowed before it was refused, and is not granted: get configmaps in shop/);
  assert.deepEqual(proofOf(app, [named(['a', 'b'], { last: 4 }), refusal(5)]).granted, []);
});

test('a right in all namespaces is not granted by one that was refused in a namespace', () => {
  const uses = [
    use({ verb: 'list', namespace: '', user: 'a', groups: ['devs'] }),
    use({ verb: 'list', namespace: 'secret', user: 'b', groups: ['devs'], decision: 'forbid' }),
    use({ resource: 'pods', user: 'a', groups: ['devs'] }),
  ];
  const { objects, notes, needed, refusals } = generateRbac({ type: 'group', name: 'devs' }, uses, options);
  assert.deepEqual(
    objects.map(({ kind, subjects }) => [kind, subjects]),
    [
      ['Role', undefined],
      ['RoleBinding', [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'devs' }]],
    ],
  );
  assert.match(
    notes.join(),
    /is not granted by the group, since b was refused it: list configmaps in all namespaces or none by a/,
  );
  assert.deepEqual(proveRbac(objects, needed, refusals), { allowed: 1, refused: [], granted: [] });
});

test('informers: who lists may watch, and the reverse, but not where that was refused', () => {
  const uses = [
    use({ verb: 'list', resource: 'pods' }),
    named(['leader'], { verb: 'watch' }),
    use({ verb: 'list', resource: 'secrets' }),
    use({ verb: 'watch', resource: 'secrets', decision: 'forbid' }),
  ];
  const { objects, notes } = generateRbac(app, uses, { ...options, widenInformers: true });
  assert.deepEqual(objects[0]?.['rules'], [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['leader'], verbs: ['list', 'watch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['list'] },
  ]);
  assert.equal(notes.filter((note) => note.startsWith('is granted for informers')).length, 2);
  assert.equal(notes.filter((note) => note.startsWith('is not widened to for informers')).length, 1);
  assert.deepEqual(proofOf(app, uses, { widenInformers: true }).granted, []);
});

test('exec over a web socket needs both verbs; a scale is no deployment', () => {
  assert.deepEqual(
    rulesOf(
      named(['web-0'], { resource: 'pods', subresource: 'exec' }),
      named(['web'], { apiGroup: 'apps', resource: 'deployments', subresource: 'scale', verb: 'patch' }),
    ),
    role([
      { apiGroups: [''], resources: ['pods/exec'], resourceNames: ['web-0'], verbs: ['create', 'get'] },
      { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: ['web'], verbs: ['patch'] },
    ]),
  );
});

test('all namespaces, cluster-scoped objects and paths are the cluster role; what it holds is not said again', () => {
  const all = { namespace: '', resource: 'pods', verb: 'list' };
  assert.deepEqual(
    rulesOf(
      use(all),
      use({ ...all, namespace: 'shop' }),
      use({ resource: 'nodes', namespace: '' }),
      use({ resourceRequest: false, path: '/metrics', namespace: '' }),
    ),
    [
      {
        kind: 'ClusterRole',
        metadata: { name: 'shop.app' },
        rules: [
          { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
          { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
          { nonResourceURLs: ['/metrics'], verbs: ['get'] },
        ],
      },
    ],
  );
});

test('what everybody may read to find his way is not granted again', () => {
  assert.deepEqual(rulesOf(use({ resourceRequest: false, path: '/openapi/v3', namespace: '' })), []);
});

test('law: blind to order, monotone', () => {
  const uses = [
    named(['a']),
    use({ verb: 'list' }),
    use({ resource: 'pods', verb: 'watch', namespace: '' }),
    named(['b'], { namespace: 'other' }),
  ];
  const text = (all: readonly ApiUse[]): string => JSON.stringify(generateRbac(app, all, options).objects);
  assert.equal(text(uses.toReversed()), text(uses));
  const { objects } = generateRbac(app, uses, options);
  for (let at = 0; at < uses.length; at += 1) {
    const less = uses.filter((_, index) => index !== at);
    assert.deepEqual(proveRbac(objects, less, []).refused, []);
    // Tight: without the evidence the right is not there.
    const left = generateRbac(app, less, options).objects;
    assert.equal(proveRbac(left, [uses[at] as ApiUse], []).allowed, 0);
  }
});

interface Expectation {
  readonly subject: string;
  readonly mustAllow: readonly unknown[];
  readonly mustDeny: readonly unknown[];
  readonly unobserved: readonly unknown[];
  readonly baseline: readonly unknown[];
}

/** Covered, and excess, of the best tool there (README of the suite). */
const best: Readonly<Record<string, readonly [covered: number, excess: number]>> = {
  'human-exec-and-logs': [5, 4],
  'prometheus-cluster-scope': [7, 4],
  'scale-subresource': [2, 1],
};

for (const [name, [covered, excess]] of Object.entries(best)) {
  test(`${name}: all covered, nothing refused granted, at most the best tool's excess`, { skip }, async () => {
    const { readingKubernetesAudit } = await import('#imports/kubernetes-audit.ts');
    const expected = JSON.parse(readFileSync(`${suite}/${name}.expect.json`, 'utf8')) as Expectation;
    const reader = readingKubernetesAudit();
    for (const line of readFileSync(`${suite}/${name}.audit.jsonl`, 'utf8').split('\n'))
      assert.equal(reader.add(line), null);
    const uses = reader.end().uses.filter(({ user }) => user === expected.subject);
    const { objects } = generateRbac(user(expected.subject), uses, options);
    const own = objects.map((each) => rbacObject.parse(each));
    assert.deepEqual(
      own.map(refusedBy).filter((each) => each !== null),
      [],
    );
    const judge = authorizerOf([...expected.baseline.map((each) => rbacObject.parse(each)), ...own]);
    const allowed = (all: readonly unknown[]): Request[] =>
      all.map((each) => request.parse(each)).filter((each) => judge.authorize(each).allowed);
    assert.equal(allowed(expected.mustAllow).length, covered);
    assert.equal(expected.mustAllow.length, covered);
    assert.deepEqual(allowed(expected.mustDeny), []);
    const beside = allowed(expected.unobserved);
    assert.ok(
      beside.length <= excess,
      `${beside.length} beside: ${beside.map(({ verb, resource, subresource, namespace, name: which }) => `${verb} ${resource}/${subresource} ${namespace} ${which}`).join('; ')}`,
    );
  });
}
