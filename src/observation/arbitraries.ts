/** Random observations and recordings for the laws (fast-check). Only tests import this. */
import fc from 'fast-check';
import type { Observation } from './observation.ts';
import { type Coverage, type Recording, recordingVersion } from './recording.ts';
import { syscallNames, syscallNumber } from './syscalls.ts';

const instances = ['run-1', 'run-2', 'run-3'] as const;
const when = fc.integer({ min: 1_790_000_000_000, max: 1_790_000_100_000 });

const sighting = fc
  .record({ a: when, b: when, count: fc.integer({ min: 1, max: 50 }) })
  .map(({ a, b, count }) => ({ first: Math.min(a, b), last: Math.max(a, b), count }));

const phase = fc.constantFrom('setup' as const, 'runtime' as const, 'program' as const);
const program = fc.constantFrom('/usr/sbin/nginx', '/bin/sh', '/tmp/it\'s "odd"\n', null);
const common = { container: fc.constantFrom(...instances), phase, program, seen: sighting };

const syscall = fc
  .record({
    ...common,
    name: fc.constantFrom(
      ...syscallNames('x86_64').filter(
        (name) => (syscallNumber('x86_64', name) ?? 0) < 452 && !['uprobe', 'uretprobe'].includes(name),
      ),
    ),
  })
  .map(
    ({ name, ...rest }): Observation => ({
      type: 'syscall',
      ...rest,
      arch: 'x86_64',
      nr: syscallNumber('x86_64', name) ?? 0,
      name,
    }),
  );

const file = fc
  .record({
    ...common,
    path: fc.string({ unit: 'binary', maxLength: 20 }),
    access: fc.constantFrom('read' as const, 'write' as const),
  })
  .map((rest): Observation => ({ type: 'file', ...rest, resolution: 'exact', kind: 'file', owner: null }));

const flow = fc
  .record({
    ...common,
    port: fc.integer({ min: 1, max: 65_535 }),
    direction: fc.constantFrom('ingress' as const, 'egress' as const),
  })
  .map(
    (rest): Observation => ({
      type: 'flow',
      ...rest,
      protocol: 'tcp',
      peer: { type: 'address', ip: '192.0.2.1' },
      outcome: 'established',
    }),
  );

export const observation = fc.oneof({ weight: 5, arbitrary: syscall }, file, flow);

/** One program, recorded without loss in several runs, with at least one system call of its own. */
export const completeRecording = fc
  .record({ own: syscall, more: fc.array(observation, { maxLength: 60 }) })
  .map(({ own, more }): Recording => {
    const first = own.type === 'syscall' ? { ...own, phase: 'program' as const } : own;
    const coverage = instances.map(
      (container): Coverage => ({
        type: 'coverage',
        container,
        sensor: 'syscalls',
        state: 'ran',
        hook: 'tp_btf/sys_enter',
        from: 1,
        to: 2,
        lost: 0,
        gaps: [],
      }),
    );
    return {
      header: {
        type: 'recording',
        version: recordingVersion,
        by: 'test',
        started: 1,
        node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
      },
      containers: instances.map((id) => ({
        type: 'container',
        id,
        workload: 'shop',
        name: 'shop',
        started: 1,
        fromStart: true,
      })),
      observations: [first, ...more],
      coverage,
      end: { type: 'end', ended: 2, lines: 1 },
    };
  });
