/** `--l7`: requests that were seen, and no others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callQuery } from '../calls.ts';
import { cluster, proved, type Seen, written } from '../mesh.cases.ts';
import { istio } from './index.ts';

const request = (method: string, path: string): Seen => ['api-1', 'ingress', 'web', 9000, { http: { method, path } }];

function rulesOf(seen: readonly Seen[]): unknown {
  return written(istio, seen, { l7: true }).objects[0]?.spec['rules'];
}

test('requests become methods and paths; only what was seen to vary is a template', () => {
  const silent: Seen = ['api-1', 'ingress', 'web', 9000];
  const seen = [request('GET', '/v/2/o/17?x=1'), request('GET', '/v/2/o/18'), request('PUT', '/v/2/o/18'), silent];
  const from = [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }];
  const ports = ['9000'];
  assert.deepEqual(rulesOf(seen), [
    {
      from,
      to: [
        { operation: { ports, methods: ['GET'], paths: ['/v/2/o/{*}'] } },
        { operation: { ports, methods: ['PUT'], paths: ['/v/2/o/18'] } },
      ],
    },
  ]);
  const { text, unknown } = written(istio, seen, { l7: true });
  assert.equal(unknown, 0);
  const judge = istio.evaluator(text, {}, cluster);
  const end = { src: { pod: 'shop/web-1' }, dst: { pod: 'shop/api-1' }, port: 9000 };
  const ask = (method: string, path: string): string =>
    judge.answer(callQuery.parse({ ...end, http: { method, path } })).verdict;
  assert.deepEqual(
    [ask('GET', '/v/2/o/19'), ask('GET', '/v/3/o/19'), ask('PUT', '/v/2/o/19'), ask('DELETE', '/v/2/o/18')],
    ['allow', 'deny', 'deny', 'deny'],
  );
});

test('a port with requests and one without stand in rules of their own, since Istio drops whole rules for TCP', () => {
  const seen: readonly Seen[] = [request('GET', '/a'), ['api-1', 'ingress', 'web', 9001]];
  assert.equal((rulesOf(seen) as unknown[]).length, 2);
  const { text } = written(istio, seen, { l7: true });
  const question = { src: { pod: 'shop/web-1' }, dst: { pod: 'shop/api-1' }, port: 9001, http: null };
  assert.equal(istio.evaluator(text, {}, cluster).answer(callQuery.parse(question)).verdict, 'allow');
});

test('what Istio would read as a pattern, or rewrite, is left out and named', () => {
  for (const [method, path] of [
    ['GET', '/a*'],
    ['GET', '/{x}'],
    ['GET', '/a/../b'],
    ['GET', '/%2e%2e/b'],
    ['GET', 'a'],
    ['*', '/b'],
  ] as const) {
    const seen = [request('GET', '/ok'), request(method, path)];
    const { text } = written(istio, seen, { l7: true });
    assert.match(text, /not written and refused when enforced, Istio has no words for exactly/, path);
    const judge = istio.evaluator(text, {}, cluster);
    const end = { src: { pod: 'shop/web-1' }, dst: { pod: 'shop/api-1' }, port: 9000 };
    const asked = (http: object): string => judge.answer(callQuery.parse({ ...end, http })).verdict;
    assert.equal(asked({ method: 'GET', path: '/ok' }), 'allow');
    assert.notEqual(asked({ method: 'POST', path: '/other' }), 'allow', path);
  }
});

test('without --l7 requests are mentioned, and the port is let through', () => {
  const result = proved(istio, [request('GET', '/a')]);
  assert.ok(
    result.type === 'proved' && result.notes.some((note) => /--l7 lets their methods and paths alone/.test(note)),
  );
});
