/** The written text: the official schemas take it, and nothing that objects are called becomes a part of its language. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { faults, officialCore, officialCrd, withoutSchemas } from '#policies/official-schemas.cases.ts';
import { clusterOf, existingOf } from '../cluster.cases.ts';
import { forms } from '../forms.ts';
import { mine, miningDefaults } from '../mine.ts';
import { prove } from '../prove.ts';
import { quoted } from '../rule/cel.ts';

const scope = { except: ['kube-system'] };
const whole = mine(existingOf(clusterOf(280)), { ...miningDefaults, scope }).proposals.map(({ rule }) => rule);

interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
}
const documents = (text: string): Written[] =>
  parseAllDocuments(text).map((each) => {
    assert.deepEqual(each.errors, []);
    return each.toJS() as Written;
  });

test('each form fits the official schema of its kind', { skip: withoutSchemas }, () => {
  const core = 'apis__admissionregistration.k8s.io__v1.json';
  const admission = (kind: string): ReturnType<typeof officialCore> =>
    officialCore(core, `io.k8s.api.admissionregistration.v1.${kind}`);
  const seen = new Set<string>();
  for (const form of Object.values(forms))
    for (const stage of ['watch', 'enforce'] as const)
      for (const only of [scope, { only: ['shop'] }, { except: [] }])
        for (const object of whole.flatMap((rule) => documents(form.write({ ...rule, scope: only }, stage)))) {
          const { apiVersion, kind } = object;
          seen.add(kind);
          // Gatekeeper makes the schema of constraints; kinds and groups are its own words.
          if (apiVersion.startsWith('constraints.gatekeeper.sh/')) continue;
          const schema = apiVersion.startsWith('admissionregistration')
            ? admission(kind)
            : officialCrd(apiVersion.startsWith('templates') ? 'gatekeeper' : 'kyverno', apiVersion, kind);
          assert.deepEqual(faults(object, schema), [], `${kind} ${object.metadata.name}`);
          assert.match(object.metadata.name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        }
  for (const kind of ['ValidatingAdmissionPolicyBinding', 'ConstraintTemplate', 'ValidatingPolicy', 'ClusterPolicy'])
    assert.ok(seen.has(kind), kind);
});

test('what watches refuses nothing, what enforces denies', () => {
  const [rule] = whole;
  assert.ok(rule);
  const actions = (name: keyof typeof forms, stage: 'watch' | 'enforce'): string =>
    /validationActions:\n(?: +- \w+\n)+|enforcementAction: \w+|failureAction: \w+/
      .exec(forms[name].write(rule, stage))?.[0]
      .replaceAll(/\s+/g, ' ')
      .trim() ?? '';
  assert.equal(actions('vap', 'watch'), 'validationActions: - Audit - Warn');
  assert.equal(actions('vap', 'enforce'), 'validationActions: - Deny - Audit');
  assert.equal(actions('gatekeeper', 'watch'), 'enforcementAction: dryrun');
  assert.equal(actions('gatekeeper', 'enforce'), 'enforcementAction: deny');
  assert.equal(actions('kyverno', 'watch'), 'validationActions: - Audit');
  assert.equal(actions('kyverno-cluster', 'enforce'), 'failureAction: Enforce');
});

/** Pieces that mean something to one of the languages, in any order. */
const pieces = [
  ...[
    '"',
    "'",
    '\\',
    '\n',
    '\r',
    '\t',
    '`',
    '{{',
    '}}',
    '$(',
    '${',
    '%s',
    '%',
    '#',
    ': ',
    '- ',
    '---\n',
    '|',
    '>',
    '&a',
    '*a',
  ],
  ...[
    '"]) || true || (["',
    '\\"',
    'r"',
    '"""',
    '//',
    '\u2028',
    '\u0000',
    '\u007f',
    '\ud800',
    '🦊',
    'é',
    '[?]',
    '<!--',
    '!!int 1',
    'yes',
  ],
  ...['a', 'B', '7', '.', '/', ' ', '_'],
];
const hostile = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 }).map((each) => each.join(''));

test('a string in CEL is the string again', () => {
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
      const written = quoted(text);
      assert.match(written, /^[ -~]*$/);
      assert.doesNotMatch(written, /[{}$]/);
      assert.equal(evaluate(written), text.toWellFormed());
    }),
    { numRuns: 500 },
  );
});

test('hostile names of images, labels, hosts, classes, paths and capabilities end up quoted in each form', () => {
  fc.assert(
    fc.property(
      fc.array(hostile, { minLength: 6, maxLength: 6 }),
      fc.constantFrom(...Object.keys(forms)),
      (texts, name) => {
        const form = forms[name as keyof typeof forms];
        const [image = '', label = '', domain = '', storage = '', path = '', capability = ''] = texts;
        const names = {
          registry: `r.example/${image}/`,
          label: `l${label}`,
          domain: `d${domain}.example`,
          storage,
          path,
          capability,
        };
        const objects = existingOf(clusterOf(70, names, 5).map((each) => named(each, image)));
        const { proposals } = mine(objects, { ...miningDefaults, minSupport: 0.6, scope });
        const written = proposals.map(({ rule }) => form.write(rule, 'enforce'));
        const expected = existingCount(name, proposals.length);
        const found = documents(written.join(''));
        assert.equal(found.length, expected);
        assert.ok(proposals.length > 30, `${proposals.length}`);
        assert.ok(written.every((each) => /^[\n -~]*$/.test(each)));
        assert.deepEqual(prove(form.judge(written.join('')), proposals, objects, form.nameOf).faults, []);
      },
    ),
    { numRuns: 12 },
  );
});

/** Exceptions are named after objects: these, too, are anybody's words. */
function named(object: object, text: string): object {
  const { metadata } = object as { metadata: { name: string } };
  return { ...object, metadata: { ...metadata, name: `${metadata.name}${text}` } };
}

function existingCount(form: string, rules: number): number {
  return form.startsWith('kyverno') ? rules : rules * 2;
}
