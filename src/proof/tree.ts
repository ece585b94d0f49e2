/** All that was generated as one tree of files: a folder for each part, kustomizations, and a README of how to go on. */
import { parse, stringify } from 'yaml';
import { firstOf } from '#baseline/evidence.ts';
import { absenceLines, type Stage, type Unit } from './everything.ts';
import { treeReadme } from './tree-readme.ts';

export interface TreeFile {
  /** Below the output directory, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What one kind of policies wrote, or another command of the same standing. */
export interface TreePart {
  readonly name: string;
  /** `watches`: whether there is a form that refuses nothing; the others are sentences. */
  readonly rollout: {
    readonly watches: boolean;
    readonly look: string;
    readonly enforce: string;
    readonly undo: string;
  };
  readonly files: readonly TreeEntry[];
  /** What is not there, and why: sentences without a full stop. */
  readonly without: readonly string[];
  /** What else to know of it. */
  readonly notes: readonly string[];
}

export interface TreeEntry extends TreeFile {
  /** A file name: in the part's folder, or that of the patches. */
  readonly path: string;
  readonly what: string;
  readonly of: string;
  /** What its judge said; null where there was nothing to be asked. */
  readonly judged: string | null;
  /** Absent: a file of nodes. */
  readonly applied?: 'object' | 'patch' | undefined;
  /** Whether something is refused, or runs in another way, once it is applied. */
  readonly refuses: boolean;
}

/** Where it lies, and whether the kustomizations leave it out until the next stage. */
export interface Placed extends TreeEntry {
  readonly waits: boolean;
}

/** The kinds of policies, in the order in which they were asked for. */
export function policyParts(units: readonly Unit[]): TreePart[] {
  return [...Map.groupBy(units, ({ kind }) => kind)].map(([{ name, rollout }, own]) => ({
    name,
    rollout: { ...rollout, watches: rollout.watch !== null },
    files: own.flatMap(entriesOf),
    without: absenceLines(own),
    notes: notesOf(own),
  }));
}

function entriesOf({ kind, name, refuses, proved }: Unit): TreeEntry[] {
  if (proved.type !== 'proved') return [];
  return proved.artifacts.map(({ artifact, proof }) => {
    const { path, text, applied, wider, judged } = artifact;
    const all = proof.allowed + proof.denied + proof.unknown;
    const what = `${kind.summary}${wider === undefined ? '' : `; wider than what was seen: ${wider}`}`;
    return {
      ...{ path, text, of: name, applied, refuses },
      what: applied === 'patch' ? 'names the profile in the workload' : what,
      judged: judged === false ? null : `${proof.allowed} of ${all} allowed`,
    };
  });
}

/** What holds for several is said once. */
function notesOf(units: readonly Unit[]): string[] {
  const all = units.flatMap(({ kind, name, proved }) =>
    proved.type === 'proved' ? proved.notes.map((note) => ({ kind: kind.name, name, note })) : [],
  );
  return [...Map.groupBy(all, ({ note }) => note).values()].flatMap(([first, ...more]) =>
    first === undefined
      ? []
      : [
          `${first.kind} of ${firstOf(
            [first, ...more].map(({ name }) => name),
            3,
          )}: ${first.note}`,
        ],
  );
}

/** Two workloads may come to one path: who writes looks. */
export function treeOf(parts: readonly TreePart[], stage: Stage): TreeFile[] {
  const placed = parts.map((part) => ({ ...part, files: part.files.map((each) => placedIn(part, each, stage)) }));
  const files = placed.flatMap((part) => part.files);
  const now = (applied: 'object' | 'patch', of: readonly Placed[]): Placed[] =>
    of.filter((each) => each.applied === applied && !each.waits);
  // The last one wins: what makes a pod compliant (RuntimeDefault) comes before what names a profile of its own.
  const patches = placed.toReversed().flatMap((part) => now('patch', part.files));
  return [
    ...files.map(({ path, text }) => ({ path, text })),
    { path: 'kustomization.yaml', text: kustomization(now('object', files)) },
    ...(patches.length === 0 ? [] : [{ path: 'patches/kustomization.yaml', text: component(patches) }]),
    { path: 'README.md', text: treeReadme(placed, stage) },
  ];
}

/** Patches lie with their kustomization: it may read nothing outside of its own folder. */
function placedIn({ name }: TreePart, entry: TreeEntry, stage: Stage): Placed {
  const { applied, path, refuses } = entry;
  return {
    ...entry,
    path: `${applied === 'patch' ? 'patches' : name}/${path}`,
    waits: applied !== undefined && refuses && stage === 'watch',
  };
}

function kustomization(objects: readonly Placed[]): string {
  const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
  return stringify({ ...head, resources: objects.map(({ path }) => path).toSorted() }, { lineWidth: 0 });
}

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/**
 * A component changes the workloads of whoever takes it in: they are not in this tree. By target, since each of several
 * kustomizations that take it in has some of them, and a patch without one must find its object.
 */
function component(patches: readonly Placed[]): string {
  const head = { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component' };
  const named = patches.map(({ path, text }) => ({ path, ...(parse(text) as Named) }));
  const places = Map.groupBy(named, ({ kind, metadata }) => `${kind}/${metadata.name}`);
  const all = named.map(({ path, apiVersion, kind, metadata: { name, namespace } }) => {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : [undefined, apiVersion];
    const own = new Set((places.get(`${kind}/${name}`) ?? []).map(({ metadata }) => metadata.namespace));
    return {
      path: path.replace(/^patches\//, ''),
      target: {
        ...(group === undefined ? {} : { group }),
        ...{ version, kind, name: name.replaceAll('.', '\\.') },
        // A kustomization may give its objects their namespace later than it takes components in.
        ...(own.size === 1 ? {} : { namespace }),
      },
    };
  });
  return stringify({ ...head, patches: all }, { lineWidth: 0 });
}
