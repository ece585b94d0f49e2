/** How often something was seen, and when: what stands as a comment beside a permission. */
import type { Baseline } from './baseline.ts';
import type { Sensor } from '#observation/recording.ts';

export interface Evidence {
  /** At least so many. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
}

/** Of different sightings. */
export function sum(a: Evidence, b: Evidence): Evidence {
  return { count: a.count + b.count, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** Of the same sightings, told by two. */
export function larger(a: Evidence, b: Evidence): Evidence {
  return { count: Math.max(a.count, b.count), first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** One line: how often, first and last. */
export function evidenceLine({ count, first, last }: Evidence): string {
  const seen = `seen ${count} ${count === 1 ? 'time' : 'times'} or more`;
  return first === last ? `${seen}, ${time(first)}` : `${seen}, first ${time(first)}, last ${time(last)}`;
}

/** How many pods a sensor watched, and from when to when: `2 pods, watched from … to …`. */
export function windowLine(baselines: readonly Baseline[], sensor: Sensor): string {
  const coverage = baselines.flatMap((each) =>
    each.coverage.filter((one) => one.sensor === sensor && one.state === 'ran'),
  );
  const from = Math.min(...coverage.map((each) => each.from));
  const to = Math.max(...coverage.map((each) => each.to));
  const pods = new Set(baselines.flatMap(({ instances }) => instances.map(({ pod }) => pod?.name))).size;
  const window = coverage.length === 0 ? '' : `, watched from ${time(from)} to ${time(to)}`;
  return `${pods} ${pods === 1 ? 'pod' : 'pods'}${window}`;
}

/** The first of many, and how many more there are. */
export function firstOf(all: readonly string[], most = 10): string {
  const more = all.length - most;
  return more > 0 ? `${all.slice(0, most).join(', ')} and ${more} more` : all.join(', ');
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, '');
}
