/** The README of a tree: what each file does, in which order to bring it into force, and the way back. */
import type { Stage } from './everything.ts';
import { markdownText } from './report/markup.ts';
import type { Placed, TreePart } from './tree.ts';

type Part = Omit<TreePart, 'files'> & { readonly files: readonly Placed[] };

export function treeReadme(parts: readonly Part[], stage: Stage): string {
  const written = parts.filter(({ files }) => files.length > 0);
  const files = written.flatMap((part) => part.files);
  const patched = files.some(({ applied, waits }) => applied === 'patch' && !waits);
  const lines = [
    '# Policies written by kguardian',
    '',
    stage === 'watch'
      ? 'This is the first stage: **watch**. What has a form that refuses nothing is written in that form; the rest is written and waits: the kustomizations leave it out. Generate again with `--stage enforce` when what is told has been quiet for as long as your workloads take to do all that they do.'
      : 'This is the second stage: **enforce**. What is written refuses whatever was not observed. Generate with `--stage watch` first.',
    '',
    '## What is here',
    '',
    '| file | what it does | of | what its judge said |',
    '|---|---|---|---|',
    ...files.map(fileRow),
    ...toKnow(parts),
    '',
    '## How to roll it out',
    '',
    '1. Read the files. Each says what it rests on.',
    '2. `kubectl apply -k .` applies the objects that refuse nothing yet, or all of them in the second stage; files of nodes go where their kind says below.',
    ...(patched
      ? [
          '3. Patches change your workloads and namespaces: to name their profiles, to size them, to label them. Add `components: [<this folder>/patches]` to the kustomization that has them. A patch whose object is not there changes nothing: compare `kubectl kustomize` before and after. Without kustomize: `kubectl patch -n NAMESPACE KIND NAME --patch-file FILE`.',
        ]
      : []),
    '',
    'One workload after another, the least important first; within one, a part after another in this order.',
    ...written
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
    '`kguardian prove FILE --from RECORDING` replays a recording, `kguardian explain FILE --from RECORDING` shows the evidence behind each permission, `kguardian score FILE` the attacks that are left. `kguardian evaluate rbac`, `evaluate pss`, `evaluate vap` and their kin answer requests as the API server would.',
    '',
  ];
  return lines.join('\n');
}

/** What can be watched first comes before what cannot. */
function byReach(a: Part, b: Part): number {
  return Number(b.rollout.watches) - Number(a.rollout.watches) || (a.name < b.name ? -1 : 1);
}

function fileRow({ path, what, of, judged, waits }: Placed): string {
  const cells = [`\`${path}\``, `${markdownText(what)}${waits ? ', refuses at once' : ''}`, markdownText(of)];
  return `| ${[...cells, judged === null ? '–' : markdownText(judged)].join(' | ')} |`;
}

function toKnow(parts: readonly Part[]): string[] {
  const all = [...parts.flatMap(({ without }) => without), ...parts.flatMap(({ notes }) => notes)];
  const rows = new Set(all.map((note) => `- ${markdownText(note)}`));
  return rows.size === 0 ? [] : ['', '## What to know', '', ...rows];
}
