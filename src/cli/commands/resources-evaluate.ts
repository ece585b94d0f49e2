/** `kguardian evaluate resources`: the judge, whoever's the figures are. */
import { z } from 'zod';
import { answer } from '#posture/resources/figures.ts';
import { replay, type Window } from '#posture/resources/judge/replay.ts';
import { secondsOf } from '#posture/resources/quantity.ts';
import { faultOf, type Series } from '#posture/resources/series.ts';
import { Failure } from '../failure.ts';
import { complain, lines, printLine, seriesIn } from './resources-lines.ts';

const line = answer.extend({ id: z.string() });

export async function evaluateResources(
  answers: string,
  flags: { readonly series: readonly string[]; readonly last?: string },
): Promise<void> {
  const last = flags.last === undefined ? null : secondsOf(flags.last);
  if (flags.last !== undefined && last === null)
    throw new Failure(`--last takes a length of time (1d, 12h), not ${JSON.stringify(flags.last)}`);
  const known = new Map<string, Series>();
  for (const file of flags.series)
    for await (const { value } of seriesIn(file)) if (value !== null) known.set(value.id, value);
  for await (const { where, id, value, fault } of lines(answers, line)) {
    const series = value === null ? undefined : known.get(value.id);
    if (value === null || series === undefined) {
      const why = fault ?? `no series has the id ${JSON.stringify(id)}`;
      if (fault === null) complain(where, why);
      await printLine({ id, error: why });
      continue;
    }
    const containers = series.containers.map((usage) => {
      const figures = value.containers[usage.name];
      const bad = figures === undefined ? `there is no answer for it` : faultOf(usage);
      if (figures !== undefined && bad === null)
        return [usage.name, replay(figures, usage.replicas, windowOf(series, last))] as const;
      complain(where, `${usage.name}: ${bad}`);
      return [usage.name, { error: bad }] as const;
    });
    await printLine({ id, containers: Object.fromEntries(containers) });
  }
}

function windowOf({ containers }: Series, last: number | null): Window | undefined {
  if (last === null) return undefined;
  const until = containers
    .flatMap(({ replicas }) => replicas.flatMap(({ cpu, memory }) => [cpu.at(-1)?.[0] ?? 0, memory.at(-1)?.[0] ?? 0]))
    .reduce((newest, at) => Math.max(newest, at), 0);
  return { since: until - last, until };
}
