/** Artifacts in files, and which kind they are of. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { kindNamed, kinds } from '#policies/index.ts';
import { type Evaluator, type PolicyKind, UnreadableArtifact } from '#policies/kind.ts';
import { Failure } from './failure.ts';
import { fileText } from './file-texts.ts';
import { together } from './policies-in-force.ts';

/** An artifact's text, with its kind. */
export interface ArtifactFile {
  /** The file; several that decide together are one. */
  readonly name: string;
  readonly kind: PolicyKind;
  evaluator(cluster: Cluster | null, options?: Record<string, unknown>): Evaluator;
}

interface Read {
  readonly file: string;
  readonly text: string;
  readonly kind: PolicyKind;
}

/** Of the named kind, or of the one that recognises its text. */
export async function readArtifact(file: string, kindName?: string): Promise<ArtifactFile> {
  return artifactOf(await read(file, kindName), []);
}

/** Each alone, but those together that decide together. */
export async function readArtifacts(files: readonly string[], kindName?: string): Promise<ArtifactFile[]> {
  const all = await Promise.all(files.map((file) => read(file, kindName)));
  const groups = Map.groupBy(all, ({ file, kind }) => (kind.unit === 'cluster' ? kind.name : file));
  return [...groups.values()].flatMap(([first, ...more]) => (first === undefined ? [] : [artifactOf(first, more)]));
}

async function read(file: string, kindName: string | undefined): Promise<Read> {
  const text = await fileText(file);
  return { file, text, kind: kindOf(file, text, kindName) };
}

function artifactOf(first: Read, more: readonly Read[]): ArtifactFile {
  const { kind } = first;
  const all = [first, ...more];
  const name = all.map(({ file }) => file).join(', ');
  const text = together(all.map((each) => each.text));
  return { name, kind, evaluator: (cluster, options = {}) => evaluatorOf(name, text, kind, options, cluster) };
}

export function evaluatorOf(
  file: string,
  text: string,
  kind: PolicyKind,
  options: Record<string, unknown>,
  cluster: Cluster | null = null,
): Evaluator {
  try {
    return kind.evaluator(text, options, cluster);
  } catch (error) {
    if (error instanceof UnreadableArtifact) {
      throw new Failure(`cannot use ${JSON.stringify(file)} as ${kind.name}: ${error.message}`, 2, error);
    }
    throw error;
  }
}

function kindOf(file: string, text: string, name: string | undefined): PolicyKind {
  const known = kinds.map((kind) => kind.name).join(', ');
  const kind = name === undefined ? kinds.find((each) => each.recognises(text)) : kindNamed(name);
  if (kind !== undefined) return kind;
  throw new Failure(
    name === undefined
      ? `cannot tell what kind of artifact ${JSON.stringify(file)} is; name it with --kind (${known})`
      : `no kind ${JSON.stringify(name)}; there are: ${known}`,
  );
}
