/** Requests and limits for the tree of `gen all`: patches from the usage that was sampled along with the rest. */
import { firstOf } from '#baseline/evidence.ts';
import { objectName } from '#kubernetes/names.ts';
import type { Evidence, Written, WrittenFile } from '../posture.ts';
import { advised } from './advised.ts';
import { objectsOf } from './objects.ts';
import { defaults } from './options.ts';
import type { Figure } from './recommend/advice.ts';
import { seriesOf } from './sources/recordings.ts';
import type { Subject } from './subject.ts';
import { manifest } from './write/manifest.ts';

export function writeResources({ baselines, objects }: Evidence): Written {
  const known = objectsOf(objects.type === 'known' ? objects.value : []);
  const files: WrittenFile[] = [];
  const silent = new Map<string, string[]>();
  for (const measured of seriesOf(baselines)) {
    const sampled = measured.containers.filter(({ replicas }) => replicas.length > 0);
    const subject = advised({ ...measured, containers: sampled }, known, defaults);
    const why = silence(subject, measured.workload !== null);
    if (why !== null) {
      silent.set(why, [...(silent.get(why) ?? []), measured.name]);
      continue;
    }
    const of = `${subject.namespace}-${subject.name}`;
    files.push({
      path: `${objectName(of)}-resources-patch.yaml`,
      text: manifest(subject),
      what: 'requests and limits from measured usage; each figure says what it rests on',
      of,
      judged: null,
      applied: 'patch',
      refuses: false,
    });
  }
  const without = [...silent].map(([why, names]) => `${firstOf(names, 3)}: no requests and limits, ${why}`);
  return { files, without, notes: [], faults: [] };
}

/** Why there is no figure; null where there is one. */
function silence({ advice }: Subject, isOfCluster: boolean): string | null {
  if (!isOfCluster) return 'it is no workload of a cluster';
  const figures = advice.flatMap(({ cpu, memory }): Figure[] => [cpu.request, cpu.limit, memory.request, memory.limit]);
  if (figures.some(({ state }) => state === 'number')) return null;
  return figures.find(({ state }) => state === 'no-opinion')?.because ?? 'its usage was not sampled';
}
