/** Recordings as agents send them, for the broker's tests. */
import fc from 'fast-check';
import { observation } from '#observation/arbitraries.ts';
import type { Observation } from '#observation/observation.ts';
import { type Container, type Coverage, type Line, type Recording, recordingVersion } from '#observation/recording.ts';
import { writeRecording } from '#observation/writing.ts';

/** What a workload may put into its strings: bytes that are no text, NUL, quotes, SQL, control characters, length. */
export const hostile: readonly string[] = [
  'nul\0inside',
  'bytes \udc80\udcff alone',
  '\ud800 lone \udfff',
  `'; drop table facts; --`,
  '"quoted" \\ \\u0000 \\ud800 %s $1 ?',
  'line\nend\r\n\ttab \u001b[31m \u2028 \u202e',
  '😀 é \ufeff \uffff',
  'x'.repeat(200),
  '__proto__',
];

export interface RunOf {
  readonly pod: string;
  readonly facts: number;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly node?: string;
  readonly uid?: string;
  readonly digest?: string;
  /** In every field that takes any string. */
  readonly text?: string;
  readonly started?: number;
  readonly first?: number;
  readonly last?: number;
  readonly coveredTo?: number;
  readonly kernel?: string;
}

export function recordingOf({
  pod,
  facts,
  text,
  cluster = 'test',
  namespace = text ?? 'shop',
  workload = text ?? 'cart',
  node = 'node-1',
  uid = `uid-of-${pod}`,
  digest,
  first = 1000,
  last = 2000,
  started = first,
  coveredTo = last,
  kernel = text ?? '6.18',
}: RunOf): Recording {
  const container: Container = {
    type: 'container',
    id: `run-of-${pod}`,
    workload,
    name: text ?? 'app',
    started,
    image: text ?? 'registry/cart:1',
    ...(digest === undefined ? {} : { imageDigest: digest }),
    fromStart: true,
    pod: {
      cluster,
      namespace,
      kind: 'Deployment',
      name: pod,
      uid,
      node,
      // zod drops a key of this name, as it must.
      labels: { app: text ?? 'cart', ...(text === '__proto__' ? {} : { [text ?? 'tier']: 'web' }) },
      serviceAccount: null,
      hostNetwork: false,
    },
  };
  const seen = { first, last, count: 1 };
  const common = { container: container.id, phase: 'program', program: text ?? '/bin/app', seen } as const;
  const observations = Array.from(
    { length: facts },
    (_, at): Observation => ({
      type: 'file',
      ...common,
      path: `/data/${at}${text ?? ''}`,
      access: 'read',
      resolution: 'exact',
      kind: 'file',
      owner: null,
    }),
  );
  const syscall: Observation = { type: 'syscall', ...common, arch: 'x86_64', nr: 0, name: 'read' };
  return complete(
    [container],
    facts > 1 ? [...observations.slice(1), syscall] : observations,
    [
      {
        ...watched(container.id, started, coveredTo),
        hook: text ?? 'tp_btf/sys_enter',
        gaps: text === undefined ? [] : [text],
      },
    ],
    kernel,
  );
}

function watched(container: string, from: number, to: number): Coverage {
  const rest = { state: 'ran', hook: 'tp_btf/sys_enter', lost: 0, gaps: [] } as const;
  return { type: 'coverage', container, sensor: 'syscalls', from, to, ...rest, gaps: [...rest.gaps] };
}

export function complete(
  containers: Container[],
  observations: Observation[],
  coverage: Coverage[],
  kernel = '6.18',
): Recording {
  return {
    header: {
      type: 'recording',
      version: recordingVersion,
      by: 'test',
      started: 1,
      node: { arch: 'x86_64', kernel, cgroups: 'v2' },
    },
    containers,
    observations,
    coverage,
    end: { type: 'end', ended: 2, lines: 1 + containers.length + observations.length + coverage.length },
  };
}

/** A body, as an agent sends it. */
export function textOf({ header, containers, observations, coverage, end }: Recording): string {
  const lines: Line[] = [header, ...containers, ...coverage, ...observations];
  if (end !== null) lines.push(end);
  return `${writeRecording(lines).join('\n')}\n`;
}

const runs = fc.constantFrom(
  ...['east', 'west'].flatMap((cluster) =>
    ['cart', 'odd "\0" \udc80'].flatMap((workload) =>
      ['a', 'b'].map((pod) => ({ cluster, workload, pod: `${cluster}-${workload}-${pod}`, facts: 0, kernel: pod })),
    ),
  ),
);

/** Deltas of several runs on several machines, in which the same claim and the same watch come again and again. */
export const recordingsOfCluster = fc.array(
  fc
    .record({
      run: runs,
      facts: fc.array(observation, { maxLength: 20 }),
      coverage: fc.array(
        fc.record({
          from: fc.integer({ min: 1, max: 3 }),
          more: fc.integer({ min: 0, max: 5 }),
          lost: fc.integer({ min: 0, max: 3 }),
          gaps: fc.subarray(['one', 'two', 'odd \0']),
          state: fc.constantFrom('ran' as const, 'unavailable' as const),
        }),
        { maxLength: 4 },
      ),
    })
    .map(({ run, facts, coverage }) => {
      const { containers } = recordingOf(run);
      const { id } = containers[0] as Container;
      return complete(
        [...containers],
        facts.map((each) => ({ ...each, container: id })),
        coverage.map(({ from, more, lost, gaps, state }) => ({
          ...watched(id, from, from + more),
          lost,
          gaps,
          state,
        })),
        run.kernel,
      );
    }),
  { minLength: 1, maxLength: 8 },
);
