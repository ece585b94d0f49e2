/** Every port between two ends, as ranges that get one answer. */
import { type EndpointName, isSame, replicaOf } from './judge/endpoint.ts';
import type { Judge, Judgement } from './judge/judge.ts';
import { landmarksOf } from './judge/landmarks.ts';

export const protocols = ['TCP', 'UDP', 'SCTP'] as const;

export interface PortRange {
  readonly protocol: (typeof protocols)[number];
  readonly first: number;
  readonly last: number;
}

const lastPort = 65_535;

/** The ranges between all ports at which some of the judges may change its answer about these ends. */
export function rangesBetween(
  judges: readonly Judge[],
  from: readonly EndpointName[],
  to: readonly EndpointName[],
): PortRange[] {
  const starts = new Set([1]);
  for (const judge of judges) {
    for (const name of [...from, ...to])
      for (const { source } of judge.about(judge.endpoints.named(name)))
        if (source !== undefined) for (const port of landmarksOf(source).ports) starts.add(port);
    for (const name of to) {
      const end = judge.endpoints.named(name);
      // Named ports are looked up there.
      if (end.type === 'pod')
        for (const { containerPort } of end.ports) starts.add(containerPort).add(containerPort + 1);
    }
  }
  const sorted = [...starts].filter((port) => port >= 1 && port <= lastPort).toSorted((a, b) => a - b);
  return protocols.flatMap((protocol) =>
    sorted.map((first, at) => ({ protocol, first, last: (sorted[at + 1] ?? lastPort + 1) - 1 })),
  );
}

/** What most lets through of all pairs of ends: one that is open makes the range open. */
export function mostOpen(
  judge: Judge,
  from: readonly EndpointName[],
  to: readonly EndpointName[],
  { protocol, first }: PortRange,
): Judgement {
  const rank = { allow: 2, unknown: 1, deny: 0 };
  let best: Judgement | null = null;
  for (const src of from.map((name) => judge.endpoints.named(name)))
    for (const end of to.map((name) => judge.endpoints.named(name))) {
      // Between pods of one workload: a pod and itself show nothing of policies.
      const dst = end.type === 'pod' && isSame(src, end) ? replicaOf(end) : end;
      const found = judge.judgeFlow({ src, dst, port: first, protocol });
      if (best === null || rank[found.verdict] > rank[best.verdict]) best = found;
      if (best.verdict === 'allow') return best;
    }
  if (best === null) throw new Error('a party has no ends');
  return best;
}

/** Ranges that touch and mean the same are one. `same` decides about two neighbours. */
export function joined<R extends PortRange>(ranges: readonly R[], same: (a: R, b: R) => boolean): R[] {
  const found: R[] = [];
  for (const range of ranges) {
    const before = found.at(-1);
    if (
      before !== undefined &&
      before.protocol === range.protocol &&
      before.last + 1 === range.first &&
      same(before, range)
    )
      found[found.length - 1] = { ...before, last: range.last };
    else found.push(range);
  }
  return found;
}

/** `any port`, `any/TCP`, `53/UDP, 8000-8099/TCP`. */
export function rangesText(ranges: readonly PortRange[]): string {
  const whole = ranges.filter(({ first, last }) => first === 1 && last === lastPort);
  if (whole.length === protocols.length) return 'any port';
  return ranges
    .map(({ protocol, first, last }) => {
      const ports = first === 1 && last === lastPort ? 'any' : first === last ? String(first) : `${first}-${last}`;
      return `${ports}/${protocol}`;
    })
    .join(', ');
}
