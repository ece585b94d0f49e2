/** Baseline → AppArmor profile: what the program itself did, and nothing of the runtime's own phase. */
import { claimOf, claimText } from '#baseline/claim.ts';
import type { Baseline } from '#baseline/baseline.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, containerName } from '../names.ts';
import { draft } from './generate/draft.ts';
import { needsOf } from './generate/needs.ts';
import { notesOf } from './generate/notes.ts';
import { patch } from './generate/patch.ts';
import { write } from './generate/write.ts';
import type { Options } from './options.ts';

export function generate({ baselines: [baseline] }: Evidence, options: Options): Generated {
  if (baseline === undefined) return { type: 'abstained', reason: 'nothing was recorded' };
  const doubts = doubtsOf(baseline);
  if (doubts.length > 0 && !options.allowLoss)
    return { type: 'abstained', reason: `${doubts.join('; ')} (--allow-loss goes ahead all the same)` };
  const needs = needsOf(baseline.facts, options.exact);
  if (needs.files.length + needs.others.length + needs.links.length === 0)
    return { type: 'abstained', reason: 'nothing that the program did was recorded' };
  const own = containerName(baseline);
  const name = profileName(own);
  const drafted = draft(name, needs, baseline, options);
  const runs = `${baseline.instances.length} ${baseline.instances.length === 1 ? 'run' : 'runs'}`;
  const unsayable = new Set([...drafted.unsayable].map(claimText));
  return {
    type: 'artifacts',
    artifacts: [
      { path: artifactPath(own, 'apparmor.profile'), text: write(drafted.draft, options.mode, runs) },
      ...patches(baseline, own, name),
    ],
    notes: [...doubts, ...notesOf(baseline, drafted, options)],
    leftOut: unsayable.size === 0 ? undefined : (observation) => unsayable.has(claimText(claimOf(observation))),
  };
}

/** Loaded profiles of a node share one space of names. */
function profileName(own: string): string {
  const safe = own
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 200);
  return `kguardian-${safe === '' ? 'workload' : safe}`;
}

function patches(baseline: Baseline, own: string, name: string): Artifact[] {
  const text = baseline.place === null ? null : patch(baseline, baseline.place, name);
  return text === null ? [] : [{ path: artifactPath(own, 'apparmor-patch.yaml'), text, judged: false }];
}

function doubtsOf(baseline: Baseline): string[] {
  const sensors = [
    ['files', 'file accesses'],
    ['programs', 'programs'],
    ['capabilities', 'capabilities'],
  ] as const;
  return [...new Set(sensors.flatMap(([sensor, what]) => doubtsAbout([baseline], sensor, what)))];
}
