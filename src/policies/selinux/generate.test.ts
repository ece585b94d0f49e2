import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { fold } from '#baseline/fold.ts';
import type { Observation } from '#observation/observation.ts';
import type { Recording, Sensor } from '#observation/recording.ts';
import { proved, replay } from '#proof/replay.ts';
import { selinux } from './index.ts';
import { realRecordings } from './recordings.cases.ts';

const common = {
  container: 'r',
  phase: 'program' as const,
  program: '/opt/app/bin/app',
  seen: { first: 1, last: 1, count: 1 },
};
const exec = (path: string, program: string | null): Observation => ({
  type: 'exec',
  ...common,
  program,
  path,
  calledAs: path,
  parent: program,
  argv: [],
  argvCut: false,
  uid: 0,
  gid: 0,
});
type File = Extract<Observation, { type: 'file' }>;
const file = (path: string, access: File['access'], more: Partial<File> = {}): Observation => ({
  type: 'file',
  ...common,
  path,
  access,
  resolution: 'exact',
  kind: 'file',
  owner: null,
  ...more,
});
function recordingOf(
  observations: readonly Observation[],
  sensors: readonly Sensor[] = ['files', 'programs', 'capabilities', 'network', 'syscalls', 'operations'],
): Recording {
  return {
    header: {
      type: 'recording',
      version: 1,
      by: 'test',
      started: 1,
      node: { arch: 'x86_64', kernel: '6.1', cgroups: 'v2' },
    },
    containers: [{ type: 'container', id: 'r', workload: 'app', name: 'app', started: 1, fromStart: true }],
    observations: [exec('/opt/app/bin/app', null), ...observations],
    coverage: sensors.map((sensor) => ({
      type: 'coverage',
      container: 'r',
      sensor,
      state: 'ran',
      hook: 'test',
      from: 1,
      to: 2,
      lost: 0,
      gaps: [],
    })),
    end: { type: 'end', ended: 2, lines: 1 },
  };
}
function generated(recording: Recording, flags: Record<string, unknown> = {}) {
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  return selinux.generate({ baselines: [baseline], cluster: null }, selinux.options.parse(flags));
}
function text(recording: Recording, flags: Record<string, unknown> = {}): string {
  const made = generated(recording, flags);
  assert.ok(made.type === 'artifacts', JSON.stringify(made));
  return made.artifacts[0]?.text ?? '';
}
const asks = (policy: string, path: string, access: string, flags: object = {}): string =>
  selinux.evaluator(policy, { ...flags }).answer(selinux.query.parse({ path, access })).verdict;

