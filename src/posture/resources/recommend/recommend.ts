/** Usage → requests and limits with their reasons, or the reason why there are none. */
import type { Options } from '../options.ts';
import { bytesText, coresText, timeText } from '../quantity.ts';
import { type ContainerUsage, faultOf, type Replica, type Sample } from '../series.ts';
import type { Basis, ContainerAdvice, Figure, Finding } from './advice.ts';
import { cpuAdvice } from './cpu.ts';
import { memoryAdvice } from './memory.ts';
import { secondsCovered, secondsSeen, type Span, spans } from './spans.ts';
import { phases, type Watched } from './startup.ts';
import { sparse } from './sureness.ts';

export function recommend(usage: ContainerUsage, options: Options): ContainerAdvice {
  const { name, current } = usage;
  const fault = faultOf(usage);
  const replicas = within(usage.replicas, options.observationPeriod);
  const seen = replicas.map(({ cpu, memory }): Seen => ({ cpu: spans(cpu), memory: spans(memory) }));
  const basis = basisOf(replicas, seen);
  if (fault !== null) {
    const none: Figure = { state: 'no-opinion', because: fault, seen: null };
    const pair = { request: none, limit: none, bounds: null };
    return { name, cpu: pair, memory: pair, confidence: 0, startup: null, cycle: null, findings: [], basis, fault };
  }
  const { steady, startup } = phases(replicas, options);
  const starts = basis.starts + (startup?.guessed === true ? startup.times : 0);
  const cpu = cpuAdvice(steady, startup, current?.cpu ?? null, starts, options);
  const memory = memoryAdvice(steady, startup, current?.memory ?? null, starts, options);
  const started: Finding[] =
    startup === null
      ? []
      : [
          {
            type: 'startup',
            text: `the ${startup.guessed ? 'begin of the series looks like a start' : 'start'}: up to ${coresText(startup.cpu)} and ${bytesText(startup.memory)} for ${timeText(startup.seconds)}; requests are for what follows, limits let it pass`,
          },
        ];
  const figures = [cpu.request, cpu.limit, memory.request, memory.limit];
  const sure = figures.flatMap((each) => (each.state === 'number' ? [each.sure] : []));
  return {
    name,
    cpu: { request: cpu.request, limit: cpu.limit, bounds: cpu.bounds },
    memory: { request: memory.request, limit: memory.limit, bounds: memory.bounds },
    confidence: Math.min(...(sure.length === 0 ? [cpu.sure, memory.sure] : sure)),
    startup,
    cycle: cpu.cycle,
    findings: [...shortened(seen, options), ...sparsely(seen), ...started, ...cpu.findings, ...memory.findings],
    basis,
    fault: null,
  };
}

/** What each replica was seen by. */
interface Seen {
  readonly cpu: readonly Span[];
  readonly memory: readonly Span[];
}

/** A tenth less is the same period. */
function shortened(seen: readonly Seen[], { observationPeriod }: Options): Finding[] {
  const covered = Math.max(
    secondsCovered(seen.flatMap(({ cpu }) => cpu)),
    secondsCovered(seen.flatMap(({ memory }) => memory)),
  );
  if (covered === 0 || covered > observationPeriod * 0.9) return [];
  const text = `${timeText(covered)} were seen of the ${timeText(observationPeriod)} that were asked for: what was needed in the rest, if it ran then, is not known`;
  return [{ type: 'period', text }];
}

function sparsely(seen: readonly Seen[]): Finding[] {
  const all = seen.flatMap(({ cpu, memory }) => [...cpu, ...memory]);
  const step = secondsSeen(all) / Math.max(1, all.length);
  if (step <= sparse * 1.1) return [];
  return [{ type: 'sparse', text: `a sample stands for ${timeText(step)}: shorter peaks are not seen` }];
}

/** What is not older than the period, counted from the newest sample. */
function within(replicas: readonly Replica[], period: number): Watched[] {
  const newest = replicas.reduce(
    (max, { cpu, memory }) => Math.max(max, cpu.at(-1)?.[0] ?? 0, memory.at(-1)?.[0] ?? 0),
    0,
  );
  const since = newest - period;
  const inside = ([at]: Sample): boolean => at > since;
  return replicas
    .map((replica) => ({
      ...replica,
      cpu: replica.cpu.filter(inside),
      memory: replica.memory.filter(inside),
      oom: replica.oom.filter(inside),
      throttled: replica.throttled.filter(inside),
      starts: replica.starts.filter((at) => at > since),
      isCut: [...replica.starts, replica.cpu[0]?.[0], replica.memory[0]?.[0]].some(
        (at) => at !== undefined && at <= since,
      ),
    }))
    .filter(({ cpu, memory, oom }) => cpu.length + memory.length + oom.length > 0);
}

/** Ten minutes are enough for a source to find a container. */
function isSeen(start: number, { cpu, memory }: Seen = { cpu: [], memory: [] }): boolean {
  return [cpu[0], memory[0]].some((first) => first !== undefined && start >= first.at - Math.max(600, first.seconds));
}

function basisOf(replicas: readonly Replica[], seen: readonly Seen[]): Basis {
  const times = replicas
    .flatMap(({ cpu, memory }) => [cpu[0], memory[0], cpu.at(-1), memory.at(-1)])
    .flatMap((sample) => sample?.[0] ?? []);
  return {
    since: times.length === 0 ? null : Math.min(...times),
    until: times.length === 0 ? null : Math.max(...times),
    seconds: seen.reduce((sum, { cpu, memory }) => sum + Math.max(secondsSeen(cpu), secondsSeen(memory)), 0),
    samples: replicas.reduce((sum, { cpu, memory }) => sum + cpu.length + memory.length, 0),
    replicas: replicas.length,
    starts: replicas.reduce((sum, { starts }, index) => sum + starts.filter((at) => isSeen(at, seen[index])).length, 0),
  };
}
