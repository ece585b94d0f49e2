/** Labels of namespaces as the admission plugin reads them: upstream's tables, and the configuration that exempts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { type Json, json, labels, list, text, texts } from '#kubernetes/json.ts';
import { levels, parseVersion } from './level.ts';
import { configuration, UnreadableConfiguration } from './configuration.ts';
import {
  answerTo,
  exemptWarning,
  noDefaults,
  type NamespacePolicy,
  policyOf,
  policyText,
  type RunningPod,
} from './namespace.ts';

const file = fileURLToPath(
  new URL('../../../../shared/suites/upstream-units/pss-namespace-labels.jsonl', import.meta.url),
);
const skip = existsSync(file) ? false : 'no ../shared/suites here';
const rows = (table: string): Json[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => json(JSON.parse(line)))
    .filter((row) => row['test'] === table);

function defaultsOf(given: unknown): NamespacePolicy {
  const of = (mode: string) => {
    const { Level, Version } = json(json(given)[mode]);
    return {
      level: levels.find((each) => each === Level) ?? 'privileged',
      version: parseVersion(text(Version) ?? 'latest') ?? 'latest',
    };
  };
  return { enforce: of('Enforce'), audit: of('Audit'), warn: of('Warn') };
}

test('11 namespaces have the policy that upstream takes from their labels', { skip }, () => {
  const all = rows('TestPolicyToEvaluate');
  assert.equal(all.length, 11);
  for (const { name, labels: given, expect, expectError } of all) {
    const { policy, faults } = policyOf(labels(given));
    assert.deepEqual(
      { enforce: policyText(policy.enforce), warn: policyText(policy.warn), audit: policyText(policy.audit) },
      expect,
      String(name),
    );
    assert.equal(faults.length > 0, expectError, String(name));
  }
});

test('7 exempt namespaces are warned of where upstream warns of them', { skip }, () => {
  const all = rows('TestExemptNamespaceWarning');
  assert.equal(all.length, 7);
  for (const { name, labels: given, defaultPolicy, expectWarning, expectWarningContains } of all) {
    const warning = exemptWarning('test', labels(given), defaultsOf(defaultPolicy));
    assert.equal(warning !== null, expectWarning, String(name));
    if (warning !== null) assert.ok(warning.includes(String(expectWarningContains)), warning);
  }
});

/** Upstream's own pods of rows that name none: the table leaves them out, its warnings have their names and words. */
const upstreamPods = ['noruntimeclass', 'runtimeclass1', 'runtimeclass2', 'runtimeclass3'].map((kind) => ({
  ObjectMeta: {
    Name: `${kind}pod`,
    Annotations: { error: kind === 'runtimeclass3' ? 'message, message2' : 'message' },
  },
  Spec: kind === 'noruntimeclass' ? {} : { RuntimeClassName: kind },
}));

function podOf(given: unknown): RunningPod {
  const { ObjectMeta, Spec } = json(given);
  const { Name, Annotations, OwnerReferences } = json(ObjectMeta);
  return {
    name: String(Name),
    runtimeClass: text(json(Spec)['RuntimeClassName']),
    controller: text(json(list(OwnerReferences)[0])['UID']),
    refused: () => text(json(Annotations)['error']) ?? '',
  };
}

/** They are about the second that upstream's plugin has for all pods: here nobody is in a hurry. */
const timed = ['timeout on list', 'timeout on evaluate'];

test('21 changes of labels are answered as upstream answers them', { skip }, () => {
  const all = rows('TestValidateNamespace').filter(({ name }) => !timed.includes(String(name)));
  assert.equal(all.length, 21);
  for (const row of all) {
    const { refused, warnings, evaluated } = answerTo({
      namespace: 'test',
      before: row['oldLabels'] === undefined ? null : labels(row['oldLabels']),
      after: labels(row['newLabels']),
      defaults: row['defaultPolicy'] === undefined ? noDefaults : defaultsOf(row['defaultPolicy']),
      exemptions: { namespaces: texts(row['exemptNamespaces']), runtimeClasses: texts(row['exemptRuntimeClasses']) },
      pods: (row['pods'] === undefined ? upstreamPods : list(row['pods'])).map(podOf),
      most: 4,
    });
    const title = String(row['name']);
    assert.equal(refused.length === 0, row['expectAllowed'], title);
    assert.ok(refused.join().includes(text(row['expectError']) ?? ''), title);
    assert.deepEqual(warnings, row['expectWarnings'] ?? [], title);
    assert.equal(evaluated !== null, row['expectListPods'], title);
    if (evaluated === null) continue;
    const { Level, Version } = json(row['expectEvaluate']);
    assert.equal(policyText(evaluated), `${String(Level)}:${String(Version)}`, title);
  }
});

test("the plugin's configuration: defaults and exemptions, alone or within an AdmissionConfiguration", () => {
  const own = `apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: baseline, enforce-version: v1.30}
exemptions: {usernames: [ci], runtimeClasses: [kata], namespaces: [kube-system]}
`;
  const whole = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: EventRateLimit
- name: PodSecurity
  configuration:
${own.replaceAll(/^/gm, '    ')}`;
  for (const given of [own, whole]) {
    const { defaults, exemptions, usernames } = configuration(given);
    assert.deepEqual(defaults, {
      enforce: { level: 'baseline', version: 30 },
      audit: { level: 'privileged', version: 'latest' },
      warn: { level: 'privileged', version: 'latest' },
    });
    assert.deepEqual(exemptions, { namespaces: ['kube-system'], runtimeClasses: ['kata'] });
    assert.deepEqual(usernames, ['ci']);
  }
  for (const bad of ['', '{', 'kind: Pod', own.replace('baseline', 'other'), own.replace('v1.30', '30')])
    assert.throws(() => configuration(bad), UnreadableConfiguration);
});
