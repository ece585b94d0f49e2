/** Requests and limits in a cluster: what agents sampled and a broker keeps, metrics.k8s.io, and the objects of an API server double. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { selfSigned } from '#broker/tls.ts';
import type { Container, Coverage } from '#observation/recording.ts';
import type { Observation } from '#observation/observation.ts';
import { allow, type ApiServer, startApiServer } from './api-server.ts';
import { ask, type Broker, startBroker } from './broker-process.ts';
import { complete, textOf } from './cluster-recordings.ts';
import { type Ran, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-resources-cluster-'));
const mebibyte = 2 ** 20;
const now = Date.now();
const minute = 60_000;
/** Two days, a sample each 5 minutes. */
const samples = Array.from({ length: 576 }, (_, at) => at + 1);
const begin = now - 577 * 5 * minute;

const metrics = { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics', plural: 'pods', namespaced: true };
const web = (requests: object, limits: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: 'd' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', resources: { requests, limits } }] },
    },
  },
});
const objects = [
  ...['shop', 'other'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  web({ cpu: '1', memory: '512Mi' }, { memory: '512Mi' }),
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 30 } } },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'small', namespace: 'shop' },
    spec: { limits: [{ type: 'Container', max: { memory: '256Mi' } }] },
  },
  ...['web-7d9c8b6f5c-x2z4k', 'web-7d9c8b6f5c-b5c6d', 'web-api-7d9c8b6f5c-b5c6d'].map((name) => ({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { name, namespace: 'shop' },
    timestamp: new Date(now).toISOString(),
    window: '15s',
    containers: [{ name: 'app', usage: { cpu: name.startsWith('web-api') ? '9' : '123456789n', memory: '204800Ki' } }],
  })),
  ...allow('dana', [{ verbs: ['get', 'list'], apiGroups: ['apps', 'batch', 'autoscaling'], resources: ['*'] }], 'shop'),
];

/** Of one pod each, on nodes with kernels of their own. */
function recorded(): string[] {
  const containers = ['x2z4k', 'b5c6d'].map(
    (suffix): Container => ({
      type: 'container',
      id: `run-${suffix}`,
      workload: 'web',
      name: 'app',
      started: begin,
      fromStart: true,
      pod: {
        cluster: 'test',
        namespace: 'shop',
        kind: 'Deployment',
        name: `web-7d9c8b6f5c-${suffix}`,
        uid: `uid-${suffix}`,
        node: 'node-1',
        labels: {},
        serviceAccount: null,
        hostNetwork: false,
      },
    }),
  );
  const observations = containers.flatMap(({ id }, which) =>
    samples.map(
      (at): Observation => ({
        type: 'usage',
        container: id,
        at: begin + at * 5 * minute,
        // 0.3 and 0.25 cores.
        cpuMicroseconds: at * 5 * 60 * (which === 0 ? 300_000 : 250_000),
        cpuPeriods: 0,
        cpuThrottledPeriods: 0,
        memoryBytes: 300 * mebibyte,
        workingSetBytes: 250 * mebibyte,
        memoryPeakBytes: 310 * mebibyte,
        oomKills: 0,
      }),
    ),
  );
  const coverage = containers.map(
    ({ id }): Coverage => ({
      type: 'coverage',
      container: id,
      sensor: 'usage',
      state: 'ran',
      hook: 'cgroup files, every 300 s',
      from: begin,
      to: now,
      lost: 0,
      gaps: [],
    }),
  );
  return containers.map((own, which) => {
    const of = <T extends { readonly container: string }>(all: readonly T[]): T[] =>
      all.filter(({ container }) => container === own.id);
    return textOf(complete([own], of(observations), of(coverage), `6.${which}`));
  });
}

