/** Requests and limits for the tree of `gen all`: patches from the usage that was sampled along with the rest. */
import type { Baseline } from '#baseline/baseline.ts';
import { artifactPath } from '#policies/names.ts';
import { defaults } from '#posture/resources/options.ts';
import { recommend } from '#posture/resources/recommend/recommend.ts';
import { seriesOf } from '#posture/resources/sources/recordings.ts';
import { manifest } from '#posture/resources/write/manifest.ts';
import type { PatchBeside } from '#proof/tree.ts';

/** `without`: whose usage gives no figure, and why. */
export function resourcesOf(baselines: readonly Baseline[]): {
  readonly patches: readonly PatchBeside[];
  readonly without: readonly string[];
} {
  const patches: PatchBeside[] = [];
  const without: string[] = [];
  for (const { id, workload, name, containers } of seriesOf(baselines)) {
    const sampled = containers.filter(({ replicas }) => replicas.length > 0);
    const advice = sampled.map((usage) => recommend(usage, defaults));
    const all = advice.flatMap(({ cpu, memory }) => [cpu.request, cpu.limit, memory.request, memory.limit]);
    const silent = all.find(({ state }) => state === 'no-opinion');
    if (workload === null || advice.length === 0 || all.every(({ state }) => state !== 'number')) {
      const why =
        workload === null ? 'it is no workload of a cluster' : (silent?.because ?? 'its usage was not sampled');
      without.push(`${name}: no requests and limits, ${why}`);
      continue;
    }
    const subject = { id, ...workload, advice, source: null, replicas: null, autoscalers: [] };
    patches.push({
      path: artifactPath(`${workload.namespace}-${workload.name}`, 'resources-patch.yaml'),
      text: manifest(subject),
      what: 'requests and limits from measured usage; each figure says what it rests on',
      of: `${workload.namespace}-${workload.name}`,
    });
  }
  return { patches, without };
}
