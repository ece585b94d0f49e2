import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterOf, existingOf, plainNames } from './cluster.cases.ts';
import { forms } from './forms.ts';
import { verdict } from './judge/judge.ts';
import { question, requestOf } from './judge/request.ts';
import { mine, miningDefaults, type MiningOptions } from './mine.ts';
import { patterns } from './patterns/index.ts';
import { prefixOf } from './patterns/images.ts';
import { prove } from './prove.ts';
import { subjectText } from './rule/rule.ts';
import { groups } from './subjects.ts';

const options: MiningOptions = { ...miningDefaults, scope: { except: ['kube-system'] } };
const objects = existingOf(clusterOf(280));
const { proposals, rejected } = mine(objects, options);

test('every pattern is found where it holds, with its support and its exceptions by name', () => {
  const every = patterns.flatMap((pattern) => pattern(groups(objects), 2)).map(({ id }) => id);
  assert.deepEqual(rejected, []);
  assert.deepEqual(proposals.map(({ rule }) => rule.id).toSorted(), every.toSorted());
  assert.ok(every.length >= 36, `${every.length} patterns`);
  const found = proposals.find(({ rule }) => rule.id === 'image-registries')?.rule;
  assert.deepEqual(found?.support, { holds: 124, of: 140 });
  assert.ok(found?.exceptions.map(subjectText).includes('Deployment/ns-0/app-0'), JSON.stringify(found?.exceptions));
  assert.equal(found?.exceptions.length, 16);
});

for (const [name, form] of Object.entries(forms))
  test(`${name}: all that is there passes or is an exception, each counter-example is refused`, () => {
    const text = proposals.map(({ rule }) => form.write(rule, 'enforce')).join('');
    const proof = prove(form.judge(text), proposals, objects, form.nameOf);
    assert.deepEqual(proof.faults, []);
    assert.equal(proof.objects, objects.length);
  });

test('a rule without its exception, or for less than there is, is told by the proof', () => {
  const { vap } = forms;
  const [first] = proposals.filter(({ rule }) => rule.exceptions.length > 1);
  assert.ok(first);
  const faultsOf = (rule: typeof first.rule): readonly string[] =>
    prove(vap.judge(vap.write(rule, 'watch')), [{ ...first, rule }], objects, vap.nameOf).faults;
  assert.match(
    faultsOf({ ...first.rule, exceptions: first.rule.exceptions.slice(1) }).join(),
    /refuses .*, which is there/,
  );
  assert.match(faultsOf({ ...first.rule, holds: { cel: 'true' } }).join(), /lets its counter-example through/);
  assert.match(
    faultsOf({ ...first.rule, holds: { cel: 'object.spec.no.such' } }).join(),
    /fails on its counter-example/,
  );
  const passing = objects.find(({ name }) => name === 'app-7');
  assert.ok(passing);
  const needless = [...first.rule.exceptions, { kind: 'Deployment', namespace: 'ns-1', name: 'app-7' }];
  assert.match(faultsOf({ ...first.rule, exceptions: needless }).join(), /through without its exception/);
});

test('the order of the objects changes nothing', () => {
  const written = (all: typeof objects): string =>
    mine(all, options)
      .proposals.map(({ rule }) => forms.vap.write(rule, 'watch'))
      .join('');
  assert.equal(written(objects.toReversed()), written(objects));
});

test('below the support, with too few objects or too many exceptions nothing is proposed', () => {
  const ids = (changed: Partial<MiningOptions>): string[] =>
    mine(objects, { ...options, ...changed }).proposals.map(({ rule }) => rule.id);
  assert.ok(!ids({ minSupport: 0.9 }).includes('image-registries'));
  assert.ok(!ids({ maxExceptions: 15 }).includes('image-registries'));
  assert.ok(!ids({ minObjects: 141 }).includes('image-registries'));
  const { rejected: told } = mine(objects, { ...options, minSupport: 0.9 });
  assert.match(told.find(({ id }) => id === 'image-registries')?.why ?? '', /124 of 140: below 0\.9/);
});

test('a value that one object uses is an exception, no pattern', () => {
  const [one] = clusterOf(1, { ...plainNames, registry: 'elsewhere.example/x/' }, 0);
  const all = existingOf([...clusterOf(140), { ...one, metadata: { name: 'lone', namespace: 'ns-1' } }]);
  const rule = mine(all, options).proposals.find((each) => each.rule.id === 'image-registries')?.rule;
  assert.ok(rule);
  assert.ok(rule.exceptions.some(({ name }) => name === 'lone'));
  assert.doesNotMatch(rule.holds.cel, /elsewhere/);
});

test('namespaces that are left out are neither asked nor governed', () => {
  const scope = { only: ['ns-1'] };
  const own = mine(objects, { ...options, minObjects: 1, minSupport: 0.5, scope }).proposals;
  assert.ok(own.length > 10);
  const text = own.map(({ rule }) => forms.vap.write(rule, 'enforce')).join('');
  const judge = forms.vap.judge(text);
  assert.deepEqual(
    prove(
      judge,
      own,
      objects.filter(({ namespace }) => namespace === 'ns-1'),
      forms.vap.nameOf,
    ).faults,
    [],
  );
  assert.deepEqual(
    own.flatMap(({ rule }) => rule.exceptions.filter(({ namespace }) => namespace !== 'ns-1')),
    [],
  );
});

test('a prefix of images ends with a slash, as runtimes read names', () => {
  const names: readonly (readonly [string, string])[] = [
    ['nginx', 'docker.io/library/'],
    ['nginx:1', 'docker.io/library/'],
    ['bitnami/nginx', 'docker.io/bitnami/'],
    ['docker.io/nginx', 'docker.io/library/'],
    ['localhost/a', 'localhost/'],
    ['r:5000/a/b/c@sha256:0', 'r:5000/a/'],
    ['quay.io/team/app:1', 'quay.io/team/'],
  ];
  for (const [image, prefix] of names) assert.equal(prefixOf(image), prefix, image);
});

test('a value that holds all others is no pattern: the root of the node, all capabilities', () => {
  const [first] = clusterOf(1, { ...plainNames, path: '/', capability: 'ALL' }, 0);
  const wide = [1, 2, 3].map((at) => ({ ...first, metadata: { name: `wide-${at}`, namespace: 'ns-1' } }));
  const { proposals: own } = mine(existingOf([...clusterOf(140, plainNames, 0), ...wide]), options);
  for (const id of ['host-paths', 'capabilities-added']) {
    const rule = own.find((each) => each.rule.id === id)?.rule;
    assert.deepEqual(
      rule?.exceptions.map(({ name }) => name),
      ['wide-1', 'wide-2', 'wide-3'],
      id,
    );
  }
});

test('an ingress that only answers ACME challenges needs no tls: its certificate is to come', () => {
  const rule = proposals.find((each) => each.rule.id === 'ingress-tls')?.rule;
  assert.ok(rule);
  const judge = forms.vap.judge(forms.vap.write(rule, 'enforce'));
  const answer = (...paths: readonly string[]): boolean => {
    const spec = { rules: [{ host: 'a.example', http: { paths: paths.map((path) => ({ path })) } }] };
    const object = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'i', namespace: 'x' },
      spec,
    };
    return verdict(judge, requestOf(question.parse({ object })), false).allowed;
  };
  assert.equal(answer('/.well-known/acme-challenge/abc'), true);
  assert.equal(answer('/.well-known/acme-challenge/abc', '/'), false);
  assert.equal(answer(), false);
});
