/** Recordings that say anything: what is written parses as what was meant, and nobody is let in by a pattern. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { fold } from '#baseline/fold.ts';
import type { Observation } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { generateProved } from '#proof/generate.ts';
import { callQuery } from './calls.ts';
import type { PolicyKind } from './kind.ts';
import { cluster, recordingOf } from './mesh.cases.ts';

const odd = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    '*',
    '%',
    "it's",
    '"',
    'a: b',
    '- x',
    '# no',
    '{*}',
    '{**}',
    '../..',
    'null',
    'yes',
    '\n---\n',
    '\u2028',
    '&a *a',
    '!!js',
    '`',
    '${x}',
    '\\',
  ),
);
const method = fc.oneof(fc.constantFrom('GET', 'POST', '*', 'G*', '*T'), odd);
const path = fc.oneof(
  odd.map((text) => `/${text}`),
  fc.array(odd).map((all) => `/${all.join('/')}`),
  odd,
);

interface Odd {
  readonly workload: string;
  readonly account: string;
  readonly label: string;
  readonly identity: string;
  readonly requests: readonly { readonly method: string; readonly path: string }[];
}

/** The odd workload is a client of api and a server of its own; api is asked oddly. */
function recordingOfOdd({ workload, account, label, identity, requests }: Odd): Recording {
  const base = recordingOf([
    ['api-1', 'ingress', 'web', 9000, { http: { method: 'GET', path: '/ok' } }],
    ['web-1', 'egress', 'api', 9000],
    ...requests.map((http) => ['api-1', 'ingress', 'web', 9000, { http }] as const),
    ['api-1', 'ingress', '203.0.113.7', 9000, { identity }],
  ]);
  const containers = base.containers.map((each) =>
    each.id === 'web-1' && each.pod !== undefined
      ? {
          ...each,
          workload,
          pod: { ...each.pod, name: workload, labels: { ...each.pod.labels, app: label }, serviceAccount: account },
        }
      : each,
  );
  const served: Observation[] = base.observations.slice(0, 1).map((each) => ({ ...each, container: 'web-1' }));
  return { ...base, containers, observations: [...base.observations, ...served] };
}

export function hostile(kind: PolicyKind, forms: readonly Record<string, unknown>[]): void {
  for (const form of forms)
    void test(`${kind.name} ${JSON.stringify(form)}: odd names, accounts, identities and requests come out as what they are`, () => {
      fc.assert(
        fc.property(
          fc.record({
            workload: odd,
            account: odd,
            label: odd,
            identity: odd,
            requests: fc.array(fc.record({ method, path }), { maxLength: 4 }),
          }),
          (given) => {
            const recording = recordingOfOdd(given);
            const made = (output: string) =>
              generateProved(kind, { baselines: fold([recording]), cluster }, kind.options.parse({ ...form, output }), [
                recording,
              ]);
            const [yaml, json] = [made('yaml'), made('json')];
            assert.equal(yaml.type, 'proved', JSON.stringify(yaml));
            assert.equal(json.type, 'proved');
            if (yaml.type !== 'proved' || json.type !== 'proved') return;
            const parsed = yaml.artifacts.flatMap(({ artifact }) =>
              [...parseAllDocuments(artifact.text)].map((document) => {
                assert.deepEqual(document.errors, []);
                return document.toJS() as unknown;
              }),
            );
            const lines = json.artifacts.flatMap(({ artifact }) => artifact.text.trimEnd().split('\n'));
            assert.deepEqual(
              parsed,
              lines.map((line) => JSON.parse(line) as unknown),
            );
            // Nobody but those who were seen: neither by a pattern in a name nor by one in an identity.
            const judge = kind.evaluator(
              yaml.artifacts.map(({ artifact }) => artifact.text).join(''),
              kind.options.parse(form),
              cluster,
            );
            for (const src of ['data/db-1', 'monitoring/prometheus-1']) {
              const question = { src: { pod: src }, dst: { pod: 'shop/api-1' }, port: 9000 };
              assert.equal(judge.answer(callQuery.parse(question)).verdict, 'deny', yaml.artifacts[0]?.artifact.text);
            }
          },
        ),
        { numRuns: 60 },
      );
    });
}
