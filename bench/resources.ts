/** Requests and limits: what ours, VPA's and krr's would have meant to the outside's series, by one judge; and how fast they are made. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Figures } from '#posture/resources/figures.ts';
import { replay, type Window } from '#posture/resources/judge/replay.ts';
import { defaults } from '#posture/resources/options.ts';
import { figuresOf } from '#posture/resources/recommend/advice.ts';
import { recommend } from '#posture/resources/recommend/recommend.ts';
import { type ContainerUsage, type Series, seriesLine } from '#posture/resources/series.ts';
import { sketch } from '#posture/resources/sketch.ts';
import { krr, vpa } from '#posture/resources/suite.cases.ts';
import { print, rounds, table } from './print.ts';

const suite = fileURLToPath(new URL('../../shared/suites/resources-sample', import.meta.url));
const day = 86_400;
const mebibyte = 2 ** 20;

export function bench(): void {
  if (existsSync(suite)) compared();
  else print('no ../shared/suites/resources-sample beside the checkout: nothing to compare\n');
  timed();
}

const lines = (file: string): unknown[] =>
  readFileSync(`${suite}/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

function compared(): void {
  const all = lines('series.jsonl').map((line) => seriesLine.parse(line));
  const theirs = new Map(lines('figures.jsonl').map((line) => [z.object({ id: z.string() }).parse(line).id, line]));
  const heads = [
    '',
    'CPU request',
    'memory request',
    'limit',
    'kills',
    'CPU above request',
    'idle core h',
    'idle GiB h',
    'confidence',
  ];
  const rows: string[][] = [heads];
  const totals = new Map<string, Total>();
  for (const { id, containers } of all)
    for (const usage of containers) {
      const advice = recommend(usage, defaults);
      const candidates: readonly (readonly [string, Figures | null, string])[] = [
        ['kguardian', figuresOf(advice), advice.confidence.toFixed(2)],
        ['VPA', vpa(theirs.get(id), usage.name), ''],
        ['krr', krr(theirs.get(id), usage.name), ''],
        ...(id === 'oom-once' ? [['krr, with OOM data', krr(theirs.get(id), usage.name, true), ''] as const] : []),
      ];
      for (const [tool, figures, sure] of candidates) {
        const title = `${id} ${usage.name}: ${tool}`;
        if (figures === null || figures.memory.request === null) {
          rows.push([title, 'no opinion', '', '', '', '', '', '', sure]);
          continue;
        }
        const { cpu, memory } = replay(figures, usage.replicas, lastDay({ id, containers }));
        rows.push([
          title,
          `${Math.round((figures.cpu.request ?? 0) * 1000)} m`,
          mebibytes(figures.memory.request),
          mebibytes(figures.memory.limit),
          String(memory.oomKills),
          `${((100 * (cpu.aboveRequest ?? 0)) / cpu.samples).toFixed(1)} %`,
          cpu.wastedCoreHours.toFixed(1),
          (memory.wastedByteHours / 2 ** 30).toFixed(1),
          sure,
        ]);
        // What some have no opinion about says nothing between them.
        if (id === 'short-30m' || tool.includes('data')) continue;
        const known = totals.get(tool) ?? { kills: 0, cores: 0, bytes: 0 };
        totals.set(tool, {
          kills: known.kills + memory.oomKills,
          cores: known.cores + cpu.wastedCoreHours,
          bytes: known.bytes + memory.wastedByteHours,
        });
      }
    }
  print("Requests and limits for the outside's series, judged by a replay of their last day");
  table(rows);
  print('Together, without the series of 30 minutes');
  table([
    ['', 'kills', 'idle core h', 'idle GiB h'],
    ...[...totals].map(([tool, { kills, cores, bytes }]) => [
      tool,
      String(kills),
      cores.toFixed(1),
      (bytes / 2 ** 30).toFixed(1),
    ]),
  ]);
  foretold(all);
}

/** What was advised before the last day, and what that day then did. */
function foretold(all: readonly Series[]): void {
  const rows: string[][] = [['', 'days before', 'kills', 'CPU above request', 'confidence']];
  for (const one of all) {
    const { since } = lastDay(one);
    for (const usage of one.containers) {
      const replicas = usage.replicas.map((replica) => ({
        ...replica,
        cpu: replica.cpu.filter(([at]) => at <= since),
        memory: replica.memory.filter(([at]) => at <= since),
        oom: replica.oom.filter(([at]) => at <= since),
      }));
      const advice = recommend({ ...usage, replicas }, defaults);
      const figures = figuresOf(advice);
      if (figures.cpu.request === null) continue;
      const { cpu, memory } = replay(figures, usage.replicas, lastDay(one));
      rows.push([
        `${one.id} ${usage.name}`,
        (advice.basis.seconds / day).toFixed(0),
        String(memory.oomKills),
        `${((100 * (cpu.aboveRequest ?? 0)) / cpu.samples).toFixed(1)} %`,
        advice.confidence.toFixed(2),
      ]);
    }
  }
  print('Advised from what was before the last day, judged on that day');
  table(rows);
}

interface Total {
  readonly kills: number;
  readonly cores: number;
  readonly bytes: number;
}

const mebibytes = (bytes: number | null): string => (bytes === null ? 'unset' : `${Math.round(bytes / mebibyte)} MiB`);

function lastDay({ containers }: Series): Window {
  const until = Math.max(...containers.flatMap(({ replicas }) => replicas.map(({ cpu }) => cpu.at(-1)?.[0] ?? 0)));
  return { since: until - day, until };
}

function timed(): void {
  const points = (replicas: number, samples: number): ContainerUsage => ({
    name: 'app',
    current: null,
    replicas: Array.from({ length: replicas }, (_, which) => ({
      name: `web-${which}`,
      cpu: Array.from({ length: samples }, (_, at) => [at * 60, 0.5 + 0.4 * Math.sin(at / 200 + which)] as const),
      memory: Array.from(
        { length: samples },
        (_, at) => [at * 60, (400 + 90 * Math.sin(at / 300 + which)) * mebibyte] as const,
      ),
      oom: [],
      throttled: [],
      starts: [],
      peak: null,
    })),
  });
  const week = 7 * 1440;
  const few = points(3, week);
  const many = points(50, week);
  const million = Float64Array.from({ length: 1_000_000 }, (_, at) => 0.01 + (at % 1000) / 100);
  const parts = Array.from({ length: 1000 }, (_, part) => {
    const one = sketch();
    for (const value of million.subarray(part * 1000, (part + 1) * 1000)) one.add(value);
    return one;
  });
  const candidates: readonly (readonly [string, () => void])[] = [
    ['a container, 3 replicas, a week by the minute (60,480 samples)', () => recommend(few, defaults)],
    ['a container, 50 replicas, a week by the minute (1,008,000 samples)', () => recommend(many, defaults)],
    ['1,000,000 values into a sketch', () => million.forEach((value) => one.add(value))],
    ['1,000 sketches of 1,000 values merged', () => parts.forEach((part) => one.merge(part))],
  ];
  let one = sketch();
  const least = candidates.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round += 1)
    for (const [at, [, run]] of candidates.entries()) {
      one = sketch();
      const begun = performance.now();
      run();
      least[at] = Math.min(least[at] ?? 0, performance.now() - begun);
    }
  print('How long requests and limits take, one core');
  table([['', 'ms'], ...candidates.map(([name], at) => [name, (least[at] ?? 0).toFixed(1)])]);
}
