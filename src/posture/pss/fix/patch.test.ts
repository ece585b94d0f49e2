/** Patches and edited texts lead to the pod that was judged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { json } from '#kubernetes/json.ts';
import { parts } from '../../documents.ts';
import { edited } from '../../edit.ts';
import type { PodSource } from '../../workloads.ts';
import { cases, good } from '../versions.cases.ts';
import { type Operation, jsonPatch, strategicPatch } from './patch.ts';
import { plan } from './plan.ts';

const source = (pod: unknown): PodSource => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: 'web',
  namespace: 'shop',
  path: ['spec', 'template'],
  pod,
});

/** Every faulty pod of the tables, with the way to restricted. */
const ways = cases.map(({ what, change }) => {
  const pod = structuredClone(good);
  change(pod);
  return { what, pod, fixed: plan(pod, 'restricted', 'latest', new Map()) };
});

/** RFC 6902, by its own words. */
function applied(object: unknown, operations: readonly Operation[]): unknown {
  const whole = structuredClone(object) as Record<string, unknown>;
  for (const { op, path, value } of operations) {
    const keys = path
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let at = whole;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    assert.ok(typeof at === 'object', path);
    if (op !== 'add') assert.ok(last in at, path);
    if (op === 'remove') delete at[last];
    else at[last] = value;
  }
  return whole;
}

/** As an API server merges maps and named lists. */
function merged(object: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...json(object) };
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete result[key];
    else if (Array.isArray(change) && key in keyOf) result[key] = mergedList(result[key], change, keyOf[key] ?? '');
    else result[key] = merged(result[key], change);
  }
  return result;
}
const keyOf: Record<string, string> = {
  containers: 'name',
  volumes: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
};

function mergedList(list: unknown, changes: readonly unknown[], key: string): unknown {
  let now = (list ?? []) as Record<string, unknown>[];
  for (const change of changes as Record<string, unknown>[]) {
    const known = now.find((each) => each[key] === change[key]);
    if (change['$patch'] === 'delete') now = now.filter((each) => each !== known);
    else if (known === undefined) now = [...now, change];
    else now = now.map((each) => (each === known ? (merged(each, change) as Record<string, unknown>) : each));
  }
  return now;
}

test('JSON patches and strategic merge patches make of the pod what was judged', () => {
  for (const { what, pod, fixed } of ways) {
    const object = { spec: { template: pod } };
    const expected = { spec: { template: fixed.pod } };
    assert.deepEqual(applied(object, jsonPatch(source(pod), pod, fixed.pod)), expected, what);
    const { spec } = strategicPatch(source(pod), pod, fixed.pod);
    assert.deepEqual(merged(object, { spec: spec ?? {} }), expected, what);
  }
});

test('the edited text of any of them says what was judged', () => {
  for (const { what, pod, fixed } of ways) {
    const text = JSON.stringify({ spec: { template: pod } });
    const edits = fixed.changes.map(({ path, value }) => ({ path: ['spec', 'template', ...path], value }));
    for (const written of [text, `# as YAML\n${text}`]) {
      const result = edited({ line: 1, text: written }, edits);
      assert.deepEqual(parse(result), { spec: { template: fixed.pod } }, `${what}: ${result}`);
    }
  }
});

const yaml = `# the head
spec: &spec # shared
  # who runs
  containers:
  - name: "app"   # quoted
    image: 'x'
    args: [a,  "b"]
    # kept
    securityContext: &own
      privileged: true # why
      readOnlyRootFilesystem: yes

  - name: side
    securityContext: *own
  terminationGracePeriodSeconds: 010
other: |
  text
    stays
`;

test('comments, order, quotes and unknown keys of the text stay', () => {
  const [part] = parts(yaml);
  assert.ok(part !== undefined);
  const text = edited(part, [
    { path: ['spec', 'containers', 0, 'securityContext', 'privileged'], value: undefined },
    { path: ['spec', 'containers', 0, 'securityContext', 'allowPrivilegeEscalation'], value: false },
    { path: ['spec', 'securityContext', 'runAsNonRoot'], value: true },
  ]);
  for (const kept of [
    '# the head',
    '# shared',
    '# who runs',
    '"app"   # quoted',
    '[a,  "b"]',
    "'x'",
    '# kept',
    '  text\n    stays',
  ])
    assert.ok(text.includes(kept), `${kept}\n${text}`);
  assert.match(text, /^ {2}containers:\n {2}- name/m);
  assert.ok(text.indexOf('image:') > text.indexOf('name: "app"'));
});

test('what an alias shares with others is changed in its own place alone', () => {
  const text = edited({ line: 1, text: yaml }, [
    { path: ['spec', 'containers', 1, 'securityContext', 'privileged'], value: undefined },
    { path: ['spec', 'containers', 1, 'securityContext', 'capabilities', 'drop'], value: ['ALL'] },
  ]);
  const { spec } = parse(text, { version: '1.1' }) as { spec: { containers: { securityContext: unknown }[] } };
  assert.deepEqual(
    spec.containers.map(({ securityContext }) => securityContext),
    [
      { privileged: true, readOnlyRootFilesystem: true },
      { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ],
  );
});

test('what comes from a merged map is set in its own place', () => {
  const text = edited(
    {
      line: 1,
      text: 'base: &b\n  securityContext: {privileged: true, procMount: Default}\nspec:\n  <<: *b\n  name: x\n',
    },
    [{ path: ['spec', 'securityContext', 'privileged'], value: undefined }],
  );
  const { spec, base } = parse(text, { version: '1.1' }) as Record<string, unknown>;
  assert.deepEqual(spec, { name: 'x', securityContext: { procMount: 'Default' } });
  assert.deepEqual(base, { securityContext: { privileged: true, procMount: 'Default' } });
});

test('line ends stay what they are, and what cannot be edited is refused whole', () => {
  const text = edited({ line: 1, text: 'a: 1\r\nb:\r\n  c: 2\r\n' }, [{ path: ['b', 'd'], value: true }]);
  assert.equal(text, 'a: 1\r\nb:\r\n  c: 2\r\n  d: true\r\n');
  const several = { line: 1, text: 'a: 1\n...\n# second\nb: 2\n' };
  assert.throws(() => edited(several, [{ path: ['a'], value: 3 }]));
  assert.throws(() => edited({ line: 1, text: 'a: 1\n' }, [{ path: ['a', 'b'], value: 3 }]));
});

test('nothing but the lines of the change changes', () => {
  const text = yaml.replace('yes\n\n', 'yes\n').replace('&own', '').replace('*own', '{}');
  for (const [path, value, before, after] of [
    [['spec', 'containers', 0, 'securityContext', 'privileged'], undefined, '      privileged: true # why\n', ''],
    [['spec', 'containers', 0, 'securityContext', 'privileged'], false, 'privileged: true', 'privileged: false'],
    [
      ['spec', 'containers', 0, 'securityContext', 'capabilities', 'drop'],
      ['ALL'],
      'Filesystem: yes\n',
      'Filesystem: yes\n      capabilities:\n        drop:\n        - ALL\n',
    ],
    [['spec', 'x'], 'yes', 'Seconds: 010\n', 'Seconds: 010\n  x: "yes"\n'],
    [['z'], 1, '    stays\n', '    stays\nz: 1\n'],
  ] as const)
    assert.equal(edited({ line: 1, text }, [{ path, value }]), text.replace(before, after), path.join('.'));
});
