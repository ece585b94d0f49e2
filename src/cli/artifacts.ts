/** Artifacts in files, and which kind they are of. */
import { readFile } from 'node:fs/promises';
import type { Cluster } from '#kubernetes/cluster.ts';
import { kindNamed, kinds } from '#policies/index.ts';
import { type Evaluator, type PolicyKind, UnreadableArtifact } from '#policies/kind.ts';
import { Failure, systemReason } from './failure.ts';

/** An artifact's text, with its kind. */
export interface ArtifactFile {
  readonly kind: PolicyKind;
  evaluator(cluster: Cluster | null, options?: Record<string, unknown>): Evaluator;
}

/** Of the named kind, or of the one that recognises its text. */
export async function readArtifact(file: string, kindName?: string): Promise<ArtifactFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
  const kind = kindOf(file, text, kindName);
  return { kind, evaluator: (cluster, options = {}) => evaluatorOf(file, text, kind, options, cluster) };
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
