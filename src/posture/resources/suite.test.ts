/** The outside's series (../shared/suites/resources-sample): what each needs, and what two tools answer to it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Figures } from './figures.ts';
import { replay, type Verdict } from './judge/replay.ts';
import { defaults } from './options.ts';
import { type ContainerAdvice, figuresOf } from './recommend/advice.ts';
import { mebibyte, mentions, silentOf } from './recommend/drawing.cases.ts';
import { recommend } from './recommend/recommend.ts';
import { type Series, seriesLine } from './series.ts';
import { krr, vpa } from './suite.cases.ts';

const suite = fileURLToPath(new URL('../../../../shared/suites/resources-sample', import.meta.url));
const skip = existsSync(suite) ? false : 'no ../shared/suites/resources-sample beside the checkout';
const lines = (file: string): unknown[] =>
  skip === false
    ? readFileSync(`${suite}/${file}`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
    : [];
const series = new Map(lines('series.jsonl').map((line) => [seriesLine.parse(line).id, seriesLine.parse(line)]));
const others = new Map(lines('figures.jsonl').map((line) => [z.object({ id: z.string() }).parse(line).id, line]));

interface Answer {
  readonly advice: ContainerAdvice;
  readonly figures: Figures;
  readonly verdict: Verdict;
}

function answers({ containers }: Series): Answer[] {
  return containers.map((usage) => {
    const advice = recommend(usage, defaults);
    const figures = figuresOf(advice);
    return { advice, figures, verdict: replay(figures, usage.replicas) };
  });
}

const wanted: Readonly<Record<string, (all: readonly Answer[]) => void>> = {
  'constant-1d': ([app]) => {
    assert.deepEqual(app?.figures.cpu, { request: 0.2, limit: null });
    assert.deepEqual(app?.figures.memory.request, 256 * mebibyte);
  },
  'short-30m': ([app]) => {
    assert.deepEqual(app?.figures, { cpu: { request: null, limit: null }, memory: { request: null, limit: null } });
    assert.ok((app?.advice.confidence ?? 1) < 0.02);
    assert.match(app?.advice.cpu.request.because ?? '', /^only 30 min were seen/);
  },
  diurnal: ([app]) => {
    assert.ok((app?.verdict.cpu.aboveRequest ?? 999) <= 2304 * 0.05);
    mentions(app?.advice ?? assert.fail(), 'cycle', /^CPU follows the day/);
    silentOf(app?.advice ?? assert.fail(), 'leak', 'shift');
  },
  'startup-burst': ([app]) => {
    assert.equal(app?.figures.cpu.request, 0.05);
    assert.equal(app?.figures.memory.request, 300 * mebibyte);
    assert.deepEqual([app?.advice.startup?.cpu, app?.advice.startup?.seconds], [2, 180]);
  },
  'leak-restart': ([app]) => mentions(app?.advice ?? assert.fail(), 'leak', /until a restart, 6 times: a leak/),
  'step-up': ([app]) => {
    assert.equal(app?.figures.cpu.request, 0.8);
    mentions(app?.advice ?? assert.fail(), 'shift', /CPU went from 0\.2 cores to 0\.8 cores/);
  },
  'oom-once': ([app]) => {
    assert.ok((app?.figures.memory.limit ?? 0) >= 614.4 * mebibyte);
    mentions(app?.advice ?? assert.fail(), 'oom', /its peak was not seen/);
  },
  'two-containers': ([app, sidecar]) => {
    assert.deepEqual([app?.figures.cpu.request, sidecar?.figures.cpu.request], [0.3, 0.005]);
    assert.deepEqual([app?.figures.memory.request, sidecar?.figures.memory.request], [400 * mebibyte, 20 * mebibyte]);
    mentions(sidecar?.advice ?? assert.fail(), 'floor', /the floor of 0\.005 cores/);
  },
};

describe('series of the suite', { skip }, () => {
  test('there are as many as are looked at', () => assert.deepEqual([...series.keys()], Object.keys(wanted)));
  for (const [id, holds] of Object.entries(wanted))
    test(`${id}: what is needed, no kill, and less asked for than by VPA and krr`, () => {
      const one = series.get(id) ?? assert.fail();
      const all = answers(one);
      holds(all);
      for (const [at, { figures, verdict, advice }] of all.entries()) {
        assert.equal(verdict.memory.oomKills, 0);
        assert.equal(verdict.cpu.throttledMinutes, 0);
        const { name, replicas } = one.containers[at] ?? assert.fail();
        for (const [tool, theirs] of [
          ['vpa', vpa(others.get(id), name)],
          ['krr', krr(others.get(id), name)],
        ] as const) {
          // Who has no opinion asks for nothing.
          if (theirs === null || figures.memory.request === null) continue;
          const other = replay(theirs, replicas);
          const better = other.memory.oomKills > 0 ? 'it would be killed' : null;
          assert.ok(
            better !== null || verdict.memory.wastedByteHours <= other.memory.wastedByteHours,
            `${tool}: ${other.memory.wastedByteHours}, ours ${verdict.memory.wastedByteHours}`,
          );
          assert.ok(verdict.cpu.wastedCoreHours <= other.cpu.wastedCoreHours * 1.01 + 0.1, `${tool} ${name}`);
          assert.ok(
            (theirs.memory.limit ?? Number.POSITIVE_INFINITY) >= (figures.memory.limit ?? 0) || better !== null,
            tool,
          );
        }
        assert.ok(advice.confidence > 0 && advice.confidence < 1);
      }
    });
});
