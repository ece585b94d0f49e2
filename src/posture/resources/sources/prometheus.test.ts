import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../series.ts';
import { chunksOf, type Matrix, matrixOf, type Part, parts, queryOf, replicasIn } from './prometheus.ts';

test('chunks cover the range once, in as many points as a server gives, whatever the step', () => {
  for (const [length, step] of [
    [3600, 60],
    [7 * 86_400, 60],
    [7 * 86_400, 1],
    [30 * 86_400, 2 * 86_400],
    [86_400, 7 * 86_400],
    [0, 60],
  ] as const) {
    const until = 1_700_000_123;
    const chunks = chunksOf(until - length, until, step);
    const points = chunks.flatMap(({ start, end }) => {
      assert.ok((end - start) / step < 11_000, `${length} by ${step}`);
      return Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, at) => start + at * step);
    });
    const first = Math.floor((until - length) / step) * step;
    const wanted = Array.from({ length: Math.floor((until - first) / step) + 1 }, (_, at) => first + at * step);
    assert.deepEqual(points, wanted, `${length} by ${step}`);
  }
});

test('answers that are none say so, and what is no amount is left out', () => {
  for (const [body, message] of [
    [null, /none of the Prometheus HTTP API/],
    [{ status: 'error', error: 'parse error' }, /^parse error$/],
    [{ status: 'success' }, /has no data/],
    [{ status: 'success', data: { resultType: 'vector', result: [] } }, /is a vector, not a matrix/],
  ] as const)
    assert.throws(() => matrixOf(body), { message });
  const values = ['NaN', '+Inf', '-1', '0.5', 'x'].map((text, at) => [at, text]);
  const result = [
    { metric: { pod: 'p', container: 'c' }, values },
    { metric: { pod: 'p' }, values },
  ];
  const { series } = matrixOf({ status: 'success', data: { resultType: 'matrix', result } });
  assert.deepEqual(series, [{ pod: 'p', container: 'c', samples: [[3, 0.5]] }]);
});

const since = 1_700_000_000;
const minutes = (from: number, count: number, value: number): Sample[] =>
  Array.from({ length: count }, (_, at) => [since + (from + at) * 60, value]);

function replicaWith(given: Partial<Record<Part, readonly Sample[]>>): ReturnType<typeof first> {
  const matrix = (samples: readonly Sample[] = []): Matrix => ({
    warnings: [],
    series: samples.length === 0 ? [] : [{ pod: 'web-0', container: 'app', samples }],
  });
  const chunks = Object.fromEntries(parts.map((part) => [part, [matrix(given[part])]])) as Record<Part, Matrix[]>;
  return first(chunks);
}
const first = (chunks: Record<Part, Matrix[]>) =>
  replicasIn(chunks, since + 60).get('app')?.[0] ?? assert.fail('no replica');

test('a last end that the range begins with was before it, one that comes later is a kill', () => {
  const usage = { cpu: minutes(0, 60, 0.2), memory: minutes(0, 60, 300) };
  assert.deepEqual(replicaWith({ ...usage, terminated: minutes(0, 60, 512) }).oom, []);
  assert.deepEqual(replicaWith({ ...usage, terminated: minutes(20, 40, 512) }).oom, [[since + 20 * 60, 512]]);
});

test('a kill whose limit nobody tells was at what was used then', () => {
  const { oom } = replicaWith({ cpu: [], memory: minutes(0, 60, 300), oom: minutes(20, 2, 0) });
  assert.deepEqual(oom, [[since + 20 * 60, 300]]);
});

test('a start of before the range is kept: the first sample is none', () => {
  const { starts } = replicaWith({ cpu: minutes(0, 60, 0.2), starts: minutes(0, 60, since - 9e5) });
  assert.deepEqual(starts, [since - 9e5]);
});

test('names and labels are quoted in queries', () => {
  const query = queryOf('cpu', {
    namespace: 'a"} or up{',
    workload: { kind: 'Pod', name: 'web' },
    step: 60,
    window: 120,
    selector: 'cluster="a"',
  });
  assert.match(query, /\{namespace="a\\"\} or up\{",pod=~"web",.*,cluster="a"\}\[120s\]/);
});
