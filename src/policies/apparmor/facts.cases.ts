/** Recordings of a container for tests: real shapes, made up contents. */
import { fold } from '#baseline/fold.ts';
import type { Observation, ObservationOf } from '#observation/observation.ts';
import { type Coverage, type Recording, recordingVersion } from '#observation/recording.ts';
import type { Generated } from '../kind.ts';
import { apparmor } from './index.ts';

const seen = { first: 1, last: 1, count: 1 };
const common = { container: 'run', phase: 'program', program: '/app', seen } as const;

export function file(
  path: string,
  access: ObservationOf<'file'>['access'],
  more: Partial<ObservationOf<'file'>> = {},
): ObservationOf<'file'> {
  const directory = ['list', 'mkdir', 'rmdir'].includes(access);
  return {
    type: 'file',
    ...common,
    path,
    access,
    resolution: 'exact',
    kind: directory ? 'directory' : 'file',
    owner: false,
    ...more,
  };
}

export function exec(path: string, program: string | null = '/app'): ObservationOf<'exec'> {
  const rest = { calledAs: path, parent: program, argv: [], argvCut: false, uid: 0, gid: 0 };
  return { type: 'exec', ...common, program, path, ...rest };
}

export function recording(observations: readonly Observation[], pod = false): Recording {
  const sensors = ['files', 'programs', 'capabilities', 'operations', 'network'] as const;
  return {
    header: {
      ...{ type: 'recording', version: recordingVersion, by: 'test', started: 1 },
      node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
    },
    containers: [
      {
        ...{ type: 'container', id: 'run', workload: 'shop', name: pod ? 'app' : 'shop', started: 1, fromStart: true },
        ...(pod
          ? {
              pod: {
                ...{
                  cluster: 'c',
                  namespace: 'store',
                  kind: 'Deployment',
                  name: 'shop-5d4f8c-x2x4z',
                  uid: 'u',
                  node: 'n',
                },
                ...{ labels: {}, serviceAccount: null, hostNetwork: false },
              },
            }
          : {}),
      },
    ],
    observations,
    coverage: sensors.map(
      (sensor): Coverage => ({
        ...{
          type: 'coverage',
          container: 'run',
          sensor,
          state: 'ran',
          hook: 'tp_btf',
          from: 1,
          to: 2,
          lost: 0,
          gaps: [],
        },
      }),
    ),
    end: { type: 'end', ended: 2, lines: 1 },
  };
}

export function made(of: Recording, options: Record<string, unknown> = {}): Extract<Generated, { type: 'artifacts' }> {
  const [baseline] = fold([of]);
  if (baseline === undefined) throw new Error('the recording holds no container');
  const generated = apparmor.generate({ baselines: [baseline], cluster: null }, apparmor.options.parse(options));
  if (generated.type !== 'artifacts') throw new Error(generated.reason);
  return generated;
}

export function profileOf(observations: readonly Observation[], options: Record<string, unknown> = {}): string {
  return made(recording(observations), options).artifacts[0]?.text ?? '';
}

/** The file rules, one a line, without remarks. */
export function fileRulesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/, # .*$/, ',').trim());
  return lines.filter((line) => /^(owner )?["/@]/.test(line) || line.startsWith('link '));
}
