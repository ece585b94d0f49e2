/** Reach and comparison by ranges of ports, against asking the judge about single ports. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressText, contains, following, lastOf, parseAddress, parseNetwork } from '#kubernetes/addresses.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterForm, clusterOf } from '#kubernetes/cluster-form.ts';
import type { Change, Reach } from '../kind.ts';
import { networkpolicy } from './index.ts';
import { type Judge, judgeOf } from './judge/judge.ts';
import type { Dialect } from './judge/read/policies.ts';
import { reach } from './reach.ts';
import { worldQuery } from './world.ts';

const file = fileURLToPath(new URL('../../../../shared/suites/netpol-sample.jsonl', import.meta.url));

/** Whether `8080/TCP, 9000-9099/UDP` names the port. */
function names(text: string, port: number, protocol: string): boolean {
  if (text === 'any port') return true;
  return text.split(', ').some((each) => {
    const [, first = '', last = first, own] = /^(any|\d+)(?:-(\d+))?\/(\w+)$/.exec(each) ?? [];
    return own === protocol && (first === 'any' || (port >= Number(first) && port <= Number(last)));
  });
}

function verdictIn(
  rows: readonly Reach[],
  direction: Reach['direction'],
  peer: string,
  port: number,
  protocol: string,
) {
  const found = rows.filter(
    (row) => row.direction === direction && row.peer === peer && names(row.ports, port, protocol),
  );
  assert.equal(found.length, 1, `${peer} ${port}/${protocol}: every port stands in exactly one row`);
  return found[0]?.verdict;
}

test('reach says of every pair of pods in the suite what the judge says, for each port', {
  skip: existsSync(file) ? false : 'no ../shared/suites here',
}, () => {
  const worlds = new Map<string, { judge: Judge; cluster: Cluster }>();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const { world, profile } = JSON.parse(line) as { world: object; profile: Dialect };
    const key = JSON.stringify([world, profile]);
    if (worlds.has(key)) continue;
    const parsed = worldQuery.shape.world.parse(world);
    const cluster = clusterOf(parsed);
    const objects = parsed.policies.map((object, at) => ({ object, where: `policies[${at}]` }));
    worlds.set(key, {
      judge: judgeOf(objects, cluster, { dialect: profile, clusterName: parsed.clusterName }),
      cluster,
    });
  }
  assert.ok(worlds.size > 30);
  let asked = 0;
  for (const { judge, cluster } of worlds.values()) {
    const pods = cluster.pods.filter(({ hostNetwork, workload }) => !hostNetwork && workload.kind === 'Pod');
    for (const own of pods.slice(0, 3)) {
      const rows = reach(judge, cluster, own.workload);
      assert.ok(rows);
      for (const peer of pods) {
        if (peer === own) continue;
        for (const [port, protocol] of [
          [80, 'TCP'],
          [53, 'UDP'],
          [8080, 'TCP'],
          [9, 'SCTP'],
        ] as const) {
          const src = { pod: `${peer.namespace}/${peer.name}` };
          const dst = { pod: `${own.namespace}/${own.name}` };
          const label = `Pod ${src.pod}`;
          asked += 2;
          assert.equal(
            verdictIn(rows, 'ingress', label, port, protocol),
            judge.judge({ src, dst, port, protocol }).verdict,
          );
          assert.equal(
            verdictIn(rows, 'egress', label, port, protocol),
            judge.judge({ src: dst, dst: src, port, protocol }).verdict,
          );
        }
      }
    }
  }
  assert.ok(asked > 5000, `${asked} questions`);
});

const deployment = (name: string) => ({ namespace: 'shop', kind: 'Deployment', name, selector: { app: name } });
const cluster = clusterForm.parse({
  namespaces: { shop: {} },
  nodes: [{ name: 'n1', ips: ['172.18.0.2'] }],
  workloads: ['web', 'db'].map(deployment),
  pods: ['web', 'db'].map((name, at) => ({
    namespace: 'shop',
    name: `${name}-1`,
    labels: { app: name },
    ip: `10.0.0.${at + 1}`,
    node: 'n1',
    ports: [{ name: 'main', containerPort: 8000 + at }],
    owner: { kind: 'Deployment', name },
  })),
});
const policy = (name: string, spec: object): string =>
  `${JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'shop', name }, spec })}\n`;
