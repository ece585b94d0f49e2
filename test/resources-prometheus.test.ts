/** Usage from a real Prometheus, under a path and behind a gateway that wants a tenant, as Thanos and Mimir stand. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { type Ran, run } from './cli.ts';
import { type Exposed, noPrometheus, type Prometheus, startPrometheus } from './prometheus.ts';

const mebibyte = 2 ** 20;
const hours = 26;
/** Aligned, so that what is written is what is asked for. */
const now = Math.floor(Date.now() / 60_000) * 60;
const began = now - hours * 3600;
const minutes = Array.from({ length: hours * 60 }, (_, at) => began + at * 60);
const labels = (pod: string, container = 'app'): Record<string, string> => ({
  namespace: 'shop',
  pod,
  container,
  image: 'registry.example/app:1',
  id: `/kubepods/${pod}`,
});

/** Cores over time → the counter of seconds that cAdvisor has. */
function counter(metric: string, own: Exposed['labels'], perSecond: (at: number) => number): Exposed {
  let sum = 0;
  return { metric, labels: own, samples: minutes.map((at) => [at, (sum += perSecond(at) * 60)]) };
}
const gauge = (metric: string, own: Exposed['labels'], value: (at: number) => number): Exposed => ({
  metric,
  labels: own,
  samples: minutes.map((at) => [at, value(at)]),
});
const killedAt = began + 13 * 3600;

function podOf(pod: string, cores: number): Exposed[] {
  const own = labels(pod);
  return [
    counter('container_cpu_usage_seconds_total', own, (at) => (at < began + 300 ? 2 : cores)),
    gauge('container_memory_working_set_bytes', own, () => 300 * mebibyte),
    gauge('container_spec_memory_limit_bytes', own, () => 512 * mebibyte),
    gauge('container_start_time_seconds', own, () => began - 30),
    counter('container_cpu_cfs_periods_total', own, () => 10),
    counter('container_cpu_cfs_throttled_periods_total', own, () => 0),
  ];
}

const first = 'web-7d9c8b6f5c-x2z4k';
const exposed: readonly Exposed[] = [
  ...podOf(first, 0.2),
  ...podOf('web-7d9c8b6f5c-b5c6d', 0.25),
  {
    metric: 'container_oom_events_total',
    labels: labels(first),
    samples: minutes.map((at) => [at, at >= killedAt ? 1 : 0]),
  },
  // As kube-state-metrics tells of the same kill, and of the other pod's, which cAdvisor missed.
  ...[
    { pod: first, from: killedAt + 60 },
    { pod: 'web-7d9c8b6f5c-b5c6d', from: killedAt + 7200 },
  ].map(({ pod, from }) => ({
    metric: 'kube_pod_container_status_last_terminated_reason',
    labels: { namespace: 'shop', pod, container: 'app', reason: 'OOMKilled', uid: 'u' },
    samples: minutes.filter((at) => at >= from).map((at) => [at, 1] as const),
  })),
  // As where cAdvisor's limits are dropped: the one's limit is told by kube-state-metrics, the other's by nobody.
  ...['told-0', 'untold-0'].flatMap((pod) => [
    counter('container_cpu_usage_seconds_total', labels(pod), () => 0.2),
    gauge('container_memory_working_set_bytes', labels(pod), () => 300 * mebibyte),
    {
      metric: 'container_oom_events_total',
      labels: labels(pod),
      samples: minutes.map((at) => [at, at >= killedAt ? 1 : 0] as const),
    },
  ]),
  gauge(
    'kube_pod_container_resource_limits',
    { namespace: 'shop', pod: 'told-0', container: 'app', resource: 'memory', unit: 'byte' },
    () => 512 * mebibyte,
  ),
  // The same container, scraped by another replica of the server.
  gauge('container_memory_working_set_bytes', { ...labels(first), prometheus_replica: 'b' }, () => 290 * mebibyte),
  // The pod's own cgroup and its pause container, and another workload whose name begins alike.
  counter('container_cpu_usage_seconds_total', { ...labels(first, ''), id: '/kubepods/whole' }, () => 9),
  counter('container_cpu_usage_seconds_total', labels(first, 'POD'), () => 9),
  counter('container_cpu_usage_seconds_total', labels('web-api-7d9c8b6f5c-x2z4k'), () => 9),
  counter('container_cpu_usage_seconds_total', labels('web-api-x2z4k'), () => 9),
];

const figure = z.object({ request: z.number().nullable(), limit: z.number().nullable() });
const line = z.object({
  id: z.string(),
  containers: z.record(
    z.string(),
    z.object({
      cpu: figure,
      memory: figure,
      confidence: z.number(),
      startup: z.object({ cpu: z.number(), seconds: z.number(), guessed: z.boolean() }).nullable(),
      findings: z.array(z.object({ type: z.string(), text: z.string() })),
      basis: z.object({ replicas: z.number(), starts: z.number(), samples: z.number() }),
    }),
  ),
});

