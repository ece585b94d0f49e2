/** Events of a tap as viz/cmd/tap.go of linkerd2 writes them; none was captured. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shop } from '#observation/arbitraries.ts';
import type { ObservationOf } from '#observation/observation.ts';
import { readingFlows, UnreadableFlows } from '../flows.ts';

const written = 1_790_000_000_000;

function read(text: string, at: number | null = written) {
  const reader = readingFlows(shop, at);
  for (const line of text.split('\n')) reader.add(line);
  const { recording, notes } = reader.end();
  const flows = recording.observations.filter((each): each is ObservationOf<'flow'> => each.type === 'flow');
  return { flows, notes, gaps: recording.coverage[0]?.gaps ?? [] };
}
const compact = (...events: readonly object[]): string => events.map((each) => JSON.stringify(each)).join('\n');
const indented = (...events: readonly object[]): string =>
  events.map((each) => JSON.stringify(each, null, 2)).join('\n');
/** What `a tap tells …` says of every tap stands behind them. */
const passedOver = (notes: readonly string[]): readonly string[] => notes.filter((each) => !each.startsWith('a tap '));
const shown = ({ container, direction, port, peer, http, identity, outcome }: ObservationOf<'flow'>): string =>
  [
    `${container} ${direction} ${port} ${peer.type === 'workload' ? peer.workload.name : peer.type} ${outcome}`,
    `${http?.method} ${http?.path} as ${identity}`,
  ].join(': ');

const id = { base: 3, stream: 7 };
const checkout = { ip: '10.244.1.11', port: 40_000, metadata: { namespace: 'shop', pod: 'checkout-1' } };
const server = { ip: '10.244.2.10', port: 8080, metadata: { namespace: 'shop', pod: 'shop-2', tls: 'loopback' } };
const client = 'checkout.shop.serviceaccount.identity.linkerd.cluster.local';
const meshed = { ...checkout, metadata: { ...checkout.metadata, tls: 'true', client_id: client } };
const inbound = { source: meshed, destination: server, routeMeta: null, proxyDirection: 'INBOUND' };
const outbound = { ...inbound, source: checkout, proxyDirection: 'OUTBOUND' };
const header = (name: string, valueStr: string): object => ({ name, valueStr });

const asked = (of: object, more: object = {}): object => ({
  ...of,
  requestInitEvent: { id, method: 'GET', scheme: '', authority: 'shop:80', path: '/cart/7', headers: null, ...more },
});
const answered = (of: object, httpStatus = 200, headers: readonly object[] | null = null): object => ({
  ...of,
  responseInitEvent: { id, sinceRequestInit: { nanos: 9 }, httpStatus, headers },
});
const ended = (of: object, more: object = {}): object => ({
  ...of,
  responseEndEvent: { id, sinceRequestInit: {}, responseBytes: 1, trailers: null, grpcStatusCode: 0, ...more },
});
const whole = (of: object): object[] => [asked(of), answered(of), ended(of)];

test('a request with its answer is one flow of the end whose proxy told it', () => {
  assert.deepEqual(read(compact(...whole(inbound))).flows.map(shown), [
    `shop/shop-2 ingress 8080 checkout established: GET /cart/7 as ${client}`,
  ]);
  assert.deepEqual(read(compact(...whole(outbound))).flows.map(shown), [
    'shop/checkout-1 egress 8080 shop established: GET /cart/7 as undefined',
  ]);
});

test('documents over several lines, as the command prints them, are read as those of one line', () => {
  const events = [...whole(inbound), ...whole(outbound)];
  assert.deepEqual(read(indented(...events)), read(compact(...events)));
  assert.equal(read(indented(...events)).flows.length, 2);
});

test('who the client was to the mesh is an identity, nobody, or not told', () => {
  const of = (metadata: object) =>
    read(compact(...whole({ ...inbound, source: { ...checkout, metadata } }))).flows.map(({ identity }) => identity);
  assert.deepEqual(of({ tls: 'true', client_id: client }), [client]);
  for (const tls of ['not_provided_by_remote', 'no_tls_from_remote', 'disabled']) assert.deepEqual(of({ tls }), [null]);
  assert.deepEqual(of({ tls: 'true', client_id: '' }), [null]);
  for (const untold of [{}, { tls: 'true' }, { tls: 'something new' }]) assert.deepEqual(of(untold), [undefined]);
});

test('a pod that the labels do not name is found by its address', () => {
  const bare = { ...outbound, source: { ...checkout, metadata: null } };
  assert.deepEqual(
    read(compact(...whole(bare))).flows.map(({ container }) => container),
    ['shop/checkout-1'],
  );
});

