/**
 * One program, two ways to start it: the parser refuses patterns that meet and disagree about the mode. A path that is
 * named exactly goes before patterns, and disagrees only with itself.
 */
import { UnreadableArtifact } from '../../kind.ts';
import { closure, type Glob, step } from './glob.ts';
import type { FileRule, Profile } from './rules.ts';

export function refuseConflicts({ rules }: Profile): void {
  const starting = rules.filter((rule): rule is FileRule => rule.type === 'file' && !rule.deny && rule.exec !== null);
  const parts = starting.flatMap((rule) => rule.globs.map((glob) => ({ rule, glob, mode: modeOf(rule) })));
  const exact = parts.flatMap(({ glob }) => (glob.exact ? glob : []));
  for (const [at, one] of parts.entries()) {
    for (const other of parts.slice(at + 1)) {
      if (one.mode === other.mode || one.glob.exact !== other.glob.exact) continue;
      if (meet(one.glob, other.glob, one.glob.exact ? [] : exact))
        throw new UnreadableArtifact(
          other.rule.where,
          `${other.rule.path} ${other.rule.exec?.text} and ${one.rule.path} ${one.rule.exec?.text} (${one.rule.where}) meet and disagree`,
        );
    }
  }
}

function modeOf({ exec }: FileRule): string {
  return `${exec?.text} ${exec?.target ?? ''}`;
}

/** Whether a text fits both, and none of the others, which go before them. */
function meet(one: Glob, other: Glob, before: readonly Glob[]): boolean {
  if (one.literal !== null && other.literal !== null) return one.literal === other.literal;
  const machines = [one, other, ...before].map(({ machine }) => machine);
  const ends = (states: readonly number[][]): boolean[] =>
    states.map((each, at) => each.includes(machines[at]?.end ?? -1));
  const seen = new Set<string>();
  const start = machines.map((machine) => closure(machine, [machine.start]));
  for (const open = [start]; open.length > 0; ) {
    const states = open.pop() ?? start;
    const key = states.map(String).join('|');
    if (seen.has(key)) continue;
    seen.add(key);
    const [first, second, ...named] = ends(states);
    if (first === true && second === true && !named.includes(true)) return true;
    for (let byte = 1; byte < 256; byte += 1) {
      const next = states.map((each, at) => step(machines[at] ?? one.machine, each, byte));
      if ((next[0]?.length ?? 0) > 0 && (next[1]?.length ?? 0) > 0) open.push(next);
    }
  }
  return false;
}
