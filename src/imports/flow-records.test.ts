/** Hubble's flows and the access logs of Istio's proxies, as they become facts of a recording. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { shop } from '#observation/arbitraries.ts';
import type { Observation } from '#observation/observation.ts';
import type { Converted } from './flow-records/converted.ts';
import { readingRecords } from './flow-records.ts';
import { readingFlows } from './flows.ts';

const converted = (value: unknown): readonly Converted[] | null => readingRecords(() => null, 0).add(value);

type Flow = Extract<Observation, { type: 'flow' }>;

function read(...lines: readonly object[]): { flows: Flow[]; notes: readonly string[]; lost: number } {
  const reader = readingFlows(shop);
  for (const line of lines) reader.add(JSON.stringify(line));
  const { recording, notes } = reader.end();
  const flows = recording.observations.filter((each): each is Flow => each.type === 'flow');
  return { flows, notes, lost: recording.coverage[0]?.lost ?? 0 };
}
/** `shop/checkout-1 → egress tcp 8080 Deployment/shop established`. */
const shown = ({ container, direction, protocol, port, peer, outcome }: Flow): string =>
  `${container} ${direction} ${protocol} ${port} ${peer.type === 'workload' ? peer.workload.name : peer.type} ${outcome}`;

const client = { namespace: 'shop', pod_name: 'checkout-1', labels: ['k8s:app=checkout'] };
const server = { namespace: 'shop', pod_name: 'shop-2', labels: ['k8s:app=shop'] };
const base = {
  time: '2026-07-31T10:41:02.202450754Z',
  verdict: 'FORWARDED',
  IP: { source: '10.244.1.11', destination: '10.244.2.10' },
  l4: { TCP: { source_port: 40_000, destination_port: 8080, flags: { SYN: true } } },
  source: client,
  destination: server,
  traffic_direction: 'EGRESS',
  is_reply: false,
};
const back = {
  ...base,
  IP: { source: '10.244.2.10', destination: '10.244.1.11' },
  l4: { TCP: { source_port: 8080, destination_port: 40_000, flags: { SYN: true, ACK: true } } },
  source: server,
  destination: client,
  is_reply: true,
};

test('a SYN is an attempt of the client, an answer makes it a connection', () => {
  assert.deepEqual(read({ flow: base, node_name: 'n' }).flows.map(shown), [
    'shop/checkout-1 egress tcp 8080 shop attempted',
  ]);
  assert.deepEqual(read({ flow: back }).flows.map(shown), ['shop/checkout-1 egress tcp 8080 shop established']);
  assert.deepEqual(read({ flow: { ...back, traffic_direction: 'INGRESS' } }).flows.map(shown), [
    'shop/shop-2 ingress tcp 8080 checkout established',
  ]);
  // A bare flow, of which nothing tells whose end it is: both ends know.
  assert.deepEqual(read({ ...back, traffic_direction: 'TRAFFIC_DIRECTION_UNKNOWN' }).flows.map(shown), [
    'shop/checkout-1 egress tcp 8080 shop established',
    'shop/shop-2 ingress tcp 8080 checkout established',
  ]);
});

test('which end is the server is told by flags and by the trace, and never by the lower port', () => {
  const untold = { ...base, is_reply: null };
  const push = { TCP: { source_port: 8080, destination_port: 40_000, flags: { PSH: true, ACK: true } } };
  assert.deepEqual(read({ ...back, is_reply: undefined }).flows.map(shown), [
    'shop/checkout-1 egress tcp 8080 shop established',
  ]);
  assert.deepEqual(read(untold).flows.map(shown), ['shop/checkout-1 egress tcp 8080 shop attempted']);
  assert.deepEqual(read({ ...back, is_reply: null, l4: push, trace_reason: 'REPLY' }).flows.map(shown), [
    'shop/checkout-1 egress tcp 8080 shop established',
  ]);
  const { flows, notes } = read({ ...back, is_reply: null, l4: push });
  assert.deepEqual(flows, []);
  assert.deepEqual(notes, ['1 line passed over: which end is the server is not told']);
});

test('what was refused is no evidence, and lost events are counted', () => {
  const { flows, notes, lost } = read(
    { flow: { ...base, verdict: 'DROPPED', drop_reason_desc: 'POLICY_DENIED' } },
    { lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '7' } },
    { lost_events: {} },
    { flow: back },
    { node_status: { state_change: 'NODE_CONNECTED' } },
  );
  assert.equal(flows.length, 1);
  assert.deepEqual(notes, ['1 line passed over: refused (verdict DROPPED)', '1 line passed over: the state of a node']);
  assert.equal(lost, 8);
});

