/** `kguardian diff <kind>`: what stands in a folder, or in the cluster, against what would be generated now. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import { fold } from '#baseline/fold.ts';
import { printable } from '#observation/text.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { type Artifact, type Change, type PolicyKind, UnreadableArtifact } from '#policies/kind.ts';
import { applied, deployedObjects, isManifest, listText, type Manifest } from '#policies/in-force.ts';
import { collectionPath, listing } from '../cluster/discovery.ts';
import type { Api } from '../cluster/api.ts';
import { openCluster } from '../cluster/open.ts';
import { type EvidenceFlags, findEvidence, wantedBy } from '../evidence.ts';
import { Failure, systemReason } from '../failure.ts';
import { parseOptions } from '../kind-options.ts';
import { columns, count, tell } from '../story.ts';
import { objectsIn, together } from '../policies-in-force.ts';
import { generateAll } from './gen.ts';

/** Exit code 1 when something differs, as diff and kubectl do. */
export async function diff(
  kind: PolicyKind,
  workload: string | undefined,
  given: Record<string, unknown> & EvidenceFlags,
): Promise<void> {
  const options = parseOptions(kind.options, given);
  const { recordings, cluster: objects, selects } = await findEvidence(workload, given, wantedBy(kind));
  const generated = generateAll(kind, fold(recordings).filter(selects), options, recordings, objects);
  const folder = given['dir'] as string | undefined;
  if (folder !== undefined) await tellFolder(folder);
  if (kind.compare !== undefined && given['text'] !== true)
    return byMeaning(kind, { folder, given, objects, after: generated.map(({ artifact }) => artifact) });
  const cluster = openCluster(given, 'files with --dir DIR');
  let differing = 0;
  try {
    for (const { artifact } of generated) {
      const { path, text } = artifact;
      const pairs =
        folder === undefined ? await inCluster(cluster.api(), path, text) : [await inFolder(folder, path, text)];
      for (const { name, before, after } of pairs) {
        if (before === after) continue;
        differing += 1;
        process.stdout.write(
          createTwoFilesPatch(
            name,
            name,
            before ?? '',
            after,
            before === null ? 'is not there' : 'as it is',
            'as it would be',
          ),
        );
      }
    }
  } finally {
    cluster.close();
  }
  if (differing > 0) process.exitCode = 1;
  tell(
    `${differing === 0 ? 'no difference' : count(differing, 'difference')} (${count(generated.length, 'artifact')})`,
  );
}

interface Compared {
  readonly folder: string | undefined;
  readonly given: Record<string, unknown> & EvidenceFlags;
  readonly objects: Cluster | null;
  readonly after: readonly Artifact[];
}

/** What would change if the generated policies stood in place of those of their names. */
async function byMeaning(kind: PolicyKind, { folder, given, objects, after }: Compared): Promise<void> {
  if (objects === null)
    throw new Failure(`${kind.name} policies are compared by what they mean to a cluster; name it with --cluster FILE`);
  const cluster = openCluster(given, 'files with --dir DIR');
  try {
    const generated = together(after.map(({ text }) => text));
    const deployed = folder === undefined ? await deployedObjects(kind, listing(cluster.api())) : [];
    const before = folder === undefined ? listText(deployed) : await textsIn(folder, after);
    // What is generated takes the place of what has its name, beside all else that is in force.
    const beside = folder === undefined && given['instead'] !== true;
    const then = beside ? listText(applied(deployed, manifestsIn(generated, 'what is generated'))) : generated;
    const changes = kind.compare?.(before, then, given, objects) ?? [];
    if (given['output'] === 'json') for (const each of changes) process.stdout.write(`${JSON.stringify(each)}\n`);
    else if (changes.length > 0)
      process.stdout.write(
        `${columns(
          ['CHANGE', 'WHAT', 'RULE'],
          changes.map(({ before: was, after: is, what, rule }) => [wordFor(was, is), what, rule]),
        )}\n`,
      );
    const of = (word: string): number => changes.filter((each) => wordFor(each.before, each.after) === word).length;
    tell(
      changes.length === 0
        ? 'no difference in what is let through'
        : `${count(changes.length, 'change')}: ${of('opens')} opened, ${of('closes')} closed, ${changes.length - of('opens') - of('closes')} not certain`,
    );
    if (changes.length > 0) process.exitCode = 1;
  } catch (error) {
    if (error instanceof UnreadableArtifact) throw new Failure(`cannot compare: ${error.message}`, 2, error);
    throw error;
  } finally {
    cluster.close();
  }
}

function wordFor(before: Change['before'], after: Change['after']): string {
  if (before === 'unknown' || after === 'unknown') return `${before} → ${after}`;
  return after === 'allow' ? 'opens' : 'closes';
}

/** The files that generating now would write; one that is not there yet holds nothing. */
async function textsIn(folder: string, artifacts: readonly Artifact[]): Promise<string> {
  const pairs = await Promise.all(artifacts.map(({ path }) => inFolder(folder, path, '')));
  const found = pairs.flatMap(({ before }) => before ?? []);
  return found.length === 0 ? listText([]) : together(found);
}

/** A folder that is not there yet holds nothing; the name may also be mistyped. */
async function tellFolder(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => null);
  if (there === null) tell(`there is no folder ${JSON.stringify(folder)}: all that is generated is new`);
  else if (!there.isDirectory()) throw new Failure(`cannot read ${JSON.stringify(folder)}: it is no folder`);
}

interface Pair {
  readonly name: string;
  /** Null where there is none yet. */
  readonly before: string | null;
  readonly after: string;
}

async function inFolder(folder: string, path: string, after: string): Promise<Pair> {
  const name = join(folder, path);
  try {
    return { name, before: await readFile(name, 'utf8'), after };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { name, before: null, after };
    throw new Failure(`cannot read ${JSON.stringify(name)}: ${systemReason(error)}`, 2, error);
  }
}

/** Empty for what no API server takes. */
function manifestsIn(text: string, path: string): Manifest[] {
  const objects = objectsIn(text, path);
  return objects.every(isManifest) ? objects : [];
}

/** Each object of the text beside the one in the cluster. */
async function inCluster(api: Api, path: string, text: string): Promise<Pair[]> {
  const manifests = manifestsIn(text, path);
  if (manifests.length === 0)
    throw new Failure(`${printable(path)} is no object of a cluster; compare it with files: --dir DIR`);
  return Promise.all(
    manifests.map(async (manifest) => {
      const { apiVersion, kind, metadata } = manifest;
      const name = `${kind.toLowerCase()}/${metadata.name}`;
      const after = stringify(manifest, { lineWidth: 0, sortMapEntries: true });
      const collection = await collectionPath(api, apiVersion, kind, metadata.namespace ?? null);
      const live = (await api.get(`${collection}/${metadata.name}`)) as Record<string, unknown> | null;
      if (live === null) return { name, before: null, after };
      return { name, before: stringify(written(live, manifest), { lineWidth: 0, sortMapEntries: true }), after };
    }),
  );
}

/** Without what the API server and others added: its status, and metadata that we do not write. */
function written(live: Record<string, unknown>, ours: Manifest): object {
  const metadata = live['metadata'] as Record<string, unknown>;
  const kept = Object.keys(ours.metadata).flatMap((field) => (field in metadata ? [[field, metadata[field]]] : []));
  const { status: _, metadata: __, ...rest } = live;
  return { ...rest, metadata: Object.fromEntries(kept) };
}