describe('Prometheus', { skip: noPrometheus }, () => {
  let prometheus: Prometheus;
  let gateway: Server;
  let url: string;
  const asked: { path: string; tenant: string | undefined; query: URLSearchParams }[] = [];
  before(async () => {
    prometheus = await startPrometheus(exposed);
    gateway = createServer((request, response) => {
      void (async () => {
        const { method = 'GET', url: path = '/', headers } = request;
        const body = await buffer(request);
        const tenant = headers['x-scope-orgid'];
        asked.push({ path, tenant: tenant?.toString(), query: new URLSearchParams(body.toString()) });
        if (tenant !== 'team-a') return void response.writeHead(401).end('no org id');
        const answer = await fetch(prometheus.url + path.replace(/^\/thanos/, ''), {
          method,
          headers: { 'content-type': headers['content-type'] ?? '' },
          body,
        });
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(await answer.text());
      })();
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/thanos`;
  });
  after(async () => {
    gateway.close();
    await prometheus.close();
  });
  const gen = (...argv: string[]): Promise<Ran> =>
    run(['gen', 'resources', ...argv, '-n', 'shop', '-o', 'jsonl', '--kubeconfig', '/nonexistent/kubeconfig']);

  test('ranges of cAdvisor metrics become figures: pods of the workload alone, a start, a kill at its limit', async () => {
    const { code, stdout, stderr } = await gen(
      'deploy/web',
      '--metrics',
      'prometheus',
      prometheus.url,
      '--observation-period',
      '2d',
    );
    assert.equal(code, 0, stderr);
    const { id, containers } = line.parse(JSON.parse(stdout));
    assert.equal(id, 'shop/Deployment/web');
    const { app } = containers;
    assert.ok(app);
    assert.deepEqual(Object.keys(containers), ['app']);
    assert.deepEqual([app.basis.replicas, app.basis.starts], [2, 2]);
    assert.ok(app.basis.samples > 2 * 2 * (hours * 60 - 10), `${app.basis.samples}`);
    assert.ok(Math.abs((app.cpu.request ?? 0) - 0.25) < 0.005, `${app.cpu.request}`);
    assert.equal(app.memory.limit, Math.ceil(512 * 1.2) * mebibyte);
    assert.match(
      app.findings.find(({ type }) => type === 'oom')?.text ?? '',
      /killed for want of memory 2 times, last at 512 MiB/,
    );
    assert.deepEqual([app.startup?.guessed, Math.round(app.startup?.cpu ?? 0)], [false, 2]);
    assert.match(stderr, /what is requested now is not known/);
  });

  test('a kill is seen where the limits of cAdvisor are dropped: at the limit that is told, or at what was used', async () => {
    for (const [name, least] of [
      ['told', Math.ceil(512 * 1.2)],
      ['untold', 400],
    ] as const) {
      const { code, stdout, stderr } = await gen(
        `sts/${name}`,
        '--metrics',
        prometheus.url,
        '--observation-period',
        '2d',
      );
      assert.equal(code, 0, stderr);
      assert.equal(line.parse(JSON.parse(stdout)).containers['app']?.memory.limit, least * mebibyte, stderr);
    }
  });

  test('behind a path and with a tenant, in chunks that no server refuses, and a name behind the URL', async () => {
    asked.length = 0;
    const { code, stdout, stderr } = await gen(
      '--metrics',
      'prometheus',
      url,
      'web',
      '--prometheus-tenant',
      'team-a',
      '--observation-period',
      '2d',
    );
    assert.equal(code, 0, stderr);
    assert.equal(line.parse(JSON.parse(stdout)).containers['app']?.basis.replicas, 2);
    assert.ok(asked.every(({ path, tenant }) => path === '/thanos/api/v1/query_range' && tenant === 'team-a'));
    const points = asked.map(
      ({ query }) => (Number(query.get('end')) - Number(query.get('start'))) / Number(query.get('step')),
    );
    assert.ok(Math.max(...points) < 11_000 && points.length >= 10, `${points.length}`);
  });

  const failures: readonly (readonly [what: string, argv: () => string[], code: number, message: RegExp])[] = [
    [
      'another tenant',
      () => ['web', '--metrics', url, '--prometheus-header', 'X-Scope-OrgID: b'],
      2,
      /status 401\): the answer is no JSON/,
    ],
    [
      'a query that is refused',
      () => ['web', '--metrics', prometheus.url, '--prometheus-selector', 'a=b'],
      2,
      /refuses the query \(status 400\): .*parse error/,
    ],
    [
      'nothing there',
      () => ['deploy/other', '--metrics', prometheus.url],
      2,
      /knows no usage of shop\/other[\s\S]*--observation-period looks further back/,
    ],
    [
      'no server',
      () => ['web', '--metrics', 'http://127.0.0.1:1'],
      3,
      /cannot reach Prometheus at http:\/\/127\.0\.0\.1:1: /,
    ],
    [
      'a step that is none',
      () => ['web', '--metrics', prometheus.url, '--step', '1'],
      2,
      /--step takes a length of time in whole seconds \(30s, 2m\), not "1"/,
    ],
    ['no URL', () => ['web', '--metrics', 'prometheus'], 2, /takes its URL behind it/],
    ['a name that is none', () => ['a"}', '--metrics', prometheus.url], 2, /is no name of an object/],
  ];
  for (const [what, argv, code, message] of failures)
    test(`${what}: one sentence`, async () => {
      const { code: ended, stdout, stderr } = await gen(...argv());
      assert.equal(ended, code, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    });
});
