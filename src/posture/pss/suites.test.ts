/** Against upstream's own pods and unit tables, and what a real API server wrote to its audit log. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { json, text } from '#kubernetes/json.ts';
import { defaulted } from './defaults.ts';
import { checks, refusalText, violations, violationText } from './evaluate.ts';
import { type Level, parseVersion, type Version } from './level.ts';
import { readPod } from './pod.ts';

const shared = fileURLToPath(new URL('../../../../shared/', import.meta.url));
const lines = (file: string): Record<string, unknown>[] =>
  readFileSync(`${shared}${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const skip = existsSync(shared) ? false : '../shared is not beside the checkout';

function version(value: unknown): Version {
  const parsed = parseVersion(String(value));
  assert.ok(parsed !== null, `${String(value)} is a version`);
  return parsed;
}

test("upstream's pods get upstream's verdicts and words", { skip }, () => {
  const cases = lines('suites/pss-sample.jsonl');
  assert.ok(cases.length > 0);
  for (const { id, level, version: at, expect, message, pod } of cases) {
    const found = violations(defaulted(readPod(pod)), level as Level, version(at));
    assert.equal(found.map(violationText).join(', '), expect === 'pass' ? '' : message, String(id));
  }
});

test("each check says what upstream's unit tables say", { skip }, () => {
  const cases = lines('suites/upstream-units/pss-checks.jsonl');
  assert.ok(cases.length > 0);
  const asked = new Set<string>();
  for (const { test: table, name, check: id, minVersion, pod, expect } of cases) {
    asked.add(String(id));
    const title = `${String(table)}: ${String(name)}`;
    const check = checks.find((each) => each.id === id);
    const minor = version(minVersion);
    const variant = check?.versions.findLast(({ since }) => minor !== 'latest' && since <= minor);
    assert.ok(variant !== undefined, title);
    // The tables ask the checks, without an API server's defaults before them.
    const found = variant.run(readPod(pod));
    const { allowed, reason, detail } = json(expect);
    assert.equal(found === null, allowed, title);
    if (found === null) continue;
    if (text(reason) !== null) assert.equal(found.reason, reason, title);
    if (text(detail) !== null) assert.equal(found.detail, detail, title);
  }
  assert.deepEqual([...asked].toSorted(), checks.map(({ id }) => id).toSorted());
});

test('versions are what upstream takes for versions', { skip }, () => {
  for (const { test: table, input, expect, expectError } of lines('suites/upstream-units/pss-namespace-labels.jsonl')) {
    if (table !== 'TestParseVersion') continue;
    const { latest, minor } = json(expect);
    assert.deepEqual(parseVersion(String(input)), expectError === true ? null : latest === true ? 'latest' : minor);
  }
});

test('a real API server found the same in the templates and pods that it was sent', { skip }, () => {
  let seen = 0;
  for (const { annotations, requestObject, responseObject } of lines('kubernetes/audit.log')) {
    const said = text(json(annotations)['pod-security.kubernetes.io/audit-violations']);
    const object = json(responseObject ?? requestObject);
    const template = object['kind'] === 'Pod' ? object : json(object['spec'])['template'];
    if (said === null || template === undefined || object['spec'] === undefined) continue;
    const found = violations(defaulted(readPod(template)), 'restricted', 'latest');
    assert.equal(`would ${refusalText(found, 'restricted', 'latest').replace('violates', 'violate')}`, said);
    seen += 1;
  }
  assert.ok(seen > 0, 'the audit log holds such requests');
});
