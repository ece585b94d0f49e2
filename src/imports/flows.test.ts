import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import type { Observation } from '#observation/observation.ts';
import { flowLine, isFlowLine } from './flow-line.ts';
import { readingFlows, UnreadableFlows } from './flows.ts';

const cluster = clusterForm.parse({
  namespaces: { shop: {} },
  nodes: [{ name: 'n1', ips: ['172.18.0.2'] }],
  pods: [
    {
      namespace: 'shop',
      name: 'web-1',
      labels: { app: 'web' },
      ips: ['10.0.0.1', 'fd00::1'],
      node: 'n1',
      owner: { kind: 'Deployment', name: 'web' },
    },
    {
      namespace: 'shop',
      name: 'db-1',
      labels: { app: 'db' },
      ip: '10.0.0.2',
      node: 'n1',
      owner: { kind: 'Deployment', name: 'db' },
      ports: [{ name: 'sql', containerPort: 5432 }],
    },
  ],
  services: [
    {
      namespace: 'shop',
      name: 'db',
      clusterIP: '10.96.0.2',
      selector: { app: 'db' },
      ports: [{ port: 80, targetPort: 'sql' }],
    },
    { namespace: 'shop', name: 'elsewhere', clusterIP: '10.96.0.3', ports: [{ port: 80 }] },
    {
      namespace: 'default',
      name: 'kubernetes',
      clusterIP: '10.96.0.1',
      ports: [{ port: 443, targetPort: 6443 }],
      endpoints: ['172.18.0.2'],
    },
  ],
  podCIDRs: ['10.0.0.0/16'],
});
const base = {
  ts: 1_700_000_000,
  direction: 'egress',
  pod: 'shop/web-1',
  local: { ip: '10.0.0.1', port: 40_000 },
  remote: { ip: '10.0.0.2', port: 5432 },
  protocol: 'TCP',
};

function read(...lines: readonly object[]): {
  flows: Extract<Observation, { type: 'flow' }>[];
  notes: readonly string[];
} {
  const reader = readingFlows(cluster);
  for (const line of lines) reader.add(JSON.stringify({ ...base, ...line }));
  const { recording, notes } = reader.end();
  return { flows: recording.observations.filter((each) => each.type === 'flow'), notes };
}

const db = { type: 'workload', workload: { namespace: 'shop', kind: 'Deployment', name: 'db' } };
/** What one line becomes: peer, port, and the Service that was dialled. */
const places: readonly (readonly [what: string, line: object, peer: object, port: number, service?: object])[] = [
  ['a pod', {}, db, 5432],
  [
    'a Service that was looked through',
    { remote: { ip: '10.96.0.2', port: 80 }, postNat: { ip: '10.0.0.2', port: 5432 } },
    db,
    5432,
    { namespace: 'shop', name: 'db', port: 80 },
  ],
  [
    'a Service that was not, with one workload behind it',
    { remote: { ip: '10.96.0.2', port: 80 } },
    db,
    5432,
    { namespace: 'shop', name: 'db', port: 80 },
  ],
  [
    'a Service without one',
    { remote: { ip: '10.96.0.3', port: 80 } },
    { type: 'unresolved', ip: '10.96.0.3' },
    80,
    { namespace: 'shop', name: 'elsewhere', port: 80 },
  ],
  ['a node', { remote: { ip: '172.18.0.2', port: 9100 } }, { type: 'node', node: 'n1', ip: '172.18.0.2' }, 9100],
  [
    'the API server on that node',
    { remote: { ip: '172.18.0.2', port: 6443 } },
    { type: 'api-server', ip: '172.18.0.2' },
    6443,
  ],
  [
    'an address of pods that no pod has',
    { remote: { ip: '10.0.9.9', port: 80 } },
    { type: 'unresolved', ip: '10.0.9.9' },
    80,
  ],
  [
    'the world, with a name',
    { remote: { ip: '192.0.2.1', port: 443 }, names: ['a.example.com'] },
    { type: 'address', ip: '192.0.2.1', names: ['a.example.com'] },
    443,
  ],
  [
    'who comes in, at our own port',
    { direction: 'ingress', local: { ip: '10.0.0.1', port: 8080 }, remote: { ip: '10.0.0.2', port: 50_000 } },
    db,
    8080,
  ],
];
for (const [what, line, peer, port, service] of places) {
  test(`${what} is what the other end is taken for`, () => {
    const { flows } = read(line);
    assert.deepEqual(
      flows.map((flow) => [flow.peer, flow.port, flow.service]),
      [[peer, port, service]],
    );
  });
}

