/** Lists as a real API server sent them (../shared/kubernetes). */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clusterOfObjects } from './cluster-objects.ts';
import { isLabelKey, isLabelValue, selects } from './selectors.ts';

const folder = fileURLToPath(new URL('../../../shared/kubernetes/lists', import.meta.url));

test('real lists become a cluster whose workloads find their pods', {
  skip: existsSync(folder) ? false : 'no ../shared/kubernetes here',
}, () => {
  const objects = readdirSync(folder)
    .filter((name) => !name.includes('.page-'))
    .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as unknown);
  const { namespaces, nodes, workloads, pods, services, apiServerIPs } = clusterOfObjects(objects);
  for (const [what, list] of Object.entries({ nodes, workloads, pods, services, namespaces: Object.keys(namespaces) }))
    assert.ok(list.length > 0, `no ${what}`);
  assert.ok(nodes.every(({ ips }) => ips.length > 0) && (apiServerIPs ?? []).length > 0);
  const byKey = new Map(workloads.map((each) => [`${each.kind} ${each.namespace}/${each.name}`, each]));
  const kinds = new Set<string>();
  for (const pod of pods) {
    const { kind, namespace, name } = pod.workload;
    if (kind === 'Pod') continue;
    const workload = byKey.get(`${kind} ${namespace}/${name}`);
    // A ReplicaSet or Job never stands for a pod whose controller's own controller is there.
    assert.ok(workload, `${pod.namespace}/${pod.name} belongs to ${kind} ${name}, which is not there`);
    kinds.add(kind);
    if (kind !== 'CronJob')
      assert.ok(selects(workload.selector, pod.labels), `${kind} ${name} does not select ${pod.name}`);
    for (const [key, value] of Object.entries(pod.labels))
      assert.ok(isLabelKey(key) && isLabelValue(value), `${key}=${value}`);
  }
  assert.ok(kinds.has('Deployment'), [...kinds].join());
});
