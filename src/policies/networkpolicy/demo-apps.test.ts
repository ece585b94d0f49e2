/**
 * A published application with its flows (../shared/suites/demo-apps): all that it needs is let through and nothing
 * else, before and after a rollout, by every type of policy.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fold } from '#baseline/fold.ts';
import { readingFlows } from '#imports/flows.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { readClusterText } from '#kubernetes/cluster-text.ts';
import type { Recording } from '#observation/recording.ts';
import { generateProved } from '#proof/generate.ts';
import { objectsOf } from '../documents.ts';
import { flowQuery } from './flow-query.ts';
import { networkpolicy } from './index.ts';
import { types } from './options.ts';

const folder = fileURLToPath(new URL('../../../../shared/suites/demo-apps/online-boutique', import.meta.url));
const skip = existsSync(folder) ? false : 'no ../shared/suites here';
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
const lines = (name: string): string[] => read(name).trimEnd().split('\n');

function recorded(cluster: Cluster, flows: readonly string[]): Recording {
  const reader = readingFlows(cluster);
  for (const line of flows) reader.add(line);
  return reader.end().recording;
}

function written(cluster: Cluster, flows: readonly string[], given: Record<string, unknown>): string {
  const recording = recorded(cluster, flows);
  const options = networkpolicy.options.parse(given);
  const proved = generateProved(networkpolicy, { baselines: fold([recording]), cluster }, options, [recording]);
  assert.equal(proved.type, 'proved', JSON.stringify(proved));
  if (proved.type !== 'proved') return '';
  for (const { proof } of proved.artifacts) assert.deepEqual([proof.denied, proof.unknown], [0, 0]);
  return proved.artifacts.map(({ artifact }) => artifact.text).join('');
}

interface Probe {
  readonly id: string;
  readonly expected: 'allow' | 'deny';
  readonly note?: string;
}

/** Probes that the policies answer otherwise; `new client` apart, since nobody can have seen those. */
function wrong(
  text: string,
  clusterFile: string,
  probes: string,
): { wrong: unknown[]; newClients: string[]; allowed: number } {
  const judge = networkpolicy.evaluator(text, {}, readClusterText(read(clusterFile)));
  const found = lines(probes).map((line) => {
    const { id, expected, note, ...flow } = JSON.parse(line) as Probe;
    const verdict = judge.answer(flowQuery.parse(flow));
    return { id, expected, newClient: note?.startsWith('new client') === true, ...verdict };
  });
  return {
    wrong: found.filter((each) => !each.newClient && each.verdict !== each.expected),
    newClients: found.filter(({ newClient }) => newClient).map(({ verdict }) => verdict),
    allowed: found.filter(({ newClient, verdict }) => !newClient && verdict === 'allow').length,
  };
}

for (const type of types) {
  test(`${type}: recall 1 and over-permission 0, before and after a rollout`, { skip }, () => {
    const text = written(readClusterText(read('cluster.json')), lines('flows.jsonl'), { type });
    const before = wrong(text, 'cluster.json', 'must.jsonl');
    const after = wrong(text, 'cluster-churn.json', 'must-churn.jsonl');
    assert.deepEqual([before.wrong, after.wrong], [[], []]);
    assert.ok(before.allowed >= 77 && after.allowed >= 107);
    // The Service lets everybody in, so clients that were never seen are let in as well.
    assert.deepEqual([new Set(before.newClients), new Set(after.newClients)], [new Set(['allow']), new Set(['allow'])]);
  });

  test(`${type}: shuffled and repeated flows give the same bytes`, { skip }, () => {
    const cluster = readClusterText(read('cluster.json'));
    const flows = lines('flows.jsonl');
    const text = written(cluster, flows, { type });
    const turned = [...flows.slice(50).toReversed(), ...flows.slice(0, 50), ...flows.slice(20, 40)];
    const objects = {
      ...cluster,
      pods: cluster.pods.toReversed(),
      workloads: cluster.workloads.toReversed(),
      services: cluster.services.toReversed(),
    };
    assert.equal(written(objects, turned, { type }), text);
  });

  test(`${type}: a flow that is left out is refused`, { skip }, () => {
    const cluster = readClusterText(read('cluster.json'));
    // The cart is the only one that speaks to redis.
    const flows = lines('flows.jsonl').filter((line) => !line.includes('6379') || line.includes('kubelet'));
    const judge = networkpolicy.evaluator(written(cluster, flows, { type }), {}, cluster);
    const cart = cluster.pods.find(({ name }) => name.startsWith('cartservice'))?.name ?? '';
    const redis = cluster.pods.find(({ name }) => name.startsWith('redis-cart'))?.name ?? '';
    const { verdict } = judge.answer({
      src: { pod: `default/${cart}` },
      dst: { pod: `default/${redis}` },
      port: 6379,
      protocol: 'TCP',
    });
    assert.equal(verdict, 'deny');
  });
}

for (const type of ['kubernetes', 'cilium']) {
  test(`${type}: no more than 1.2 times the rules that the application's graph needs`, { skip }, () => {
    const text = written(readClusterText(read('cluster.json')), lines('flows.jsonl'), { type });
    const graph = JSON.parse(read('truth-graph.json')) as {
      edges: unknown[];
      dnsCallers: unknown[];
      external: unknown[];
    };
    const needed = (graph.edges.length + graph.dnsCallers.length) * 2 + graph.external.length;
    const rules = objectsOf(text).flatMap(({ object }) => {
      const { spec } = object as { spec: { ingress?: object[]; egress?: object[] } };
      return [...(spec.ingress ?? []), ...(spec.egress ?? [])].filter((rule) => Object.keys(rule).length > 0);
    });
    assert.ok(rules.length <= 1.2 * needed, `${rules.length} rules, ${needed} needed`);
  });
}