test('loopback, a pod with itself, strangers and lines without a port are passed over, and counted', () => {
  const { flows, notes } = read(
    { remote: { ip: '127.0.0.1', port: 80 } },
    { remote: { ip: 'fd00::1', port: 80 } },
    { pod: 'shop/gone' },
    { remote: { ip: '10.0.0.2' } },
    { remote: { ip: 'x', port: 1 } },
  );
  assert.deepEqual(flows, []);
  assert.deepEqual(notes, [
    '1 line passed over: "x" is no address',
    '1 line passed over: a pod with itself',
    '1 line passed over: loopback',
    '1 line passed over: shop/gone is no pod of the cluster',
    '1 line passed over: the port is not told',
  ]);
});

test('who a client proved to be is told of a server’s end alone, and tells calls apart', () => {
  const arrived = {
    direction: 'ingress',
    local: { ip: '10.0.0.1', port: 8080 },
    remote: { ip: '10.0.0.2', port: 40_000 },
  };
  const identity = 'spiffe://cluster.local/ns/shop/sa/db';
  const { flows } = read({ ...arrived, identity }, { ...arrived, identity: null }, arrived, { identity });
  assert.deepEqual(
    flows.map((flow) => ('identity' in flow ? flow.identity : 'not told')),
    [identity, null, 'not told', 'not told'],
  );
});

test('a connection that never came about is an attempt', () => {
  assert.deepEqual(
    read(
      { state: 'SYN_SENT' },
      { state: 'SYN_SENT->ESTABLISHED' },
      { remote: { ip: '192.0.2.9', port: 53 }, protocol: 'UDP' },
    ).flows.map(({ outcome }) => outcome),
    ['attempted', 'established', 'established'],
  );
});

test('repeats count, the same line twice does not; times are kept, in seconds or milliseconds', () => {
  const [flow] = read(
    {},
    {},
    { ts: 1_700_000_010_000, local: { ip: '10.0.0.1', port: 40_001 } },
    { ts: 1_699_999_990, count: 5 },
  ).flows;
  assert.deepEqual(flow?.seen, { first: 1_699_999_990_000, last: 1_700_000_010_000, count: 7 });
  const many = Array.from({ length: 200 }, (_, at) => ({ ts: 1_700_000_000 + at }));
  assert.equal(read(...many, ...many).flows[0]?.seen.count, 200);
});

test('a line that is no flow says its number and field', () => {
  for (const [line, message] of [
    ['{"ts"', /^line 1: not JSON$/],
    ['{"ts": 1}', /^line 1: direction: /],
    [JSON.stringify({ ...base, remote: { ip: '10.0.0.2', port: 70_000 } }), /^line 1: remote\.port: /],
    [JSON.stringify({ ...base, pod: 'web' }), /^line 1: pod: a pod is namespace\/name$/],
  ] as const)
    assert.throws(
      () => readingFlows(cluster).add(line),
      (error) => error instanceof UnreadableFlows && message.test(error.message),
      line,
    );
});

test('what is told to be a flow in short is one by the schema, and the usual line is told in short', () => {
  const odd = fc.oneof(
    fc.constantFrom(
      'egress',
      'TCP',
      'a/b',
      '/',
      'a/b/c',
      'a/',
      70_000,
      -1,
      1.5,
      Number.POSITIVE_INFINITY,
      null,
      { ip: '10.0.0.1', port: 1 },
      { ip: 1 },
      { port: 1 },
    ),
    fc.jsonValue(),
  );
  const fields = fc.constantFrom(...Object.keys(flowLine.shape));
  fc.assert(
    fc.property(fc.array(fc.tuple(fields, odd), { maxLength: 3 }), (changes) => {
      const line = { ...base, ...Object.fromEntries(changes) };
      if (isFlowLine(line)) assert.deepEqual(flowLine.parse(line), line);
    }),
    { numRuns: 2000 },
  );
  assert.ok(
    isFlowLine(base) && isFlowLine({ ...base, state: 'x', postNat: { ip: '10.0.0.2', port: 1 }, note: 'passed over' }),
  );
});
