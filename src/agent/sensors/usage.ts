/** CPU and memory of a cgroup, sampled from its files; no BPF. */
import { readFileSync } from 'node:fs';
import type { ObservationOf } from '#observation/observation.ts';
import type { UsageFolders } from '../cgroups.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';

export const usage: SensorKind = { sensor: 'usage', attach };

type Usage = ObservationOf<'usage'>;
/** Samples of containers that nobody has named yet; the oldest go first. */
const maxSamples = 100_000;

function attach(context: SensorContext): AttachedSensor {
  let samples: { subject: number; sample: Omit<Usage, 'container'> }[] = [];
  let next = 0;
  let lost = 0;
  const sight = new Sight();
  function look(): void {
    for (const { subject, folders } of context.usageFolders()) {
      const read = figures(folders);
      sight.note(subject, read);
      // Its files are gone: the container has ended.
      if (Object.values(read).every((figure) => figure === null)) continue;
      samples.push({ subject, sample: { type: 'usage', at: Date.now(), ...read } });
    }
    if (samples.length > maxSamples) lost += samples.splice(0, samples.length - maxSamples).length;
  }
  return {
    sensor: 'usage',
    hook: `cgroup files, every ${context.usageEveryMs / 1000} s`,
    drain() {
      if (Date.now() < next) return false;
      next = Date.now() + context.usageEveryMs;
      look();
      return false;
    },
    collect() {
      const named = samples.flatMap(({ subject, sample }): Usage[] => {
        const container = context.containerOf(subject);
        return container === null ? [] : [{ container, ...sample }];
      });
      if (!context.keeps)
        samples = samples.filter(({ subject }) => context.containerOf(subject) === null && !context.gone(subject));
      return named;
    },
    lost: () => lost,
    gaps: () => (context.wholeCgroup ? sight.gaps() : ['usage is not sampled when a process is followed']),
    maps: () => [],
    close: () => undefined,
  };
}

type Figures = Omit<Usage, 'type' | 'container' | 'at'>;

/** Whose figures never came. One look may find a container that is just ending; two do not. */
export class Sight {
  readonly #looks = new Map<number, { times: number; cpu: boolean; memory: boolean }>();

  note(subject: number, { cpuMicroseconds, memoryBytes }: Figures): void {
    const { times, cpu, memory } = this.#looks.get(subject) ?? { times: 0, cpu: false, memory: false };
    this.#looks.set(subject, {
      times: times + 1,
      cpu: cpu || cpuMicroseconds !== null,
      memory: memory || memoryBytes !== null,
    });
  }

  /** Sorted. */
  gaps(): string[] {
    const looked = [...this.#looks.values()].filter(({ times }) => times > 1);
    return (['CPU', 'memory'] as const).flatMap((what) => {
      const blind = looked.filter(({ cpu, memory }) => !(what === 'CPU' ? cpu : memory)).length;
      return blind === 0
        ? []
        : [`the cgroup files of ${what} were not where the others are in ${blind} of ${looked.length} cgroups`];
    });
  }
}

/** Null where this kernel, or this hierarchy, does not tell. */
export function figures({ unified, memory, cpuacct, cpu }: UsageFolders): Figures {
  const stat = pairs(`${cpu ?? unified}/cpu.stat`);
  const periods = { cpuPeriods: stat.get('nr_periods') ?? null, cpuThrottledPeriods: stat.get('nr_throttled') ?? null };
  const cpuMicroseconds =
    cpuacct === null ? (stat.get('usage_usec') ?? null) : scaled(number(`${cpuacct}/cpuacct.usage`), 1e-3);
  if (memory === null) {
    const bytes = number(`${unified}/memory.current`);
    return {
      cpuMicroseconds,
      ...periods,
      memoryBytes: bytes,
      workingSetBytes: without(bytes, pairs(`${unified}/memory.stat`).get('inactive_file')),
      memoryPeakBytes: number(`${unified}/memory.peak`),
      oomKills: pairs(`${unified}/memory.events`).get('oom_kill') ?? null,
    };
  }
  const bytes = number(`${memory}/memory.usage_in_bytes`);
  return {
    cpuMicroseconds,
    ...periods,
    memoryBytes: bytes,
    workingSetBytes: without(bytes, pairs(`${memory}/memory.stat`).get('total_inactive_file')),
    memoryPeakBytes: number(`${memory}/memory.max_usage_in_bytes`),
    oomKills: pairs(`${memory}/memory.oom_control`).get('oom_kill') ?? null,
  };
}

function text(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function number(file: string): number | null {
  const value = Number.parseInt(text(file) ?? '', 10);
  return Number.isNaN(value) ? null : value;
}

function pairs(file: string): Map<string, number> {
  const lines = (text(file) ?? '').split('\n').map((line) => line.split(' '));
  return new Map(
    lines.flatMap(([name = '', value]): [string, number][] => (value === undefined ? [] : [[name, Number(value)]])),
  );
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : Math.round(value * factor);
}

/** The part of memory that the kernel cannot simply drop: what cAdvisor and kubelet call the working set. */
function without(bytes: number | null, inactive: number | undefined): number | null {
  return bytes === null || inactive === undefined ? null : Math.max(0, bytes - inactive);
}