describe('gen resources in a cluster', () => {
  let api: ApiServer;
  let broker: Broker | undefined;
  let as: (user: string, ...argv: string[]) => Promise<Ran>;
  before(async () => {
    const { key, cert } = await selfSigned();
    api = await startApiServer({
      objects,
      resources: [metrics],
      tls: { key, cert },
      tokens: { admin: { username: 'admin', groups: ['system:masters'] }, dana: { username: 'dana' } },
    });
    for (const user of ['admin', 'dana']) writeFileSync(join(folder, user), api.kubeconfig(user, 'shop'));
    broker = await startBroker([
      '--insecure-no-auth',
      '--listen',
      '127.0.0.1:0',
      '--database',
      join(folder, 'broker.db'),
    ]);
    for (const body of recorded()) {
      const headers = { 'content-type': 'application/x-ndjson' };
      const answer = await ask(`${broker.url}/v1/recordings`, { method: 'POST', headers, body });
      assert.equal(answer.code, 200, answer.body.toString('utf8'));
    }
    as = (user, ...argv) => run(['gen', 'resources', ...argv, '--kubeconfig', join(folder, user)]);
  });
  after(async () => {
    await broker?.end();
    await api.close();
    rmSync(folder, { recursive: true });
  });
  const agent = (user: string, ...argv: string[]): Promise<Ran> => as(user, ...argv, '--broker', broker?.url ?? '');

  test('what agents sampled, beside what is requested now; what an HPA and a LimitRange say to it', async () => {
    const { code, stdout, stderr } = await agent('admin', 'deploy/web');
    assert.equal(code, 0, stderr);
    // The peak of 310 MiB without 50 MiB of cache, and 10 %.
    assert.match(stdout, /shop\/Deployment\/web +app +1 → 300m +unset → unset +512Mi → 250Mi +512Mi → 286Mi +0\.\d\d/);
    assert.match(stderr, /HorizontalPodAutoscaler web: 30 % of 1 cpu is 300m, and so is 100 % of 300m/);
    assert.match(
      stderr,
      /LimitRange small: memory of app of shop\/Deployment\/web is above its max of 256Mi: pods would be refused/,
    );
    assert.match(stderr, /260 MiB as the kernel saw it between samples/);
    assert.match(stderr, /2 d were seen of the 7 d that were asked for/);
  });

  test('a period that is shorter leaves out what was before it', async () => {
    const { stdout, stderr } = await agent('admin', 'deploy/web', '--observation-period', '6h', '-o', 'json');
    const [only] = JSON.parse(stdout) as { containers: { app: { basis: { samples: number } } } }[];
    const { samples: counted } = only?.containers.app.basis ?? assert.fail(stderr);
    assert.ok(counted > 2 * 2 * 65 && counted < 2 * 2 * 75, `${counted}`);
  });

  test('a period may be any that the help names', async () => {
    for (const period of ['0.5d', '90m', '20000000s']) {
      const { code, stderr } = await agent('admin', 'deploy/web', '--observation-period', period);
      assert.equal(code, 0, `${period}: ${stderr}`);
    }
  });

  test('a patch for the object as it is in the cluster, and its new HPA', async () => {
    const patch = parse((await agent('admin', 'web', '-o', 'patch')).stdout) as { metadata: object };
    assert.deepEqual(patch, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'app', resources: { requests: { cpu: '300m', memory: '250Mi' }, limits: { memory: '286Mi' } } },
            ],
          },
        },
      },
      metadata: { name: 'web', namespace: 'shop' },
    });
    assert.match((await agent('admin', '--all', '-o', 'hpa')).stdout, /averageUtilization: 100\n/);
  });

  test('who may not read LimitRanges is told so, and gets the rest', async () => {
    const { code, stdout, stderr } = await agent('dana', 'deploy/web');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /1 → 300m/);
    assert.match(stderr, /limitranges are not taken into account: the API server refuses/);
  });

  test('without an API server the broker is enough, and what is requested now is not known', async () => {
    const { code, stdout, stderr } = await run([
      ...['gen', 'resources', 'web', '-n', 'shop', '--broker', broker?.url ?? '', '--token', 'any'],
      ...['--kubeconfig', '/nonexistent'],
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /app +300m +unset +250Mi +286Mi/);
    assert.match(stderr, /what is requested now is not known/);
  });

  test('metrics.k8s.io is one moment: no figures from it, but what was seen, of the own pods alone', async () => {
    const { code, stdout, stderr } = await as('admin', 'deploy/web', '--metrics', 'metrics-server', '-o', 'json');
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /metrics\.k8s\.io tells what is used at this moment and nothing of before: no ground for figures/,
    );
    const [only] = JSON.parse(stdout) as {
      containers: Record<string, { cpu: object; why: { cpu: { request: object } }; basis: object }>;
    }[];
    const app = only?.containers['app'] ?? assert.fail();
    assert.deepEqual(app.cpu, { request: null, limit: null });
    assert.match(JSON.stringify(app.why.cpu.request), /"seen":\[0\.123\d*,0\.123\d*\]/);
    assert.match(JSON.stringify(app.basis), /"replicas":2\b/);
  });

  test('nothing of that name: one sentence', async () => {
    for (const [argv, message] of [
      [['deploy/none'], /no usage of deploy\/none was sampled/],
      [['deploy/none', '--metrics', 'metrics-server'], /metrics\.k8s\.io knows no pod of what was asked for/],
      [['--metrics', 'metrics-server'], /name a workload \(deploy\/web\), or say which: --all, -A/],
    ] as const) {
      const ran = await agent('admin', ...argv);
      assert.deepEqual([ran.code, ran.stdout], [2, '']);
      assert.match(ran.stderr, message);
    }
  });
});
