/** Recordings of a container for tests: real shapes, made up contents. */
import { fold } from '#baseline/fold.ts';
import type { Observation, ObservationOf, Peer } from '#observation/observation.ts';
import {
  type Container,
  type Coverage,
  type Recording,
  recordingVersion,
  type Sensor,
} from '#observation/recording.ts';
import type { Generated } from '../kind.ts';
import { falco } from './index.ts';

const seen = { first: 1, last: 1, count: 1 };
const common = { container: 'run', phase: 'program', program: '/app', seen } as const;

export function exec(path: string, more: Partial<ObservationOf<'exec'>> = {}): ObservationOf<'exec'> {
  const rest = { calledAs: path, parent: '/app', argv: [path], argvCut: false, uid: 1000, gid: 1000 };
  return { type: 'exec', ...common, path, ...rest, ...more };
}

export function file(
  path: string,
  access: ObservationOf<'file'>['access'],
  more: Partial<ObservationOf<'file'>> = {},
): ObservationOf<'file'> {
  return { type: 'file', ...common, path, access, resolution: 'exact', kind: 'file', owner: null, ...more };
}

export function flow(peer: Peer | string, port: number, more: Partial<ObservationOf<'flow'>> = {}): Observation {
  const to: Peer = typeof peer === 'string' ? { type: 'address', ip: peer } : peer;
  const rest = { direction: 'egress', protocol: 'tcp', port, peer: to, outcome: 'established' } as const;
  return { type: 'flow', ...common, ...rest, ...more };
}

export function listen(port: number, protocol: 'tcp' | 'udp' = 'tcp'): Observation {
  return { type: 'listen', ...common, protocol, ip: '0.0.0.0', port };
}

export function call(name: string): Observation {
  return { type: 'syscall', ...common, arch: 'x86_64', nr: 1, name };
}

export function socket(family: string, kind: string): Observation {
  return { type: 'socket', ...common, family, kind, protocol: 0 };
}

export const workloadPeer: Peer = {
  type: 'workload',
  workload: { namespace: 'store', kind: 'Deployment', name: 'db' },
};

export const pod = {
  ...{ cluster: 'c', namespace: 'store', kind: 'Deployment', name: 'shop-5d4f8c7b9-x2x4z', uid: 'u', node: 'n' },
  ...{ labels: { app: 'shop' }, serviceAccount: null, hostNetwork: false },
};
/** As in a cluster. */
export const shop: Container = {
  ...{ type: 'container', id: 'run', workload: 'shop', name: 'app', started: 1, fromStart: true },
  ...{ image: 'registry.example/store/shop:1.2', pod },
};
export const onHost: Container = {
  ...{ type: 'container', id: 'run', workload: 'shop', name: 'shop', started: 1, fromStart: true },
};

export const all: readonly Sensor[] = ['syscalls', 'programs', 'files', 'capabilities', 'network', 'operations'];

export function recording(
  observations: readonly Observation[],
  by: Container = shop,
  sensors: readonly Sensor[] = all,
): Recording {
  return {
    header: {
      ...{ type: 'recording', version: recordingVersion, by: 'test', started: 1 },
      node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
    },
    containers: [by],
    observations,
    coverage: sensors.map(
      (sensor): Coverage => ({
        ...{ type: 'coverage', container: 'run', sensor, state: 'ran', hook: 'tp_btf', from: 1, to: 2, lost: 0 },
        gaps: [],
      }),
    ),
    end: { type: 'end', ended: 2, lines: 1 },
  };
}

export function made(of: Recording, options: Record<string, unknown> = {}): Extract<Generated, { type: 'artifacts' }> {
  const [baseline] = fold([of]);
  if (baseline === undefined) throw new Error('the recording holds no container');
  const generated = falco.generate({ baselines: [baseline], cluster: null }, falco.options.parse(options));
  if (generated.type !== 'artifacts') throw new Error(generated.reason);
  return generated;
}

export function rulesOf(observations: readonly Observation[], options: Record<string, unknown> = {}): string {
  return made(recording(observations), options).artifacts[0]?.text ?? '';
}

/** Something of every activity. */
export const everything: readonly Observation[] = [
  ...[exec('/usr/bin/shop'), exec('/opt/my app/"x", (y)', { uid: 0 }), file('/tmp/aB3dE6', 'create')],
  ...[file('/tmp/aB3dE6', 'write'), file('/run/shop.pid', 'write'), file('/data/café\n#, %x', 'append')],
  ...[file('/run/secrets/kubernetes.io/serviceaccount/..2026_01_01_10_00_00.123/token', 'read')],
  ...[file('/proc/77/environ', 'read'), file('/data/old', 'unlink'), file('/data/dir', 'mkdir')],
  ...[file('/data/new', 'rename-to'), file('/data/hard', 'link-to'), file('/data/soft', 'symlink')],
  ...[file('/run/docker.sock', 'write', { kind: 'socket' }), file('/data/sock', 'write', { kind: 'socket' })],
  ...[flow('192.0.2.1', 443), flow('2001:db8::7', 443), flow('192.0.2.53', 53, { protocol: 'udp' })],
  ...[flow(workloadPeer, 5432, { service: { namespace: 'store', name: 'db', port: 15_432 } })],
  ...[listen(8080), listen(8125, 'udp'), call('setuid'), call('mount'), call('read')],
  ...[socket('netlink', 'raw'), socket('inet', 'raw'), socket('inet', 'stream')],
];
