/** What people did in a container (`kubectl exec`) is evidence of people, not of the workload: kinds never see it. */
import type { Observation } from '#observation/observation.ts';
import type { Baseline, Claim } from './baseline.ts';

export function isOfSession(seen: Observation | Claim): boolean {
  return 'phase' in seen && seen.phase === 'session';
}

export function withoutSessions(baseline: Baseline): Baseline {
  return { ...baseline, facts: baseline.facts.filter(({ claim }) => !isOfSession(claim)) };
}
