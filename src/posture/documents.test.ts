import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documents, parts, placesIn } from './documents.ts';
import { contents } from './workloads.ts';

const objects = (text: string): unknown[] =>
  documents(text).map((read) => (read.type === 'object' ? read.object : `broken at ${read.line}`));

test('the parts of a file are the whole file', () => {
  for (const text of ['', 'a: 1', '---\na: 1\n---\nb: 2\n', '# c\n---\na: 1\n---\n\n---\nb: |\n  ---\n'])
    assert.equal(
      parts(text)
        .map((part) => part.text)
        .join(''),
      text,
    );
});

test('one broken document of a thousand is told with its line, and the others are read', () => {
  const text = Array.from({ length: 1000 }, (_, at) =>
    at === 499 ? '---\nkind: Pod\nbad: "never closed\n' : `---\nkind: Pod\nn: ${at}\n`,
  ).join('');
  const read = documents(text);
  assert.equal(read.filter(({ type }) => type === 'object').length, 999);
  const [broken, ...others] = read.filter((each) => each.type === 'broken');
  assert.deepEqual(others, []);
  assert.equal(broken?.part.line, 499 * 3 + 1);
  assert.ok(broken !== undefined && broken.line > 499 * 3 && broken.line <= 499 * 3 + 4, `${broken?.line}`);
});

test('what kubectl reads as true is true, and a time stays a string', () => {
  assert.deepEqual(objects('a: yes\nb: on\nc: 2026-01-01\nd: 12:30:45\ne: "yes"\n'), [
    { a: true, b: true, c: '2026-01-01', d: '12:30:45', e: 'yes' },
  ]);
});

test('comments and empty documents are no documents', () => {
  assert.deepEqual(objects('# a comment\n---\n# another\n---\na: 1\n...\n---\n'), [{ a: 1 }]);
});

test('JSON is read too, and broken JSON has its line', () => {
  assert.deepEqual(objects('{"a": [1]}'), [{ a: [1] }]);
  assert.deepEqual(objects('{"a": 1,\n"b": }}'), ['broken at 2']);
});

test('every kind that makes pods is found, lists within files too, and others are named', () => {
  const pod = { spec: { containers: [] } };
  const found = (object: unknown): unknown =>
    contents(object).map((each) => (each.type === 'pods' ? each.pods.map(({ path }) => path.join('.')) : each.type));
  const maker = (apiVersion: string, kind: string, below: object): object => ({
    apiVersion,
    kind,
    metadata: { name: 'x' },
    ...below,
  });
  const templated = { spec: { template: pod } };
  for (const [object, expected] of [
    [maker('v1', 'Pod', pod), [['']]],
    [maker('v1', 'PodTemplate', { template: pod }), [['template']]],
    [maker('v1', 'ReplicationController', templated), [['spec.template']]],
    ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'].map(
      (kind) => [maker('apps/v1', kind, templated), [['spec.template']]] as const,
    ),
    [maker('batch/v1', 'Job', templated), [['spec.template']]],
    [
      maker('batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template: pod } } } }),
      [['spec.jobTemplate.spec.template']],
    ],
    [maker('argoproj.io/v1alpha1', 'Rollout', templated), [['spec.template']]],
    [maker('v1', 'ConfigMap', {}), ['none']],
    [maker('networking.k8s.io/v1', 'Ingress', {}), ['none']],
    [maker('example.com/v1', 'Widget', {}), ['unknown']],
    [{ a: 1 }, ['no object']],
    [
      { apiVersion: 'v1', kind: 'List', items: [maker('v1', 'Secret', {}), maker('v1', 'Pod', pod)] },
      ['none', ['items.1']],
    ],
    [{ apiVersion: 'v1', kind: 'PodList', items: [pod] }, [['items.0']]],
  ] as const)
    assert.deepEqual(found(object), expected, JSON.stringify(object));
});

test('a place has its line in the file, what is missing that of what it is missing from', () => {
  const line = placesIn({ line: 10, text: '---\nspec:\n  list:\n  - name: a\n  - name: b\n    set: {x: 1}\n' });
  for (const [path, expected] of [
    [[], 10],
    [['spec'], 11],
    [['spec', 'list', 0], 13],
    [['spec', 'list', 1, 'set', 'x'], 15],
    [['spec', 'list', 1, 'missing', 'more'], 14],
    [['spec', 'missing'], 11],
  ] as const)
    assert.equal(line(path), expected, path.join('.'));
});
