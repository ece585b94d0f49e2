/**
 * What judging observations by Falco rules costs: all workloads of a node in one set of rules, no root. Time of the CPU, which
 * other work on the machine disturbs less than the clock.
 */
import { fold } from '../src/baseline/fold.ts';
import type { Observation } from '../src/observation/observation.ts';
import { type Container, type Recording, recordingVersion, type Sensor } from '../src/observation/recording.ts';
import { falco } from '../src/policies/falco/index.ts';
import { print, rounds, table } from './print.ts';

type Row = readonly string[];

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const sensors: readonly Sensor[] = ['syscalls', 'programs', 'files', 'network', 'operations'];
const seen = { first: 1, last: 1, count: 1 };

/** A container that starts programs, writes and reads files, listens and calls others: 60 facts. */
function observationsOf(id: string, at: number): Observation[] {
  const common = { container: id, phase: 'program', program: `/opt/app-${at}/bin/app`, seen } as const;
  const file = { type: 'file', ...common, resolution: 'exact', kind: 'file', owner: null } as const;
  const rest = { parent: '/bin/sh', argv: ['x'], argvCut: false, gid: 0 };
  const of = <T>(count: number, make: (each: number) => T): T[] =>
    Array.from({ length: count }, (_, each) => make(each));
  return [
    ...of(5, (each): Observation => {
      const path = `/opt/app-${at}/bin/tool-${each}`;
      return { type: 'exec', ...common, ...rest, path, calledAs: path, uid: 1000 + each };
    }),
    ...of(20, (each): Observation => ({ ...file, path: `/var/lib/app-${at}/data-${each}`, access: 'write' })),
    ...of(20, (each): Observation => ({ ...file, path: `/usr/share/app-${at}/file-${each}`, access: 'read' })),
    ...of(10, (each): Observation => {
      const peer = { type: 'address', ip: `198.51.${at % 256}.${each + 1}` } as const;
      return { type: 'flow', ...common, direction: 'egress', protocol: 'tcp', port: 443, peer, outcome: 'established' };
    }),
    ...of(2, (each): Observation => ({ type: 'listen', ...common, protocol: 'tcp', ip: '0.0.0.0', port: 8080 + each })),
    ...['setuid', 'setgid', 'setgroups'].map(
      (name): Observation => ({ type: 'syscall', ...common, arch: 'x86_64', nr: 1, name }),
    ),
  ];
}

function containerOf(at: number): Container {
  const name = `app-${at}-5d4f8c7b9-x2x4z`;
  const place = { cluster: 'c', namespace: `team-${Math.floor(at / 50)}`, kind: 'Deployment', uid: name, node: 'n' };
  return {
    ...{ type: 'container', id: name, workload: `app-${at}`, name: 'app', started: 1, fromStart: true },
    ...{
      image: `registry.example/app-${at}:1`,
      pod: { ...place, name, labels: {}, serviceAccount: null, hostNetwork: false },
    },
  };
}

function recordingOf(by: Container, observations: readonly Observation[]): Recording {
  return {
    header: {
      ...{ type: 'recording', version: recordingVersion, by: 'bench', started: 1 },
      node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
    },
    containers: [by],
    observations,
    coverage: sensors.map((sensor) => ({
      ...{ type: 'coverage', container: by.id, sensor, state: 'ran', hook: '', from: 1, to: 2, lost: 0, gaps: [] },
    })),
    end: { type: 'end', ended: 2, lines: 1 },
  };
}

function judging(workloads: number): Row {
  const all = Array.from({ length: workloads }, (_, at) => {
    const by = containerOf(at);
    return { by, observations: observationsOf(by.id, at) };
  });
  const written = cpuMilliseconds();
  const options = falco.options.parse({});
  const texts = all.map(({ by, observations }) => {
    const [baseline] = fold([recordingOf(by, observations)]);
    const result = baseline && falco.generate({ baselines: [baseline], cluster: null }, options);
    if (result?.type !== 'artifacts') throw new Error(JSON.stringify(result));
    return result.artifacts[0]?.text ?? '';
  });
  const writing = cpuMilliseconds() - written;
  const text = texts.join('\n---\n');
  const rules = text.match(/^- rule:/gm)?.length ?? 0;
  const read = cpuMilliseconds();
  const judge = falco.evaluator(text);
  const reading = cpuMilliseconds() - read;
  const count = 100_000;
  const questions = Array.from({ length: count }, (_, at) => {
    const { by, observations } = all[(at * 7919) % workloads] ?? { by: containerOf(0), observations: [] };
    const observation = observations[at % observations.length];
    if (observation === undefined) throw new Error('no observation');
    // One in ten is of another path: something that is told of.
    const strange = at % 10 === 0 && observation.type === 'file' && observation.access === 'write';
    return { by, observation: strange ? { ...observation, path: `${observation.path}x` } : observation };
  });
  let told = 0;
  const perSecond = (): number => {
    told = 0;
    const began = cpuMilliseconds();
    for (const { by, observation } of questions) if (judge.judge(observation, by).verdict === 'deny') told += 1;
    return count / ((cpuMilliseconds() - began) / 1000);
  };
  // The first round finds out which rules speak of which container.
  const first = perSecond();
  let best = 0;
  for (let round = 0; round < rounds; round += 1) best = Math.max(best, perSecond());
  const took = (each: number): string => `${((count / each) * 1000).toFixed(0)} ms`;
  return [
    `${rules} rules, ${workloads} workloads`,
    `${writing.toFixed(0)} ms`,
    `${reading.toFixed(0)} ms`,
    took(first),
    took(best),
    String(told),
  ];
}

export function bench(): void {
  print('Judging 100000 observations by Falco rules, CPU');
  table([['', 'writing', 'reading', 'first round', 'best round', 'told of'], ...[10, 100, 1000].map(judging)]);
}
