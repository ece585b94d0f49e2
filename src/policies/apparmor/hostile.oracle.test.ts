/** Names that were made to break a profile: each is allowed, its neighbour is not, by our evaluator and the compiler. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeText } from '#observation/text.ts';
import { evaluator } from './evaluate.ts';
import { exec, file, profileOf } from './facts.cases.ts';
import { compiles, oracle, withoutOracle } from './oracle.cases.ts';
import { query, type Query } from './query.ts';

const named = [
  '/srv/a b',
  '/srv/"quoted"',
  "/srv/it's",
  '/srv/{a,b}',
  '/srv/*',
  '/srv/**',
  '/srv/?',
  '/srv/[a-z]',
  '/srv/a,',
  '/srv/, /etc/shadow rw',
  '/srv/a\n  /etc/shadow rw,',
  '/srv/a\r\n}',
  '/srv/#include <abstractions/base>',
  '/srv/a #comment',
  '/srv/@{HOME}/x',
  '/srv/@{pid}',
  '/srv/back\\slash',
  '/srv/\\',
  '/srv/\\*',
  '/srv/\\052',
  '/srv/^a',
  '/srv/!a',
  '/srv/a!',
  '/srv/tab\there',
  '/srv/ leading',
  '/srv/trailing ',
  '/srv/ünï/日本語',
  '/srv/\u202egnp.exe',
  '/srv/\udcff\udcfe',
  '/srv/\udcc3\udca9',
  '/srv/x -> /etc/shadow',
  '/srv/rix,',
  '/srv/\u0001\u007f',
  '/srv/...',
  '/srv/\u{acb2c}',
  '/srv/$(reboot)`id`',
  `/srv/${'d/'.repeat(200)}e`,
  `/srv/${Array.from({ length: 16 }, () => 'x'.repeat(250)).join('/')}`,
];
const path = fc
  .array(
    fc
      .uint8Array({ minLength: 1, maxLength: 12 })
      .map((all) => all.map((each) => (each === 0 || each === 0x2f ? 1 : each))),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => `/srv/${parts.map((part) => decodeText(part)).join('/')}`);

function survives(paths: readonly string[], options: Record<string, unknown>): void {
  const text = profileOf(
    paths.flatMap((each) => [file(each, 'read'), exec(each)]),
    options,
  );
  const ours = evaluator(text);
  const asked = [...new Set(paths)].flatMap((each): Query[] =>
    [each, `${each}x`, `${each.replace(/.$/su, '')}\u0002`].flatMap((one) =>
      ['r', 'x', 'w'].map((perms) => query.parse({ op: 'file', path: one, perms })),
    ),
  );
  for (const each of paths) {
    assert.equal(ours.answer(query.parse({ op: 'file', path: each, perms: 'rx' })).verdict, 'allow', each);
  }
  assert.equal(ours.answer(query.parse({ op: 'file', path: '/etc/shadow', perms: 'r' })).verdict, 'deny');
  if (withoutOracle !== false) return;
  const { answers, said } = oracle(text, asked);
  assert.ok(answers !== null, `${said}\n${text}`);
  for (const [at, each] of asked.entries()) {
    const verdict = ours.answer(each);
    assert.equal(
      verdict.verdict === 'allow',
      answers[at]?.allowed,
      `${JSON.stringify(each)} ${JSON.stringify(verdict)}\n${text}`,
    );
  }
}

test('paths that look like language are quoted', () => {
  survives(named, { exact: true });
  survives(named, {});
});

test('paths of any bytes are quoted', () => {
  fc.assert(
    fc.property(fc.array(path, { minLength: 20, maxLength: 20 }), (paths) => survives(paths, { exact: true })),
    { numRuns: 20, endOnFailure: true },
  );
});

test('every byte can be said', () => {
  const paths = Array.from({ length: 255 }, (_, at) => at + 1)
    .filter((each) => each !== 0x2f)
    .flatMap((each) => [`/srv/a${decodeText(Uint8Array.of(each))}`, `/srv/a${decodeText(Uint8Array.of(each))}b`]);
  survives(paths, { exact: true });
});

test('such profiles compile without a warning', { skip: withoutOracle }, () => {
  const { ok, said } = compiles(
    profileOf(
      named.map((each) => file(each, 'read')),
      { exact: true },
    ),
  );
  assert.ok(ok, said);
  assert.equal(said, '');
});