test('requests keep method and path as they were asked for', () => {
  const request = (url: string): object => ({
    flow: { ...base, traffic_direction: 'INGRESS', l7: { type: 'REQUEST', http: { method: 'GET', url } } },
  });
  const { flows, notes } = read(
    request('http://shop:8080/items/../7?q=1#f'),
    request('/plain'),
    request('http://shop'),
    { flow: { ...back, l7: { type: 'RESPONSE', http: { method: 'GET', url: '/plain', code: 200 } } } },
  );
  assert.deepEqual(
    flows.map(({ http }) => http?.path),
    ['/items/../7?q=1', '/plain', '/'],
  );
  assert.ok(
    flows.every(({ outcome, direction, port }) => `${outcome} ${direction} ${port}` === 'established ingress 8080'),
  );
  assert.deepEqual(notes, ['1 line passed over: a response, whose request tells the same']);
});

test('UDP, pings and names', () => {
  const udp = {
    ...base,
    l4: { UDP: { source_port: 40_000, destination_port: 53 } },
    destination_names: ['db.example'],
  };
  const out = {
    ...udp,
    IP: { source: '10.244.1.11', destination: '203.0.113.7' },
    destination: { labels: ['reserved:world'] },
  };
  const [flow] = read(out).flows;
  assert.deepEqual(flow?.peer, { type: 'address', ip: '203.0.113.7', names: ['db.example'] });
  const ping = { ...base, l4: { ICMPv4: { type: 8 } } };
  assert.deepEqual(
    read(ping).flows.map(({ protocol, port, icmpType }) => [protocol, port, icmpType]),
    [['icmp', null, 8]],
  );
});

const log = {
  start_time: '2026-07-31T10:41:02.202Z',
  upstream_cluster: 'inbound|8080||',
  downstream_local_address: '10.244.2.10:8080',
  downstream_remote_address: '10.244.1.11:40000',
  method: 'POST',
  path: '/cart?x=1',
  response_code: 200,
  response_code_details: 'via_upstream',
};

test("a server's proxy tells who came, with what, and as whom", () => {
  const [flow] = read({ ...log, downstream_peer_uri_san: 'spiffe://cluster.local/ns/shop/sa/checkout' }).flows;
  assert.ok(flow);
  assert.equal(shown(flow), 'shop/shop-2 ingress tcp 8080 checkout established');
  assert.deepEqual(flow.http, { method: 'POST', path: '/cart?x=1' });
  assert.equal(flow.identity, 'spiffe://cluster.local/ns/shop/sa/checkout');
  const [tcp] = read({ ...log, method: null, path: null }).flows;
  assert.ok(tcp !== undefined && tcp.http === undefined && tcp.identity === undefined);
});

for (const [why, changed] of Object.entries({
  'refused (rbac_access_denied)': { response_code_details: 'rbac_access_denied_matched_policy[none]' },
  "told by the client's proxy: the server's tells who came": { upstream_cluster: 'outbound|80||shop.shop.svc' },
  'of no pod of the cluster': { downstream_local_address: '10.244.9.9:8080' },
  'its addresses are no address and port': { downstream_remote_address: '@unix' },
  "a line of a proxy's log without start_time": { start_time: 'yesterday' },
}))
  test(`a proxy's line is passed over: ${why}`, () => {
    const { flows, notes } = read({ ...log, ...changed });
    assert.deepEqual([flows, notes], [[], [`1 line passed over: ${why}`]]);
  });

test('whatever a line holds, it is converted, left with a reason, or somebody else’s', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.constantFrom('flow', 'verdict', 'upstream_cluster', 'lost_events', 'proxyDirection'),
      (text, key) => {
        const value: unknown = JSON.parse(text);
        for (const each of [value, { [key]: value }, { flow: { ...base, [key]: value } }])
          for (const { type } of converted(each) ?? []) assert.ok(['lines', 'left', 'lost'].includes(type));
      },
    ),
  );
});

const samples = fileURLToPath(new URL('../../../shared/samples', import.meta.url));
test('lines that Hubble itself wrote', {
  skip: existsSync(samples) ? false : 'no ../shared/samples beside the checkout',
}, () => {
  const of = (name: string): Converted | undefined =>
    converted(JSON.parse(readFileSync(`${samples}/hubble_${name}.json`, 'utf8')))?.[0];
  assert.deepEqual(of('dropped'), { type: 'left', reason: 'refused (verdict DROPPED)' });
  const reply = of('forwarded_reply');
  assert.ok(reply?.type === 'lines');
  const [line] = reply.lines;
  assert.deepEqual(
    [line?.pod, line?.direction, line?.local.port, line?.remote, line?.state],
    [
      'kube-system/csi-cbs-controller-7788964bc-lsfw5',
      'egress',
      57_706,
      { ip: '169.254.128.9', port: 60_002 },
      'ESTABLISHED',
    ],
  );
  assert.deepEqual(of('forwarded_syn'), { type: 'left', reason: 'of no pod of the cluster' });
});
