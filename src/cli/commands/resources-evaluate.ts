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
  const files = [...flags.series, answers];
  if (files.filter((file) => file === '-').length > 1)
    throw new Failure('series and answers cannot both come from standard input');
  const known = new Map<string, Series>();
  for (const file of flags.series)
    for await (const { where, value } of seriesIn(file)) {
      if (value === null) continue;
      if (known.has(value.id))
        complain(where, `a second series of the id ${JSON.stringify(value.id)}: the first is judged`);
      else known.set(value.id, value);
    }
  const silent = new Set(known.keys());
  for await (const { where, id, value, fault } of lines(answers, line)) {
    const series = value === null ? undefined : known.get(value.id);
    if (value === null || series === undefined) {
      const why = fault ?? `no series has the id ${JSON.stringify(id)}`;
      if (fault === null) complain(where, why);
      await printLine({ id, error: why });
      continue;
    }
    silent.delete(value.id);
    const containers = series.containers.map((usage) => {
      const figures = Object.hasOwn(value.containers, usage.name) ? value.containers[usage.name] : undefined;
      const bad = figures === undefined ? `there is no answer for it` : faultOf(usage);
      if (figures !== undefined && bad === null)
        return [usage.name, replay(figures, usage.replicas, windowOf(series, last))] as const;
      complain(where, `${usage.name}: ${bad}`);
      return [usage.name, { error: bad }] as const;
    });
    await printLine({ id, containers: Object.fromEntries(containers) });
  }
  const [first] = silent;
  if (first !== undefined)
    complain(answers, `no answer for ${silent.size} series, ${JSON.stringify(first)} among them`);
}

function windowOf({ containers }: Series, last: number | null): Window | undefined {
  if (last === null) return undefined;
  const until = containers
    .flatMap(({ replicas }) => replicas.flatMap(({ cpu, memory }) => [cpu.at(-1)?.[0] ?? 0, memory.at(-1)?.[0] ?? 0]))
    .reduce((newest, at) => Math.max(newest, at), 0);
  return { since: until - last, until };
}