for (const [why, events] of Object.entries({
  'refused (status 403)': [asked(outbound), answered(outbound, 403), ended(outbound)],
  'answered by a proxy in place of the server (l5d-proxy-error)': [
    asked(outbound),
    answered(outbound, 404, [header('L5d-Proxy-Error', 'no route found for request')]),
    ended(outbound),
  ],
  'refused (gRPC status 7)': [asked(outbound), answered(outbound), ended(outbound, { grpcStatusCode: 7 })],
  'a request whose answer the log does not tell': [asked(inbound)],
  'an answer whose request the log does not tell': [answered(inbound), ended(inbound)],
  'of no pod of the cluster': whole({ ...inbound, destination: { ...server, ip: '10.244.9.9', metadata: null } }),
  "whose proxy tells it is not told (neither the client's nor the server's)": whole({
    ...inbound,
    proxyDirection: 'UNKNOWN',
  }),
  'an event of a tap about no request': [inbound],
  'an event of a tap without source.ip': [{ ...asked(inbound), source: {} }],
  'an identity longer than any': whole({
    ...inbound,
    source: { ...checkout, metadata: { tls: 'true', client_id: 'a'.repeat(2049) } },
  }),
}))
  test(`no evidence: ${why}`, () => {
    const { flows, notes } = read(compact(...events));
    assert.deepEqual([flows, passedOver(notes)], [[], [`1 line passed over: ${why}`]]);
  });

test('a refusal in the head of an answer of gRPC counts before its end came', () => {
  const { flows, notes } = read(compact(asked(outbound), answered(outbound, 200, [header('grpc-status', '7')])));
  assert.deepEqual([flows, passedOver(notes)], [[], ['1 line passed over: refused (gRPC status 7)']]);
});

test('an answer that has begun is evidence, whether or not it ended', () => {
  assert.equal(read(compact(asked(inbound), answered(inbound))).flows.length, 1);
  const broken = [asked(inbound), answered(inbound), ended(inbound, { resetErrorCode: 8 })];
  assert.equal(read(compact(...broken)).flows.length, 1);
  const { flows } = read(compact(asked(inbound), ended(inbound, { resetErrorCode: 8 })));
  assert.deepEqual(flows, [], 'it broke off before anybody answered');
});

test('requests of one number in two proxies do not meet', () => {
  const other = { ...outbound, source: { ...checkout, port: 40_001 } };
  const { flows, notes } = read(
    compact(asked(outbound), asked(other, { path: '/admin' }), answered(other, 403), answered(outbound), ended(other)),
  );
  assert.deepEqual(
    flows.map(({ http }) => http?.path),
    ['/cart/7'],
  );
  assert.deepEqual(passedOver(notes), ['1 line passed over: refused (status 403)']);
});

test('times are those at which the log was written, and without them nothing is said', () => {
  const { flows, gaps } = read(compact(...whole(inbound)));
  assert.deepEqual(flows[0]?.seen, { first: written, last: written, count: 1 });
  assert.equal(gaps.length, 2);
  const untimed = read(compact(...whole(inbound)), null);
  assert.deepEqual(untimed.flows, []);
  assert.match(untimed.notes[0] ?? '', /when its log was written is not known/);
});

test('a log that is read twice tells of nothing new', () => {
  const text = indented(...whole(inbound));
  assert.deepEqual(read(`${text}\n${text}`).flows, read(text).flows);
});

test('a broken document gives the line at which it begins', () => {
  const good = indented(asked(inbound));
  const from = good.split('\n').length + 1;
  const cases: readonly (readonly [string, string])[] = [
    [`${good}\n{\n  "source": \n}`, `line ${from}: not JSON`],
    [`${good}\n{\n  "source": {\n{\n}`, `line ${from}: not JSON`],
    [`${good}\n{\n  "source": {},`, `line ${from}: a document without an end`],
    [`${good}\n{"error marshalling JSON": "x"}`, `line ${from}: ts: `],
    [`{\n${' '.repeat(1 << 21)}`, 'line 1: not JSON'],
  ];
  for (const [text, message] of cases)
    assert.throws(
      () => read(text),
      (error) => error instanceof UnreadableFlows && error.message.startsWith(message),
    );
});

test('whatever events say, a flow has a request that was asked and an answer', () => {
  const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '*', '/../x', '\n---\n', '{{}}'));
  fc.assert(
    fc.property(odd, odd, odd, fc.integer({ min: 0, max: 999 }), (method, path, name, status) => {
      const of = { ...inbound, source: { ...checkout, metadata: { tls: 'true', client_id: name, pod: name } } };
      const { flows } = read(indented(asked(of, { method, path }), answered(of, status), ended(of)));
      assert.equal(flows.length, status === 403 ? 0 : 1);
      for (const { http, identity } of flows) {
        assert.deepEqual(http, method === '' || path === '' ? undefined : { method, path });
        assert.equal(identity, name === '' ? null : name);
      }
    }),
  );
});

test("access logs of Linkerd's proxies are left: the server is named by the client alone", () => {
  const log = {
    'client.addr': '10.244.1.11:40000',
    'client.id': client,
    host: 'shop:80',
    method: 'GET',
    status: 200,
    timestamp: '2026-07-31T10:41:02.202Z',
    uri: 'http://shop:80/cart/7',
  };
  const { flows, notes } = read(compact(log, log));
  assert.deepEqual(flows, []);
  assert.match(notes[0] ?? '', /^2 lines passed over: an access log of Linkerd's proxy names no server/);
});
