/** All that was generated as one tree of files: a folder for each kind, kustomizations, and a README of how to go on. */
import { stringify } from 'yaml';
import { markdownText } from './report/markup.ts';
import { absences, type Stage, type Unit } from './everything.ts';
import type { ProvedArtifact } from './generate.ts';

export interface TreeFile {
  /** Below the output directory, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** A patch of a workload that no policy kind wrote. */
export interface PatchBeside {
  readonly path: string;
  readonly text: string;
  readonly what: string;
  readonly of: string;
}

interface Placed extends ProvedArtifact {
  readonly unit: Unit;
  readonly path: string;
}

/** Two workloads may come to one path: who writes looks. */
export function treeOf(units: readonly Unit[], stage: Stage, more: readonly PatchBeside[] = []): TreeFile[] {
  const placed = units.flatMap((unit) =>
    unit.proved.type === 'proved'
      ? unit.proved.artifacts.map(
          (each): Placed => ({ ...each, unit, path: `${folderOf(unit, each)}/${each.artifact.path}` }),
        )
      : [],
  );
  const objects = placed.filter(({ artifact }) => artifact.applied === 'object');
  const beside = more.map((each) => ({ ...each, path: `patches/${each.path}` }));
  const patches = [...placed.filter(({ artifact }) => artifact.applied === 'patch'), ...beside].map(({ path }) => path);
  // What has no form that only watches waits for its turn.
  const now = objects.filter(({ unit }) => stage === 'enforce' || !unit.refuses);
  return [
    ...placed.map(({ path, artifact }) => ({ path, text: artifact.text })),
    ...beside.map(({ path, text }) => ({ path, text })),
    { path: 'kustomization.yaml', text: kustomization(now) },
    ...(patches.length === 0 ? [] : [{ path: 'patches/kustomization.yaml', text: component(patches) }]),
    { path: 'README.md', text: readme(units, placed, beside, stage) },
  ];
}

/** Patches lie with their kustomization: it may read nothing outside of its own folder. */
function folderOf({ kind }: Unit, { artifact }: ProvedArtifact): string {
  return artifact.applied === 'patch' ? 'patches' : kind.name;
}

function kustomization(objects: readonly Placed[]): string {
  const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
  return stringify({ ...head, resources: objects.map(({ path }) => path).toSorted() }, { lineWidth: 0 });
}

/** A component changes the workloads of whoever takes it in: they are not in this tree. */
function component(patches: readonly string[]): string {
  const head = { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component' };
  const all = patches.toSorted().map((path) => ({ path: path.replace(/^patches\//, '') }));
  return stringify({ ...head, patches: all }, { lineWidth: 0 });
}

function readme(
  units: readonly Unit[],
  placed: readonly Placed[],
  beside: readonly PatchBeside[],
  stage: Stage,
): string {
  const patched = beside.length > 0 || placed.some(({ artifact }) => artifact.applied === 'patch');
  const kinds = [...new Set(placed.map(({ unit }) => unit.kind))];
  const lines = [
    '# Policies written by kguardian',
    '',
    stage === 'watch'
      ? 'This is the first stage: **watch**. What has a form that refuses nothing is written in that form; the rest is written and waits: `kustomization.yaml` leaves it out. Generate again with `--stage enforce` when what is told has been quiet for as long as your workloads take to do all that they do.'
      : 'This is the second stage: **enforce**. What is written refuses whatever was not observed. Generate with `--stage watch` first.',
    '',
    '## What is here',
    '',
    '| file | what it does | of | replay of what was observed |',
    '|---|---|---|---|',
    ...placed.map((each) => fileRow(each)),
    ...beside.map(({ path, what, of }) => `| \`${path}\` | ${markdownText(what)} | ${markdownText(of)} | – |`),
    ...toKnow(units),
    '',
    '## How to roll it out',
    '',
    '1. Read the files. Each says what it rests on.',
    '2. `kubectl apply -k .` applies the objects that refuse nothing yet, or all of them in the second stage; files of nodes go where their kind says below.',
    ...(patched
      ? [
          '3. Patches change your workloads, to name their profiles and to size them: add `components: [<this folder>/patches]` to the kustomization that has them.',
        ]
      : []),
    '',
    'One workload after another, the least important first; within one, a kind after another in this order.',
    ...kinds
      .toSorted(byReach)
      .flatMap(({ name, rollout }) => [
        '',
        `### ${name}`,
        '',
        `- watch: ${rollout.look}`,
        `- enforce: ${rollout.enforce}`,
        `- back: ${rollout.undo}`,
      ]),
    '',
    '## How to prove it again',
    '',
    '`kguardian prove FILE --from RECORDING` replays a recording, `kguardian explain FILE --from RECORDING` shows the evidence behind each permission, `kguardian score FILE` the attacks that are left.',
    '',
  ];
  return lines.join('\n');
}

/** What can be watched first comes before what cannot. */
function byReach(a: Unit['kind'], b: Unit['kind']): number {
  const later = (kind: Unit['kind']): number => (kind.rollout.watch === null ? 1 : 0);
  return later(a) - later(b) || (a.name < b.name ? -1 : 1);
}

function fileRow({ path, artifact, unit, proof }: Placed): string {
  const what =
    artifact.applied === 'patch'
      ? 'names the profile in the workload'
      : `${unit.kind.summary}${artifact.wider === undefined ? '' : `; wider than what was seen: ${artifact.wider}`}`;
  const all = proof.allowed + proof.denied + proof.unknown;
  const replayed = artifact.judged === false ? '–' : `${proof.allowed} of ${all} allowed`;
  const waits = unit.refuses && artifact.applied === 'object' ? ', refuses at once' : '';
  return `| \`${path}\` | ${markdownText(what)}${waits} | ${markdownText(unit.name)} | ${replayed} |`;
}

function toKnow(units: readonly Unit[]): string[] {
  const notes = units.flatMap(({ kind, name, proved }) =>
    proved.type === 'proved'
      ? proved.notes.map((note) => `- ${kind.name} of ${markdownText(name)}: ${markdownText(note)}`)
      : [],
  );
  const without = absences(units).map(
    ({ kind, reason, names }) => `- **no ${kind}** of ${names.map(markdownText).join(', ')}: ${markdownText(reason)}`,
  );
  const rows = [...without, ...new Set(notes)];
  return rows.length === 0 ? [] : ['', '## What to know', '', ...rows];
}