const ingress = (from: object[], ports: object[]) => ({
  podSelector: { matchLabels: { app: 'db' } },
  policyTypes: ['Ingress'],
  ingress: [{ from, ports }],
});
const web = { podSelector: { matchLabels: { app: 'web' } } };
const empty = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] });
const compared = (before: string, after: string): readonly Change[] =>
  networkpolicy.compare?.(before, after, {}, cluster) ?? assert.fail('comparable');

test('the same policy in other words is no change', () => {
  const range = ingress([web], [{ port: 80, endPort: 82 }]);
  const single = ingress([web, web], [{ port: 81 }, { port: 82, protocol: 'TCP' }, { port: 80 }]);
  assert.deepEqual(compared(policy('a', range), policy('b', single)), []);
  assert.deepEqual(
    compared(policy('a', ingress([web], [{ port: 'main' }])), policy('a', ingress([web], [{ port: 8001 }]))),
    [],
  );
});

test('each port that opens or closes is named, for each pair, and nothing else', () => {
  const before = policy('a', ingress([web], [{ port: 80, endPort: 82 }]));
  const after = policy(
    'a',
    ingress(
      [web],
      [
        { port: 81, endPort: 83 },
        { port: 53, protocol: 'UDP' },
      ],
    ),
  );
  const told = compared(before, after).map(({ what, before: was, after: is }) => `${what}: ${was} to ${is}`);
  assert.deepEqual(told, [
    'Deployment shop/web → Deployment shop/db 80/TCP: allow to deny',
    'Deployment shop/web → Deployment shop/db 83/TCP, 53/UDP: deny to allow',
  ]);
});

test('a first policy closes all ports for everybody that it does not name', () => {
  const told = compared(empty, policy('a', ingress([web], [{ port: 80 }])));
  const closed = new Map(told.map(({ what, after }) => [what, after]));
  assert.equal(
    closed.get('Deployment shop/web → Deployment shop/db 1-79/TCP, 81-65535/TCP, any/UDP, any/SCTP'),
    'deny',
  );
  assert.equal(closed.get('Deployment shop/db → Deployment shop/db any port'), 'deny', 'another pod of it');
  assert.equal(closed.get('any other IPv4 address → Deployment shop/db any port'), 'deny');
  assert.ok(![...closed.keys()].some((what) => what.startsWith('node n1')), 'its own node is always let in');
});

test('networks and their exceptions are parties of their own', () => {
  const block = { ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.0/25'] } };
  const [change, ...others] = compared(
    policy('a', ingress([web], [{ port: 80 }])),
    policy('a', ingress([web, block], [{ port: 80 }])),
  );
  assert.deepEqual(others, []);
  assert.equal(change?.what, '198.51.100.0/24 → Deployment shop/db 80/TCP');
});

test('who can reach a workload, and whom it can reach', () => {
  const rows = networkpolicy.reach?.(policy('a', ingress([web], [{ port: 80 }])), {}, cluster, {
    namespace: 'shop',
    kind: 'Deployment',
    name: 'db',
  });
  assert.ok(rows);
  const open = rows
    .filter(({ verdict }) => verdict === 'allow')
    .map(({ direction, peer, ports }) => `${direction} ${peer} ${ports}`);
  assert.deepEqual(open, [
    'ingress Deployment shop/web 80/TCP',
    'ingress node n1 any port',
    'egress Deployment shop/web any port',
    'egress any other IPv4 address any port',
    'egress any other IPv6 address any port',
    'egress node n1 any port',
  ]);
  assert.equal(networkpolicy.reach?.(empty, {}, cluster, { namespace: 'shop', kind: 'Deployment', name: 'x' }), null);
});

test('addresses: the last of a network and the one behind it, over the borders of words', () => {
  const last = lastOf(parseNetwork('2001:db8::/64') ?? assert.fail());
  assert.equal(addressText(last), '2001:db8::ffff:ffff:ffff:ffff');
  assert.equal(addressText(following(last) ?? assert.fail()), '2001:db8:0:1::');
  assert.equal(following(parseAddress('255.255.255.255') ?? assert.fail()), null);
  assert.ok(contains(parseNetwork('10.0.0.0/9') ?? assert.fail(), lastOf(parseNetwork('10.0.0.0/9') ?? assert.fail())));
});
