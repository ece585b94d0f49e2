/** The form of the Rego: each rule has one, and names of objects are literals in it. `test/rego.test.ts` runs it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { clusterOf, existingOf, plainNames } from '../cluster.cases.ts';
import { mine, miningDefaults } from '../mine.ts';
import { writeGatekeeper } from './gatekeeper.ts';

const names = { ...plainNames, registry: 'r.example/a"]) { true } #\n%/', path: '/x\\"\u0000🦊' };
const { proposals } = mine(existingOf(clusterOf(140, names)), { ...miningDefaults, scope: { except: [] } });
const regoOf = (id: string): string => {
  const rule = proposals.find((each) => each.rule.id === id)?.rule;
  assert.ok(rule, id);
  const [template] = parseAllDocuments(writeGatekeeper(rule, 'watch', true)).map(
    (each) => each.toJS() as { spec: { targets: { code: { engine: string; source: { rego: string } }[] }[] } },
  );
  const second = template?.spec.targets[0]?.code[1];
  assert.equal(second?.engine, 'Rego');
  return second.source.rego;
};

test('every rule has a package with a violation, in printable ASCII', () => {
  assert.ok(proposals.length > 40);
  for (const { rule } of proposals) {
    const rego = regoOf(rule.id);
    assert.match(rego, /^package kguardian[a-z0-9]+\n\nviolation\[\{"msg": msg\}\] \{\n/);
    assert.match(rego, /^[\n -~]*$/);
    // Without literals each bracket closes, and each function that is asked is there.
    const bare = rego.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
    for (const [open, close] of ['()', '[]', '{}'].map((each) => each.split('')))
      assert.equal(bare.split(open ?? '').length, bare.split(close ?? '').length, rule.id);
    for (const [, name] of bare.matchAll(/\b(f\d+)\(/g)) assert.match(bare, new RegExp(`^${name}\\(.*\\) \\{$`, 'm'));
  }
});

test('an expression becomes functions that are true or undefined', () => {
  assert.match(
    regoOf('privileged'),
    /f\d+\(c\) \{\n {2}object\.get\(c, \["securityContext", "privileged"\], false\) == false\n\}/,
  );
  assert.match(regoOf('privileged'), /count\(\[1 \| c := containers\[_\]; not f\d+\(c\)\]\) == 0/);
  assert.match(regoOf('host-paths'), /== \["\/x\\\\\\"\\u0000\\ud83e\\udd8a"\]\[_\]/);
  // An audit has no operation: a rule that asked for one would find nothing.
  assert.match(regoOf('privileged'), /\n {2}not input\.review\.operation == "DELETE"\n/);
});
