/** What a reader must know of CPU besides its figures, in words. */
import type { Options } from '../options.ts';
import { coresText } from '../quantity.ts';
import type { Finding } from './advice.ts';
import type { Cycle, Week } from './cycle.ts';
import { secondsSeen, type Span } from './spans.ts';
import { percentText } from './wording.ts';

/** A burst is that much above what is requested, and at least so many cores. */
const burstFactor = 3;
export const burstCores = 0.1;

export function throttledFinding(share: number): Finding {
  const text = `in ${percentText(share)} of the time it had to wait for its CPU limit, or was next to it: what it needed then was at least what is counted`;
  return { type: 'throttled', text };
}

export function burstFinding(flat: readonly Span[], usual: number, most: number): Finding[] {
  const above = Math.max(usual * burstFactor, usual + burstCores);
  if (most < above) return [];
  const share = secondsSeen(flat.filter(({ value }) => value >= above)) / secondsSeen(flat);
  const times = usual > 0 ? `${Math.round(most / usual)} times what is usual` : 'where nothing is usual';
  const text = `bursts of up to ${coresText(most)} in ${percentText(share)} of the time, ${times}: where they must be quick, request more or keep CPU to spare on the nodes; a limit below would cut them`;
  return [{ type: 'burst', text }];
}

export function cycleFindings(cycle: Cycle | null, week: Week | null): Finding[] {
  const found: Finding[] = [];
  if (cycle !== null) {
    const busy = `${coresText(cycle.high)} at the busiest hour, ${coresText(cycle.low)} at the calmest, busy from ${cycle.busy.map(([from, to]) => `${from} to ${to} h`).join(' and ')} UTC`;
    const text = `CPU follows the day: ${busy}; replicas that follow it (an HPA) would ask for less than one figure for all hours`;
    found.push({ type: 'cycle', text });
  }
  if (week !== null) {
    const text = `CPU follows the week: at most ${coresText(week.low)} in the mean of ${week.calm.join(', ')}, at least ${coresText(week.high)} on other days (UTC)`;
    found.push({ type: 'cycle', text });
  }
  return found;
}

export function floorFinding(needed: number, { cpuFloor }: Options): Finding {
  const text = `${coresText(needed)} of CPU would do; the request is the floor of ${coresText(cpuFloor)} (--cpu-floor)`;
  return { type: 'floor', text };
}
