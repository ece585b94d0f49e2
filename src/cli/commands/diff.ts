/** `kguardian diff <kind>`: what stands in a folder, or in the cluster, against what would be generated now. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { parseAllDocuments, stringify } from 'yaml';
import { fold } from '#baseline/fold.ts';
import { printable } from '#observation/text.ts';
import type { PolicyKind } from '#policies/kind.ts';
import { collectionPath } from '../cluster/discovery.ts';
import type { Api } from '../cluster/api.ts';
import { openCluster } from '../cluster/open.ts';
import { type EvidenceFlags, findEvidence, wantedBy } from '../evidence.ts';
import { Failure, systemReason } from '../failure.ts';
import { parseOptions } from '../kind-options.ts';
import { count, tell } from '../story.ts';
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
  const cluster = openCluster(given);
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
  tell(`${differing === 0 ? 'no difference' : `${differing} differ`} (${count(generated.length, 'artifact')})`);
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

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Each object of the text beside the one in the cluster. */
async function inCluster(api: Api, path: string, text: string): Promise<Pair[]> {
  const manifests = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  if (!manifests.every(isManifest))
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

function isManifest(value: unknown): value is Manifest {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<Manifest>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}

/** Without what the API server and others added: its status, and metadata that we do not write. */
function written(live: Record<string, unknown>, ours: Manifest): object {
  const metadata = live['metadata'] as Record<string, unknown>;
  const kept = Object.keys(ours.metadata).flatMap((field) => (field in metadata ? [[field, metadata[field]]] : []));
  const { status: _, metadata: __, ...rest } = live;
  return { ...rest, metadata: Object.fromEntries(kept) };
}
