import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { replay } from '../judge/replay.ts';
import { defaults, type Options, optionsOf } from '../options.ts';
import type { Replica } from '../series.ts';
import { figuresOf } from './advice.ts';
import { recommend } from './recommend.ts';
import { began, day, flat, hour, mebibyte, minute, number, replica, usage } from './drawing.cases.ts';
import { historyCases } from './history.cases.ts';
import { memoryCases } from './memory.cases.ts';
import { usageCases } from './usage.cases.ts';

describe('what recommenders are known to get wrong', () => {
  for (const { what, usage: given, holds } of [...usageCases, ...memoryCases, ...historyCases])
    test(what, () => holds(recommend(given, defaults)));
});

const using = (flags: Record<string, string>): Options => {
  const { options, fault } = optionsOf(flags);
  assert.equal(fault, null);
  return options;
};

test('times that come twice or go back are refused with their place, and nothing is made of them', () => {
  const good = replica({ length: day, cpu: flat(0.2), memory: flat(300) });
  const [first = [0, 0], second = [0, 0], ...rest] = good.cpu;
  for (const [cpu, fault] of [
    [[first, first, second, ...rest], `pods[0].cpu[1]: the time ${began + minute} comes twice`],
    [[second, first, ...rest], `pods[0].cpu[1]: the time ${began + minute} is before ${began + 2 * minute}`],
  ] as const) {
    const advice = recommend(usage([{ ...good, cpu }]), defaults);
    assert.equal(advice.fault, fault);
    assert.deepEqual(figuresOf(advice), {
      cpu: { request: null, limit: null },
      memory: { request: null, limit: null },
    });
    assert.equal(advice.confidence, 0);
  }
});

test('no number of points is a cliff: one more makes nobody much surer', () => {
  let before = 0.01;
  for (let points = 60; points <= 3000; points += points < 200 ? 1 : 60) {
    const advice = recommend(
      usage([replica({ length: points * minute, cpu: flat(0.5), memory: flat(300) })]),
      defaults,
    );
    assert.equal(number(advice.cpu.request), 0.5, `${points}`);
    const most = points < 200 ? 0.01 : 0.04;
    assert.ok(advice.confidence >= before && advice.confidence < before + most, `${points}: ${advice.confidence}`);
    before = advice.confidence;
  }
  assert.ok(before > 0.4);
});

test('the wider the gaps, the less sure', () => {
  const whole = replica({ length: day, cpu: flat(0.5), memory: flat(300) });
  const holes = (samples: Replica['cpu']): Replica['cpu'] =>
    samples.filter(([at]) => (at - began) % hour < 20 * minute);
  const sparse = { ...whole, cpu: holes(whole.cpu), memory: holes(whole.memory) };
  const [all, some] = [whole, sparse].map((each) => recommend(usage([each]), defaults).confidence);
  assert.ok((some ?? 1) < (all ?? 0) * 0.7, `${some}, whole ${all}`);
});

test('guaranteed: requests are limits, with room for peaks and start', () => {
  const drawing = { length: day, cpu: (at: number) => (at <= 3 * minute ? 2 : 0.05), memory: flat(300) };
  const advice = recommend(usage([replica(drawing)]), using({ strategy: 'guaranteed' }));
  const { cpu, memory } = figuresOf(advice);
  assert.deepEqual(cpu, { request: 2, limit: 2 });
  assert.deepEqual(memory, { request: 330 * mebibyte, limit: 330 * mebibyte });
  assert.equal(replay({ cpu, memory }, [replica(drawing)]).cpu.throttledMinutes, 0);
});

test('a limit of CPU lets the start and nearly all of the time pass', () => {
  const drawing = { length: day, cpu: (at: number) => (at <= 3 * minute ? 2 : 0.05), memory: flat(300) };
  const advice = recommend(usage([replica(drawing)]), using({ cpuLimit: 'burst' }));
  assert.deepEqual(figuresOf(advice).cpu, { request: 0.05, limit: 2 });
});

test('a half-life of minutes leaves the last of days, and no sample weighs nothing', () => {
  const drawing = { length: 2 * day, cpu: (at: number) => (at < 47 * hour ? 2 : 0.1), memory: flat(300) };
  assert.equal(number(recommend(usage([replica(drawing)]), using({ halfLife: '1m' })).cpu.request), 2);
  const flatly = { ...drawing, cpu: flat(0.1) };
  assert.equal(number(recommend(usage([replica(flatly)]), using({ halfLife: '1s' })).cpu.request), 0.1);
});

test('kills and starts are as many as there are', () => {
  const many = Array.from({ length: 200_000 }, (_, at) => began + at / 4);
  const events = { oom: many.map((at) => [at, 512 * mebibyte] as const) };
  const advice = recommend(usage([replica({ length: day, cpu: flat(0.2), memory: flat(300) }, events)]), defaults);
  assert.equal(number(advice.memory.limit), Math.ceil(512 * 1.2) * mebibyte);
  const started = replica(
    { length: 2 * hour, cpu: flat(0.2), memory: flat(300) },
    { starts: many.map((at) => at - 9e5) },
  );
  assert.equal(recommend(usage([started]), defaults).basis.starts, 0);
});

test('a margin of CPU is told with the figure', () => {
  const advice = recommend(
    usage([replica({ length: day, cpu: flat(0.2), memory: flat(300) })]),
    using({ cpuMargin: '50' }),
  );
  assert.equal(number(advice.cpu.request), 0.3);
  assert.match(advice.cpu.request.because, /0\.2 cores and 50 % of margin/);
});

