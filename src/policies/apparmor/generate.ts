/** Baseline → AppArmor profile: what the program itself did, and nothing of the runtime's own phase. */
import { firstOf } from '#baseline/evidence.ts';
import { claimOf, claimText, observationOf } from '#baseline/claim.ts';
import type { Baseline } from '#baseline/baseline.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import { objectName } from '#kubernetes/names.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, containerName } from '../names.ts';
import { workloadPatches } from '../workload-patch.ts';
import { evaluator } from './evaluate.ts';
import { draft } from './generate/draft.ts';
import { needsOf } from './generate/needs.ts';
import { notesOf } from './generate/notes.ts';
import { type OperatorObject, operatorObject } from './generate/operator-object.ts';
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
  const object =
    options.output === 'text' ? null : fitting(operatorObject(drafted.draft, name, options.mode), baseline);
  if (options.output === 'yaml' && object?.type === 'unsayable')
    return {
      type: 'abstained',
      reason: `an AppArmorProfile cannot say: ${firstOf(object.reasons, 5)} (--output text can)`,
    };
  const text = { path: artifactPath(own, 'apparmor.profile'), text: write(drafted.draft, options.mode, runs) };
  const unsayable = new Set([...drafted.unsayable].map(claimText));
  return {
    type: 'artifacts',
    artifacts: [
      ...(options.output === 'yaml' ? [] : [text]),
      ...(object?.type === 'object' ? [objectArtifact(own, object, options)] : []),
      // Since Kubernetes 1.30; before, an annotation of the pod says it.
      ...workloadPatches(
        baseline,
        {
          appArmorProfile: {
            type: 'Localhost',
            localhostProfile: options.output === 'yaml' ? objectName(name) : name,
          },
        },
        'apparmor-patch.yaml',
      ),
    ],
    notes: [...doubts, ...notesOf(baseline, drafted, options), ...objectNotes(object)],
    leftOut: unsayable.size === 0 ? undefined : (observation) => unsayable.has(claimText(claimOf(observation))),
  };
}

/** An object whose template refuses what was seen is none: its denials go before all that it allows. */
function fitting(object: OperatorObject, { facts }: Baseline): OperatorObject {
  if (object.type === 'unsayable') return object;
  const judge = evaluator(object.text);
  const by = { type: 'container', id: 'run', workload: 'w', name: 'c', started: 0, fromStart: true } as const;
  const refused = facts.flatMap(({ claim, seen }) => {
    const [sighting] = Object.values(seen);
    const observation = sighting === undefined ? null : observationOf(claim, by.id, sighting);
    if (observation === null || !judge.governs(observation, by)) return [];
    const { verdict, rule } = judge.judge(observation, by);
    return verdict === 'deny' ? [rule] : [];
  });
  return refused.length === 0 ? object : { type: 'unsayable', reasons: [...new Set(refused)] };
}

function objectNotes(object: OperatorObject | null): string[] {
  if (object === null) return [];
  return object.type === 'object'
    ? [`the AppArmorProfile allows more than the text: ${object.wider.join('; ')}`]
    : [`no AppArmorProfile was written, it cannot say: ${firstOf(object.reasons, 5)}`];
}

/** Loaded profiles of a node share one space of names. */
function profileName(own: string): string {
  const safe = own
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 200);
  return `kguardian-${safe === '' ? 'workload' : safe}`;
}

function objectArtifact(
  own: string,
  { text, wider }: OperatorObject & { type: 'object' },
  { output }: Options,
): Artifact {
  return {
    path: artifactPath(own, 'apparmor.yaml'),
    text,
    applied: 'object',
    wider: wider.join('; '),
    ...(output === 'both' ? { beside: true } : {}),
  };
}

function doubtsOf(baseline: Baseline): string[] {
  const sensors = [
    ['files', 'file accesses'],
    ['programs', 'programs'],
    ['capabilities', 'capabilities'],
  ] as const;
  return [...new Set(sensors.flatMap(([sensor, what]) => doubtsAbout([baseline], sensor, what)))];
}
