/** Several replicas, one figure: whose need it meets, and who stands out. */
import type { Finding } from './advice.ts';

export interface ReplicaNeed {
  readonly name: string | null;
  readonly value: number;
}

/** Of all, or of those that run now, if they need more; null without any. `of`: of how many, in words. */
export function rulingOf<N extends ReplicaNeed>(
  all: readonly N[],
  running: readonly N[],
  share: number,
): { readonly need: N; readonly of: string } | null {
  const [need, now] = [ruling(all, share), ruling(running, share)];
  if (now !== null && (need === null || now.value > need.value))
    return { need: now, of: `${running.length} that run now` };
  return need === null ? null : { need, of: String(all.length) };
}

/** The need that is at least as high as this share of the replicas'. They come sorted, the lowest first. */
function ruling<N extends ReplicaNeed>(needs: readonly N[], share: number): N | null {
  return needs[Math.max(0, Math.ceil(share * needs.length - 1e-9) - 1)] ?? null;
}

export function sortedNeeds<N extends ReplicaNeed>(needs: readonly N[]): N[] {
  return needs.toSorted((a, b) => a.value - b.value);
}

const factor = 2;

/** One that needs twice as much as the middle one, and `least` more. `text`: the need in words. */
export function skewOf(
  needs: readonly ReplicaNeed[],
  least: number,
  what: string,
  text: (value: number) => string,
): Finding[] {
  const [hottest, middle] = [needs.at(-1), needs[Math.floor((needs.length - 1) / 2)]];
  if (needs.length < 3 || hottest === undefined || middle === undefined) return [];
  if (hottest.value < middle.value * factor || hottest.value - middle.value < least) return [];
  const said = `${hottest.name ?? 'one replica'} needs ${text(hottest.value)} of ${what}, the middle of ${needs.length} replicas ${text(middle.value)}`;
  return [
    { type: 'skew', text: `${said}: a matter of sharding or balancing, which a request for all of them pays for` },
  ];
}