test('options say what they take', () => {
  assert.match(
    optionsOf({ halfLife: 'soon' }).fault ?? '',
    /^--half-life takes a length of time \(7d, .*, not "soon"$/,
  );
  assert.match(optionsOf({ percentile: '101' }).fault ?? '', /^--percentile takes a number from 0 to 100/);
  assert.match(optionsOf({ strategy: 'brave' }).fault ?? '', /^--strategy takes one of burstable, guaranteed/);
  assert.match(optionsOf({ memoryFloor: '-1Mi' }).fault ?? '', /^--memory-floor takes memory/);
});

const drawing = fc.record({
  length: fc.integer({ min: 2 * hour, max: 3 * day }),
  step: fc.constantFrom(minute, 5 * minute, 7 * minute),
  base: fc.double({ min: 0.001, max: 8, noNaN: true }),
  swing: fc.double({ min: 0, max: 3, noNaN: true }),
  bytes: fc.integer({ min: 1, max: 4096 }),
  grow: fc.double({ min: 0, max: 0.5, noNaN: true }),
});
const replicas = fc.array(
  drawing.map(({ length, step, base, swing, bytes, grow }) =>
    replica({
      length,
      step,
      cpu: (at) => base * (1 + swing * Math.abs(Math.sin(at / 5000))),
      memory: (at) => bytes * (1 + grow * Math.abs(Math.sin(at / 9000))),
    }),
  ),
  { minLength: 1, maxLength: 4 },
);

test('the judge sees no kill under any figures of ours, and at most what the percentile leaves above the request', () => {
  fc.assert(
    fc.property(replicas, (all) => {
      const figures = figuresOf(recommend(usage(all), { ...defaults, shiftAfter: 0 }));
      const { cpu, memory } = replay(figures, all);
      assert.equal(memory.oomKills, 0);
      if (figures.cpu.request !== null && all.length === 1)
        assert.ok((cpu.aboveRequest ?? 0) <= cpu.samples * 0.06 + 2, `${cpu.aboveRequest} of ${cpu.samples}`);
    }),
    { numRuns: 60 },
  );
});

test('replicas in another order give the same advice', () => {
  fc.assert(
    fc.property(replicas, (all) => {
      assert.deepEqual(recommend(usage(all.toReversed()), defaults), recommend(usage(all), defaults));
    }),
    { numRuns: 30 },
  );
});

const samples = (value: fc.Arbitrary<number>): fc.Arbitrary<readonly (readonly [number, number])[]> =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), value), { maxLength: 300 }).map((steps) => {
    let at = began;
    return steps.map(([step, each]) => [(at += step), each] as const);
  });
const amount = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 1e3, noNaN: true }),
  fc.double({ min: 0, max: 1e-6, noNaN: true }),
);
const bytes = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e13, noNaN: true }), fc.integer({ min: 1, max: 1e6 }));
const anything = fc.array(
  fc.record({
    name: fc.option(fc.string()),
    cpu: samples(amount),
    memory: samples(bytes),
    oom: samples(bytes),
    throttled: samples(fc.double({ min: 0, max: 1, noNaN: true })),
    starts: fc.array(fc.integer({ min: began, max: began + 9e6 })),
    peak: fc.option(bytes),
  }),
  { maxLength: 4 },
);

test('whatever was measured: figures are finite, limits are no less than requests, and no wider than peaks and kills ask for', () => {
  fc.assert(
    fc.property(
      anything,
      fc.constantFrom('burstable', 'guaranteed'),
      fc.constantFrom('none', 'burst'),
      (all, strategy, cpuLimit) => {
        const advice = recommend(usage(all), { ...using({ strategy, cpuLimit, observationPeriod: '900d' }) });
        const { cpu, memory } = figuresOf(advice);
        for (const { request, limit } of [cpu, memory]) {
          for (const each of [request, limit]) assert.ok(each === null || (Number.isFinite(each) && each > 0));
          assert.ok(request === null || limit === null || limit >= request, `${request} ${limit}`);
        }
        assert.ok(advice.confidence >= 0 && advice.confidence <= 1, `${advice.confidence}`);
        const peak = Math.max(0, ...all.flatMap((each) => [each.peak ?? 0, ...each.memory.map(([, value]) => value)]));
        const killed = Math.max(-1, ...all.flatMap(({ oom }) => oom.map(([, value]) => value)));
        const most = Math.max(
          peak * 1.5,
          peak + 4 * mebibyte,
          killed * 1.2,
          killed < 0 ? 0 : killed + 100 * mebibyte,
          16 * mebibyte,
        );
        assert.ok(memory.limit === null || memory.limit <= most + mebibyte, `${memory.limit}, at most ${most}`);
        const busiest = Math.max(0, ...all.flatMap((each) => each.cpu.map(([, value]) => value)));
        assert.ok(
          cpu.request === null || cpu.request <= Math.max(busiest * 2, 0.005) + 0.001,
          `${cpu.request} ${busiest}`,
        );
      },
    ),
    { numRuns: 80 },
  );
});

test('a kill more never lowers the limit', () => {
  fc.assert(
    fc.property(replicas, fc.integer({ min: 1, max: 4096 }), (all, size) => {
      const [first, ...others] = all;
      if (first === undefined) return;
      const killed = { ...first, oom: [[first.cpu.at(-1)?.[0] ?? 0, size * mebibyte] as const] };
      const [before, after] = [all, [killed, ...others]].map(
        (each) => figuresOf(recommend(usage(each), defaults)).memory.limit,
      );
      assert.ok((after ?? Number.POSITIVE_INFINITY) >= (before ?? 0));
      assert.ok(after == null || after >= (size + 100) * mebibyte);
    }),
    { numRuns: 40 },
  );
});
