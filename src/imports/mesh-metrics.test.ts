/** Counters as Istio's and Linkerd's proxies serve them; the lines are written after their documents, none was captured. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { readRecording } from '#observation/reading.ts';
import { writeRecording } from '#observation/writing.ts';
import { recordingOfMetrics } from './mesh-metrics.ts';
import { readSamples, UnreadableSamples } from './samples.ts';

const pod = (name: string, account: string, ip: string, ports: object[] = []): object => ({
  namespace: 'shop',
  name: `${name}-1`,
  labels: { app: name },
  ip,
  node: 'n1',
  serviceAccount: account,
  owner: { kind: 'Deployment', name },
  ports,
});
const cluster = clusterForm.parse({
  namespaces: { shop: {} },
  pods: [
    pod('web', 'web', '10.0.0.1'),
    pod('batch', 'jobs', '10.0.0.3'),
    pod('night', 'jobs', '10.0.0.4'),
    pod('api', 'api', '10.0.0.2', [{ name: 'grpc', containerPort: 9000 }]),
  ],
  services: [
    { namespace: 'shop', name: 'api', selector: { app: 'api' }, ports: [{ port: 80, targetPort: 'grpc' }] },
    {
      namespace: 'shop',
      name: 'two',
      selector: { app: 'api' },
      ports: [
        { port: 80, targetPort: 1 },
        { port: 81, targetPort: 2 },
      ],
    },
  ],
});
const now = 1_790_000_000_000;

const series = (more: Record<string, string> = {}): Record<string, string> => ({
  reporter: 'destination',
  source_workload: 'web',
  source_workload_namespace: 'shop',
  source_principal: 'spiffe://cluster.local/ns/shop/sa/web',
  destination_workload: 'api',
  destination_workload_namespace: 'shop',
  destination_service_name: 'api',
  destination_service_namespace: 'shop',
  response_code: '200',
  connection_security_policy: 'mutual_tls',
  ...more,
});
const exposition = (name: string, labels: Record<string, string>, value = '7'): string =>
  `${name}{${Object.entries(labels)
    .map(([key, text]) => `${key}=${JSON.stringify(text)}`)
    .join(',')}} ${value}\n`;
const linkerdSeries = {
  namespace: 'shop',
  pod: 'api-1',
  target_addr: '10.0.0.2:9000',
  tls: 'true',
  client_id: 'web.shop.serviceaccount.identity.linkerd.cluster.local',
};

test('requests of Istio become calls with the identity that the server saw', () => {
  const text = `# TYPE istio_requests_total counter\n${exposition('istio_requests_total', series())}`;
  const { recording, notes } = recordingOfMetrics(text, cluster, now);
  assert.deepEqual(notes, []);
  const [flow] = recording.observations;
  assert.ok(flow?.type === 'flow');
  if (flow?.type !== 'flow') return;
  assert.deepEqual(
    [flow.container, flow.peer, flow.port, flow.identity, flow.seen],
    [
      'mesh-metrics/shop/api-1',
      { type: 'workload', workload: { namespace: 'shop', kind: 'Deployment', name: 'web' } },
      9000,
      'spiffe://cluster.local/ns/shop/sa/web',
      { first: now, last: now, count: 7 },
    ],
  );
  assert.match(recording.coverage[0]?.gaps[0] ?? '', /outside of it may be missing/);
});

test('an answer of Prometheus tells its times, and methods and paths where they are counted', () => {
  const metric = { __name__: 'istio_requests_total', ...series({ request_method: 'GET', request_path: '/a' }) };
  const text = JSON.stringify({
    status: 'success',
    data: {
      resultType: 'matrix',
      result: [
        {
          metric,
          values: [
            [1_790_000_000, '3'],
            [1_790_000_060.5, '5'],
          ],
        },
      ],
    },
  });
  const [flow] = recordingOfMetrics(text, cluster, 0).recording.observations;
  assert.ok(flow?.type === 'flow');
  if (flow?.type !== 'flow') return;
  assert.deepEqual(flow.http, { method: 'GET', path: '/a' });
  assert.deepEqual(flow.seen, { first: 1_790_000_000_000, last: 1_790_000_060_500, count: 5 });
});

test('a client without mutual TLS came without identity; one whose TLS is not told is told nothing of', () => {
  const of = (more: Record<string, string>): unknown => {
    const text = exposition('istio_requests_total', series({ source_principal: 'unknown', ...more }));
    const [flow] = recordingOfMetrics(text, cluster, now).recording.observations;
    return flow?.type === 'flow' ? flow.identity : 'none';
  };
  assert.equal(of({ connection_security_policy: 'none' }), null);
  assert.equal(of({ connection_security_policy: 'unknown' }), undefined);
});

test("Linkerd's counters tell the port and the identity", () => {
  const text = exposition('inbound_http_authz_allow_total', linkerdSeries);
  const [flow] = recordingOfMetrics(text, cluster, now).recording.observations;
  assert.ok(flow?.type === 'flow');
  if (flow?.type !== 'flow') return;
  assert.deepEqual([flow.port, flow.identity], [9000, linkerdSeries.client_id]);
});

test('what does not tell is left, with the reason', () => {
  for (const [name, labels, reason] of [
    ['istio_requests_total', series({ reporter: 'source' }), /told by the client/],
    ['istio_requests_total', series({ response_code: '403' }), /refused with 403/],
    ['istio_requests_total', series({ source_workload: 'unknown' }), /"shop\/unknown" has no pod/],
    ['istio_requests_total', series({ destination_workload: 'gone' }), /"shop\/gone" has no pod/],
    ['istio_requests_total', series({ destination_service_name: 'two' }), /does not lead to one alone/],
    ['istio_requests_total', series({ destination_service_name: 'x' }), /is no Service of the pod/],
    ['inbound_http_authz_allow_total', { ...linkerdSeries, tls: 'false' }, /no identity/],
    ['inbound_http_authz_allow_total', { ...linkerdSeries, target_addr: '' }, /the port is not told/],
    [
      'inbound_tcp_authz_allow_total',
      { ...linkerdSeries, client_id: 'jobs.shop.serviceaccount.identity.linkerd.cluster.local' },
      /the account of several workloads/,
    ],
  ] as const) {
    const { recording, notes } = recordingOfMetrics(exposition(name, labels), cluster, now);
    assert.deepEqual(recording.observations, []);
    assert.match(notes.join(), reason);
  }
  assert.deepEqual(recordingOfMetrics(exposition('istio_requests_total', series(), '0'), cluster, now).notes, []);
  assert.deepEqual(recordingOfMetrics(exposition('up', {}), cluster, now).notes, []);
});

test('labels hold any text; a line that is no sample is told with its number', () => {
  const odd = 'a"b\\c\nd{},= é';
  assert.deepEqual(readSamples(exposition('m', { l: odd }))[0]?.labels, { l: odd });
  assert.deepEqual(readSamples('m 3 1700000000000\n')[0], {
    name: 'm',
    labels: {},
    value: 3,
    first: 1.7e12,
    last: 1.7e12,
  });
  for (const [text, message] of [
    ['m{l="a} 3\n', /line 1: no (sample|label)/],
    ['ok 1\nm{l=a} 3\n', /line 2: no label/],
    ['{"data": 3}', /data/],
    ['{', /neither an exposition/],
  ] as const)
    assert.throws(
      () => readSamples(text),
      (error) => error instanceof UnreadableSamples && message.test(error.message),
    );
});

test('what is imported is a whole recording, written and read again', async () => {
  const { recording } = recordingOfMetrics(exposition('istio_requests_total', series()), cluster, now);
  const { header, containers, coverage, observations, end } = recording;
  assert.ok(end !== null && observations.length > 0);
  const again = await readRecording(writeRecording([header, ...containers, ...coverage, ...observations, end]));
  assert.deepEqual(again, recording);
});
