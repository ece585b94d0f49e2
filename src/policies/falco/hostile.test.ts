/** Names that mean something to YAML, conditions, globs or formats: nothing of them gets out of its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import type { Container } from '#observation/recording.ts';
import { proved, replay } from '#proof/replay.ts';
import { exec, file, made, pod, recording, shop } from './facts.cases.ts';
import { falco } from './index.ts';
import { collect } from './language/collect.ts';
import { Expander } from './language/expand.ts';
import { readItems } from './language/items.ts';

const piece = fc.oneof(
  fc.constantFrom(
    ...[
      '"',
      "'",
      '\\',
      '\n',
      '\r',
      '\t',
      ' ',
      ',',
      '(',
      ')',
      '=',
      '[',
      ']',
      '{',
      '}',
      '*',
      '?',
      '!',
      '%',
      '#',
      ': ',
      '- ',
    ],
    ...[
      '|',
      '>',
      '&a',
      '*a',
      '@',
      '`',
      '~',
      'null',
      ' or ',
      ' and ',
      'not ',
      '))',
      '%proc.name',
      '\u0001',
      '\\"',
      '\\\\',
    ],
    ...[
      ' kguardian_sensitive_files ',
      ',kguardian_runtime_sockets)',
      '\u{dc80}',
      '\u{dcff}',
      'é',
      '\u{1f600}',
      '\u2028',
    ],
    ...['+(', '[[:alpha:]]', '[!', 'a'.repeat(200), '/', '..', 'true', '0x1f', '\u0085', '\ufeff', '...', '---'],
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const name = fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('').replaceAll('\0', ''));
const path = name.map((text) => `/x${text}`);

test('hostile paths: the text is one YAML document, each rule keeps its shape, and is silent on what was seen', () => {
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), fc.boolean(), (paths, exact) => {
      const of = recording(
        paths.flatMap((each) => [exec(each), file(each, 'write'), file(each, 'mkdir'), file(each, 'rename-to')]),
      );
      const { artifacts } = made(of, { exact, form: 'override' });
      for (const { text } of artifacts) {
        const documents = parseAllDocuments(text);
        assert.ok(Array.isArray(documents) && documents.length === 1 && documents[0]?.errors.length === 0, text);
        // Of ASCII what is printed; of the rest letters and digits.
        assert.doesNotMatch(text.replaceAll('\n', ''), /[^\x20-\x7e\p{L}\p{N}]/u);
      }
      const text = artifacts[0]?.text ?? '';
      const judge = falco.evaluator(text);
      assert.ok(proved(replay(judge, [of])), JSON.stringify(replay(judge, [of]).offences));
      const collected = collect(readItems(text));
      const expander = new Expander(collected);
      for (const rule of collected.rules.values()) {
        const { base, grants } = expander.rule(rule);
        // Two macros, and exceptions that are told apart.
        assert.equal(base.type === 'and' && base.all.length, 2, rule.name);
        assert.ok(grants.length >= rule.exceptions.length, rule.name);
      }
      assert.equal(judge.judge(exec('/elsewhere'), shop).verdict, 'deny');
      assert.equal(judge.judge(file('/elsewhere', 'write'), shop).verdict, 'deny');
    }),
    { numRuns: 60 },
  );
});

test('hostile names of workloads, containers, pods and images', () => {
  fc.assert(
    fc.property(name, name, name, name, (workload, container, podName, image) => {
      const by: Container = {
        ...{ ...shop, workload: workload || 'w', name: container || 'c', image: image || 'i' },
        pod: { ...pod, name: podName || 'p', namespace: workload || 'n', kind: container || 'K' },
      };
      const of = recording([exec('/seen')], by);
      const judge = falco.evaluator(made(of).artifacts[0]?.text ?? '');
      assert.ok(proved(replay(judge, [of])));
      assert.equal(judge.judge(exec('/strange'), by).verdict, 'deny', JSON.stringify(by));
      assert.doesNotMatch(judge.judge(exec('/strange'), by).rule, /[%\n]/);
    }),
    { numRuns: 60 },
  );
});