test("an unknown path gets a type of the policy's own with a context; beside it everything is refused", () => {
  const policy = text(recordingOf([file('/data/app/state.db', 'write'), file('/data/app/conf', 'read')]));
  assert.match(policy, /\(filecon "\/data\/app\/state\\\.db" file \(system_u object_r rw /);
  assert.match(policy, /\(filecon "\/data\/app\/conf" file \(system_u object_r ro /);
  assert.equal(asks(policy, '/data/app/conf', 'read'), 'allow');
  assert.equal(asks(policy, '/data/app/conf', 'write'), 'deny');
  assert.equal(asks(policy, '/data/app/other', 'read'), 'deny');
  assert.equal(asks(policy, '/etc/shadow', 'read'), 'deny');
});

test("what is made in a standard directory is the program's own by a transition, and the directory's type stays closed", () => {
  const policy = text(recordingOf([file('/run/app.pid', 'create'), file('/run/app.pid', 'write')]));
  assert.match(policy, /\(typetransition process var_run_t file rw\)/);
  assert.doesNotMatch(policy, /allow process var_run_t \(file/);
  assert.equal(asks(policy, '/run/app.pid', 'write'), 'allow');
  assert.equal(asks(policy, '/run/other.pid', 'write'), 'deny');
});

test('a directory that the program made is its own with all below', () => {
  const policy = text(
    recordingOf([file('/var/lib/app', 'mkdir', { kind: 'directory' }), file('/var/lib/app/a/b', 'create')]),
  );
  assert.match(policy, /\(filecon "\/var\/lib\/app\(\/\.\*\)\?" any/);
  assert.equal(asks(policy, '/var/lib/app/later', 'create'), 'allow');
  assert.equal(asks(policy, '/var/lib/apple', 'create'), 'deny');
});

test('setup, runtime and session observations reach no policy', () => {
  const plain = text(recordingOf([]));
  for (const phase of ['setup', 'runtime', 'session'] as const)
    assert.equal(
      text(recordingOf([file('/data/x', 'write', { phase }), { ...exec('/bin/sh', null), phase } as Observation])),
      plain,
    );
});

test('programs have domains of their own where that is asked for and labels go by path', () => {
  const recording = recordingOf([
    exec('/opt/app/bin/helper', '/opt/app/bin/app'),
    file('/data/secret', 'read', { program: '/opt/app/bin/helper' }),
    file('/data/open', 'read'),
  ]);
  const policy = text(recording, { domains: 'per-program' });
  assert.match(policy, /\(typetransition process helper_exec process helper\)/);
  const judge = selinux.evaluator(policy);
  assert.ok(proved(replay(judge, [recording])));
  const by = { path: '/data/secret', access: 'read' };
  // Both files are the policy's own and are read: the type is one, and so is the question who may.
  assert.equal(judge.answer(selinux.query.parse({ ...by, program: '/opt/app/bin/helper' })).verdict, 'allow');
  const mount = generated(recording, { domains: 'per-program', labels: 'mount' });
  assert.ok(mount.type === 'abstained' && mount.reason.includes('cannot be told apart'));
});

test('a first program that the recorder found in its own place has the first domain', () => {
  const late = { ...exec('/opt/app/bin/app', '/opt/app/bin/app'), parent: null } as Observation;
  const recording = recordingOf([exec('/opt/app/bin/helper', '/opt/app/bin/app')]);
  const policy = text(
    { ...recording, observations: [late, ...recording.observations.slice(1)] },
    { domains: 'per-program' },
  );
  assert.match(policy, /\(typetransition process helper_exec process helper\)/);
  assert.doesNotMatch(policy, /\(type app/);
});

test('files that the base guards are left out, and the notes say which', () => {
  const made = generated(recordingOf([file('/etc/shadow', 'read'), file('/etc/passwd', 'read')]));
  assert.ok(made.type === 'artifacts');
  assert.doesNotMatch(made.artifacts[0]?.text ?? '', /\(allow process shadow_t/);
  assert.ok(made.notes.some((note) => note.startsWith('shadow_t is not granted')));
  assert.equal(made.leftOut?.(file('/etc/shadow', 'read')), true);
  assert.equal(made.leftOut?.(file('/etc/passwd', 'read')), false);
});

test('a port has the type that the user says, in the policy and for the judge', () => {
  const flow: Observation = { type: 'listen', ...common, protocol: 'tcp', ip: '0.0.0.0', port: 9999 };
  const flags = { portType: ['9999/tcp=app_port_t'] };
  const policy = text(recordingOf([flow]), flags);
  assert.match(policy, /\(allow process app_port_t \(tcp_socket \(name_bind\)\)\)/);
  const ask = selinux.query.parse({ port: 9999, operation: 'bind' });
  assert.equal(selinux.evaluator(policy, flags).answer(ask).verdict, 'allow');
  assert.equal(selinux.evaluator(policy).answer(ask).verdict, 'deny');
});

test('recordings without the operations sensor are taken, and the notes say what they do not tell', () => {
  const made = generated(recordingOf([], ['files', 'programs', 'capabilities', 'network', 'syscalls']));
  assert.ok(made.type === 'artifacts' && made.notes.some((note) => note.includes('netlink and unix sockets')));
});

test('permissive domains are marked so in every form', () => {
  const recording = recordingOf([]);
  assert.match(text(recording, { mode: 'permissive' }), /\(typepermissive process\)/);
  assert.match(text(recording, { mode: 'permissive', output: 'te' }), /^permissive app_t;$/m);
  assert.match(text(recording, { mode: 'permissive', output: 'spo' }), /^ {2}mode: Permissive$/m);
});

test('hostile paths and names are quoted: the text parses, says these paths, and no others', () => {
  const segment = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .map((each) => each.replaceAll(/[/\0]/g, '_'))
    .filter((each) => each !== '.' && each !== '..');
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), segment, (segments, other) => {
      const path = `/data/${segments.join('/')}`;
      const recording = recordingOf([file(path, 'read'), file(`${path}\udcff"(`, 'write')]);
      for (const output of ['cil', 'te'] as const) {
        const policy = text(recording, { output });
        assert.match(policy, /^[\x20-\x7e\n\t]*$/);
        assert.ok(proved(replay(selinux.evaluator(policy), [recording])));
        if (!segments.includes(other)) assert.equal(asks(policy, `/data/${other}`, 'read'), 'deny');
      }
    }),
  );
});

test('more evidence, which may move a path to another type, refuses nothing that was allowed', async () => {
  for (const { recording } of await realRecordings()) {
    const more = {
      ...recording,
      observations: [
        ...recording.observations,
        ...recording.observations.flatMap((each): Observation[] =>
          each.type === 'file' && each.access === 'read' ? [{ ...each, access: 'write' }] : [],
        ),
      ],
    };
    for (const labels of ['mount', 'paths'])
      assert.ok(proved(replay(selinux.evaluator(text(more, { labels })), [recording])));
  }
});

test('names of workloads become words of the languages, whatever they hold', () => {
  for (const name of ['a b)(type x', '0', '-', 'ünïcode', 'x"\n(allow'] as const) {
    const recording = recordingOf([]);
    const hostile = {
      ...recording,
      containers: recording.containers.map((each) => ({ ...each, workload: name, name })),
    };
    for (const output of ['cil', 'te', 'spo', 'spo-raw'] as const) {
      const made = generated(hostile, { output, patch: true });
      assert.ok(made.type === 'artifacts', JSON.stringify(made));
      for (const { path, text: written } of made.artifacts) {
        assert.match(path, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        assert.doesNotThrow(() => selinux.evaluator(written), written);
      }
    }
  }
});

test("the patch names the container and the type alone: user, role and level stay the runtime's", () => {
  const recording = recordingOf([]);
  const pod = {
    cluster: 'c',
    namespace: 'shop',
    kind: 'Deployment',
    name: 'app',
    uid: 'u',
    node: 'n',
    labels: {},
    serviceAccount: null,
    hostNetwork: false,
  };
  const made = generated(
    { ...recording, containers: recording.containers.map((each) => ({ ...each, name: 'web', pod })) },
    { patch: true },
  );
  assert.ok(made.type === 'artifacts');
  const patch = made.artifacts.find(({ path }) => path.endsWith('-patch.yaml'));
  assert.deepEqual(parse(patch?.text ?? ''), {
    spec: {
      template: {
        spec: { containers: [{ name: 'web', securityContext: { seLinuxOptions: { type: 'shop_app_web.process' } } }] },
      },
    },
  });
  assert.match(made.artifacts[0]?.text ?? '', /^\(block shop_app_web$/m);
  assert.equal(selinux.evaluator(patch?.text ?? '').permissions.length, 0);
});

test('calls that the kernel asks about are granted, and refused where they were not seen', () => {
  const call = (name: string): Observation => ({ type: 'syscall', ...common, arch: 'x86_64', nr: 1, name });
  const names = ['add_key', 'request_key', 'keyctl', 'perf_event_open', 'userfaultfd', 'syslog', 'setpgid', 'capset'];
  const recording = recordingOf(names.map(call));
  const made = selinux.generate({ baselines: fold([recording]), cluster: null }, selinux.options.parse({}));
  assert.ok(made.type === 'artifacts');
  assert.ok(
    made.notes.some((each) => each.startsWith('arguments of keyctl and perf_event_open and syslog are not recorded')),
  );
  assert.ok(proved(replay(selinux.evaluator(made.artifacts[0]?.text ?? ''), [recording])));
  for (const name of names) {
    const others = recordingOf(names.filter((each) => each !== name && !/key/.test(each)).map(call));
    const judge = selinux.evaluator(text(others, {}));
    const [by] = recording.containers;
    assert.ok(by);
    assert.equal(judge.judge(call(name), by).verdict, 'deny', name);
  }
});
