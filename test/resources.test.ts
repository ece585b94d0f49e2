/** Requests and limits on the command line: batches, bad input, the judge, a real recording. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type Ran, run } from './cli.ts';
import { withoutRoot } from './lab.ts';

const suite = fileURLToPath(new URL('../../shared/suites/resources-sample/series.jsonl', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'kguardian-resources-'));
after(() => rm(folder, { recursive: true }));
const mebibyte = 2 ** 20;

const figure = z.object({ request: z.number().nullable(), limit: z.number().nullable() });
const reason = z.object({ state: z.string(), because: z.string(), sure: z.number().optional() });
const container = z.object({
  cpu: figure,
  memory: figure,
  confidence: z.number().min(0).max(1),
  why: z.object({
    cpu: z.object({ request: reason, limit: reason }),
    memory: z.object({ request: reason, limit: reason }),
  }),
  error: z.string().optional(),
});
const line = z.union([
  z.object({ id: z.string(), containers: z.record(z.string(), container) }),
  z.object({ id: z.string().nullable(), error: z.string() }),
]);
const linesOf = (text: string): z.infer<typeof line>[] =>
  text
    .trim()
    .split('\n')
    .map((each) => line.parse(JSON.parse(each)));

const minutes = (count: number, value: number): number[][] =>
  Array.from({ length: count }, (_, at) => [1_700_000_000 + at * 60, value]);
const series = (id: string, count = 1440, cpu = minutes(count, 0.2)): string =>
  JSON.stringify({
    id,
    containers: [{ name: 'app', pods: [{ cpu, memory: minutes(count, 256 * mebibyte) }] }],
  });
const batch = (input: readonly string[], ...argv: string[]): Promise<Ran> =>
  run(['gen', 'resources', '--series', '-', ...argv], { input: input.join('\n') });

test("the outside's series get an answer each, in its form, with the reason of every figure", {
  skip: existsSync(suite) ? false : 'no ../shared/suites/resources-sample beside the checkout',
}, async () => {
  const { code, stdout, stderr } = await run(['gen', 'resources', '--series', suite, '-o', 'jsonl']);
  assert.equal(code, 0, stderr);
  const answers = linesOf(stdout);
  assert.deepEqual(
    answers.map(({ id }) => id),
    ['constant-1d', 'short-30m', 'diurnal', 'startup-burst', 'leak-restart', 'step-up', 'oom-once', 'two-containers'],
  );
  for (const answer of answers)
    for (const { cpu, memory, why } of Object.values('containers' in answer ? answer.containers : assert.fail()))
      for (const [own, { request, limit }] of [
        [cpu, why.cpu],
        [memory, why.memory],
      ] as const) {
        assert.equal(own.request !== null, request.state === 'number');
        assert.equal(own.limit !== null, limit.state === 'number');
        assert.ok(request.because.length > 10 && limit.because.length > 10);
      }
  const judged = await run(['evaluate', 'resources', '--series', suite], { input: stdout });
  assert.equal(judged.code, 0, judged.stderr);
  for (const text of judged.stdout.trim().split('\n'))
    for (const verdict of Object.values(
      (JSON.parse(text) as { containers: Record<string, { memory: object }> }).containers,
    ))
      assert.match(JSON.stringify(verdict.memory), /"oomKills":0/);
});

test('a line that cannot be read is told with file and line, the others are answered, and the exit code is 2', async () => {
  const [first = [0, 0], ...rest] = minutes(1440, 0.2);
  const input = [
    series('good'),
    '{broken',
    series('twice', 1440, [first, first, ...rest]),
    '{"id":"odd","containers":[{"name":"app","pods":[{"cpu":[[1,-2]],"memory":[]}]}]}',
    '',
    series('last'),
  ];
  const { code, stdout, stderr } = await batch(input);
  assert.equal(code, 2);
  const answers = linesOf(stdout);
  assert.deepEqual(
    answers.map(({ id }) => id),
    ['good', null, 'twice', 'odd', 'last'],
  );
  assert.match(stderr, /^-:2: not JSON$/m);
  assert.match(stderr, /^-:3: app: pods\[0\]\.cpu\[1\]: the time 1700000000 comes twice$/m);
  assert.match(stderr, /^-:4: containers\.0\.pods\.0\.cpu\.0\.1: /m);
  const [, , twice] = answers;
  const app = twice !== undefined && 'containers' in twice ? twice.containers['app'] : undefined;
  assert.deepEqual(
    [app?.cpu, app?.memory, app?.confidence],
    [{ request: null, limit: null }, { request: null, limit: null }, 0],
  );
  assert.match(app?.error ?? '', /comes twice/);
});

const faults: readonly (readonly [what: string, argv: readonly string[], code: number, message: RegExp])[] = [
  ['a missing file', ['--series', '/nonexistent'], 2, /cannot read "\/nonexistent": no such file or directory/],
  [
    'an option that is none',
    ['--series', '-', '--half-life', 'soon'],
    2,
    /--half-life takes a length of time \(7d, 12h, 30m, 90s\), not "soon"/,
  ],
  [
    'a share above all',
    ['--series', '-', '--percentile', '950'],
    2,
    /--percentile takes a number from 0 to 100, not "950"/,
  ],
  ['no series at all', ['--series', '/dev/null'], 2, /there is no series to advise on/],
  ['two sources', ['--metrics', 'agent', 'a', 'b'], 2, /--metrics takes one source, and one name may stand behind it/],
  ['a recording without usage', ['--from', '/dev/null'], 2, /cannot read "\/dev\/null"/],
  [
    'no workload',
    ['--metrics', 'metrics-server', '-n', 'shop', '--kubeconfig', '/nonexistent'],
    2,
    /cannot read the kubeconfig/,
  ],
];
for (const [what, argv, code, message] of faults)
  test(`${what}: one sentence, nothing written`, async () => {
    const ran = await run(['gen', 'resources', ...argv]);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, message);
    assert.equal(ran.stdout, '');
  });

test('too little says so, and the exit code is 1 when there is no figure at all', async () => {
  const { code, stdout, stderr } = await batch([series('shop/Deployment/web', 5)], '-o', 'table');
  assert.equal(code, 1);
  assert.match(stdout, /web +app +\? +\? +\? +\? +0\.00/);
  assert.match(stderr, /cpu request: no opinion: only 5 min were seen.*1 h are the least \(--min-period\)/);
  const forced = await batch([series('shop/Deployment/web', 5)], '-o', 'table', '--min-period', '1m');
  assert.equal(forced.code, 0);
  assert.match(forced.stdout, /web +app +200m +unset +256Mi +282Mi +0\.00/);
});

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: app
        resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 9
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
`;

describe('every form of output', () => {
  const file = join(folder, 'web.yaml');
  const web = async (form: string, ...more: string[]): Promise<Ran> => {
    await writeFile(file, deployment);
    const ran = await batch([series('shop/Deployment/web')], '-o', form, '-f', file, ...more);
    assert.equal(ran.code, 0, ran.stderr);
    return ran;
  };
  test('table: what is now, and what is advised; the consequence for the HPA beside it', async () => {
    const { stdout, stderr } = await web('table');
    assert.match(stdout, /^WORKLOAD +CONTAINER +CPU REQUEST +CPU LIMIT +MEMORY REQUEST +MEMORY LIMIT +CONFIDENCE$/m);
    assert.match(stdout, /web +app +1 → 200m +1 → unset +1Gi → 256Mi +1Gi → 282Mi +0\.41$/m);
    assert.match(stderr, /HorizontalPodAutoscaler web: 50 % of 1 cpu is 500m, and so is 250 % of 200m/);
  });
  test('yaml: a manifest with reasons', async () => {
    const { stdout } = await web('yaml');
    const read = parse(stdout) as { kind: string; spec: { template: { spec: { containers: object[] } } } };
    assert.equal(read.kind, 'Deployment');
    assert.deepEqual(read.spec.template.spec.containers, [
      {
        name: 'app',
        resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { cpu: null, memory: '282Mi' } },
      },
    ]);
    assert.match(stdout, /^ +# memory limit: the peak of all phases, 256 MiB, and 25\.6 MiB of margin$/m);
  });
  test('patch: what changes, and the CPU limit taken away', async () => {
    const read = parse((await web('patch')).stdout) as { spec: { template: { spec: { containers: object[] } } } };
    assert.deepEqual(read.spec.template.spec.containers, [
      {
        name: 'app',
        resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { cpu: null, memory: '282Mi' } },
      },
    ]);
  });
  test('json-patch and kustomize: the same as operations', async () => {
    const at = '/spec/template/spec/containers/0/resources';
    const operations = JSON.parse((await web('json-patch')).stdout) as unknown;
    assert.deepEqual(operations, [
      { op: 'replace', path: `${at}/requests/cpu`, value: '200m' },
      { op: 'replace', path: `${at}/requests/memory`, value: '256Mi' },
      { op: 'remove', path: `${at}/limits/cpu` },
      { op: 'replace', path: `${at}/limits/memory`, value: '282Mi' },
    ]);
    const { patches } = parse((await web('kustomize')).stdout) as { patches: { target: object; patch: string }[] };
    assert.deepEqual(patches[0]?.target, {
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
      name: 'web',
      namespace: 'shop',
    });
    assert.deepEqual(parse(patches[0]?.patch ?? ''), operations);
  });
  test('hpa: the whole object with the new target', async () => {
    const read = parse((await web('hpa')).stdout) as { kind: string; spec: { maxReplicas: number; metrics: object[] } };
    assert.deepEqual([read.kind, read.spec.maxReplicas], ['HorizontalPodAutoscaler', 9]);
    assert.match(JSON.stringify(read.spec.metrics), /"averageUtilization":250/);
  });
  test('vpa: not of CPU, which the HPA has', async () => {
    assert.match((await web('vpa')).stdout, /controlledResources:\n +- memory\n/);
  });
  test('namespace: quota and limit range', async () => {
    const kinds = parseAllDocuments((await web('namespace')).stdout).map(
      (each) => (each.toJS() as { kind: string }).kind,
    );
    assert.deepEqual(kinds, ['ResourceQuota', 'LimitRange']);
  });
  test('into a folder, a file each', async () => {
    await web('patch', '--output-dir', join(folder, 'out'));
    assert.deepEqual(readdirSync(join(folder, 'out')), ['shop-deployment-web-resources.patch.yaml']);
  });
  test('a patch of what nobody has the object of is refused', async () => {
    const ran = await batch([series('shop/Deployment/other')], '-o', 'patch', '-f', file);
    assert.deepEqual([ran.code, ran.stdout], [2, '']);
    assert.match(ran.stderr, /a patch needs the object of shop\/Deployment\/other: name its manifest with -f/);
  });
});

test('names are made harmless on the terminal, and quoted in YAML', async () => {
  const id = 'shop/Deployment/\u001b[2Jevil';
  const hostile = series(id).replace('"name":"app"', '"name":"a\\u001b]0;x\\u0007: {b}\\n---"');
  for (const form of ['table', 'vpa', 'yaml', 'hpa']) {
    const { stdout, stderr } = await batch([hostile], '-o', form);
    for (const control of ['\u001b', '\u0007']) assert.ok(!(stderr + stdout).includes(control), form);
  }
  const read = parse((await batch([hostile], '-o', 'yaml')).stdout) as {
    metadata: { name: string };
    spec: { template: { spec: { containers: { name: string }[] } } };
  };
  assert.equal(read.metadata.name, '\u001b[2Jevil');
  assert.equal(read.spec.template.spec.containers[0]?.name, 'a\u001b]0;x\u0007: {b}\n---');
});

test('two that would have one file name are refused, and nothing is written', async () => {
  const out = join(folder, 'twice');
  const lines = [series('shop/Deployment/a-b'), series('shop-deployment/A/b'), series('shop/Deployment-a/b')];
  const { code, stderr } = await batch(
    [...lines, series('shop_Deployment_a-b')],
    ...['-o', 'yaml', '--output-dir', out],
  );
  assert.equal(code, 2, stderr);
  assert.match(stderr, /two of them would be written to "shop-deployment-a-b-resources\.yaml"/);
  assert.ok(!existsSync(out));
});

test('the judge tells who answered nothing, and what is no series of it', async () => {
  const file = join(folder, 'series.jsonl');
  await writeFile(file, `${series('a')}\n`);
  const ask = { containers: { app: { cpu: { request: 1, limit: 0.1 }, memory: { request: null, limit: 1 } } } };
  const input = [
    JSON.stringify({ id: 'a', ...ask }),
    '{"id":"a","containers":{}}',
    '{"id":"b","containers":{}}',
    '{',
  ].join('\n');
  const { code, stdout, stderr } = await run(['evaluate', 'resources', '--series', file, '--last', '1h'], { input });
  assert.equal(code, 2);
  const [first, ...others] = stdout
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as unknown);
  assert.deepEqual(first, {
    id: 'a',
    containers: {
      app: {
        cpu: { samples: 60, aboveRequest: 0, throttledMinutes: 60, wastedCoreHours: 0.8 },
        memory: { samples: 60, aboveRequest: null, oomKills: 1, wastedByteHours: 0 },
      },
    },
  });
  assert.deepEqual(others, [
    { id: 'a', containers: { app: { error: 'there is no answer for it' } } },
    { id: 'b', error: 'no series has the id "b"' },
    { id: null, error: 'not JSON' },
  ]);
  assert.match(stderr, /^-:2: app: there is no answer for it$/m);
});

test('a real program that was recorded: a core burnt, and memory held', {
  skip: withoutRoot,
  timeout: 90_000,
}, async () => {
  const file = join(folder, 'burn.jsonl');
  const told = join(folder, 'burnt');
  // It says itself how much of a core it got: others may want the CPU, too.
  const program = [
    'import time; held = bytearray(120 << 20); begin = time.time(); used = time.process_time()',
    'while time.time() < begin + 9: pass',
    `open(${JSON.stringify(told)}, 'w').write(str((time.process_time() - used) / (time.time() - begin)))`,
  ].join('\n');
  const recorded = await run(['record', '--name', 'burn', '-o', file, '--', '/usr/bin/python3', '-c', program]);
  assert.equal(recorded.code, 0, recorded.stderr);
  assert.ok(statSync(file).size > 0 && readFileSync(file, 'utf8').includes('"usage"'));
  for (const flag of ['--from', '--metrics']) {
    const { code, stdout, stderr } = await run(['gen', 'resources', flag, file, '--min-period', '1s', '-o', 'jsonl']);
    assert.equal(code, 0, stderr);
    const [answer] = linesOf(stdout);
    const own = answer !== undefined && 'containers' in answer ? answer.containers['burn'] : undefined;
    // The mean that it got is at most its best second.
    const got = Number(readFileSync(told, 'utf8'));
    const cpu = own?.cpu.request ?? 0;
    assert.ok(got > 0.05 && cpu > got * 0.9 && cpu < 1.3, `${cpu}, it got ${got}`);
    const request = (own?.memory.request ?? 0) / mebibyte;
    assert.ok(request >= 120 && request < 160, `${request}`);
    assert.ok((own?.confidence ?? 1) < 0.01);
  }
  const { code, stdout } = await run(['gen', 'resources', '--from', file]);
  assert.equal(code, 1);
  assert.match(stdout, /burn +burn +\? +\? +\? +\? /);
});
