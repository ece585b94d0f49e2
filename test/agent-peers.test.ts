/** The other ends of flows, told by the whole agent: after translation, whoever did it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BpfObject } from '#agent/libbpf/object.ts';
import { type AgentRun, podObject, startAgent } from './agent-run.ts';
import { withoutRoot } from './lab.ts';
import { withoutRunc } from './node-lab.ts';

const skip = withoutRoot || withoutRunc;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const since = '2026-01-01T00:00:00Z';

/** All that the container's calls led to, shortest first. */
function flows(run: AgentRun, id: string): string[] {
  const told = run.told().facts.flatMap((fact) => {
    if (fact.container !== id || fact.type !== 'flow') return [];
    const { peer, port, service, protocol } = fact;
    const name = peer.type === 'workload' ? peer.workload.name : peer.type;
    return [`${protocol} ${name} ${port}${service === undefined ? '' : ` by ${service.name} ${service.port}`}`];
  });
  return [...new Set(told)].toSorted();
}

const service = (port: number, protocol: string): object => ({ name: protocol.toLowerCase(), port, protocol });
const objects = [
  {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 'shop', namespace: 'shop', creationTimestamp: since },
    spec: {
      clusterIP: '203.0.113.1',
      ports: [service(10_050, 'TCP'), service(10_050, 'UDP'), service(10_060, 'SCTP')],
    },
  },
  podObject({
    uid: 'backend',
    name: 'backend-0',
    node: 'node-2',
    ip: '203.0.113.1',
    startTime: since,
    owner: { kind: 'StatefulSet', name: 'backend', uid: 'backend' },
  }),
  {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: 'shop-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'shop' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['203.0.113.1'] }],
    ports: [service(10_051, 'TCP'), service(10_051, 'UDP')],
  },
];

async function called(run: AgentRun): Promise<string[]> {
  const pod = await run.lab.pod('systemd');
  const container = pod.run(['/load', '50', '500', 'datagram']);
  run.api.store.put(podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] }));
  await container.ended;
  await run.until('its flows are told', () => flows(run, container.id).length > 0);
  await sleep(5000);
  await run.stop();
  return flows(run, container.id);
}

test('a Service that a proxy translates later is told by its only workload, at the port behind it', {
  skip,
}, async () => {
  const run = await startAgent({}, objects);
  after(() => run.close());
  assert.deepEqual(await called(run), ['tcp backend 10051 by shop 10050', 'udp backend 10051 by shop 10050']);
});

test('a Service that is translated at the socket is told by where the call went, and once', { skip }, async () => {
  const run = await startAgent({}, objects);
  after(() => run.close());
  const object = join(run.folder, 'balancer.bpf.o');
  execFileSync('clang', [
    '-g',
    '-O2',
    '-target',
    'bpf',
    '-D__TARGET_ARCH_x86',
    `-I${here('../bpf')}`,
    '-idirafter',
    '/usr/include/x86_64-linux-gnu',
    '-c',
    here('balancer.bpf.c'),
    '-o',
    object,
  ]);
  const balancer = new BpfObject(object, 'balancer').load();
  try {
    for (const program of balancer.programs().keys()) balancer.attachToCgroup(program, run.lab.cgroupRoot);
    // Without endpoints: only the kernel can tell where the call went.
    run.api.store.remove('discovery.k8s.io/v1', 'EndpointSlice', 'shop', 'shop-1');
    assert.deepEqual(await called(run), ['tcp backend 10051 by shop 10050', 'udp backend 10051 by shop 10050']);
  } finally {
    balancer.close();
  }
});
