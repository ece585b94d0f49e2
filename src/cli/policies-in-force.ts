/** Which policies a question is about: those in files, those of the cluster, or the cluster's as files would change them. */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import type { PolicyKind } from '#policies/kind.ts';
import type { Api } from './cluster/api.ts';
import { deployedText } from './cluster/deployed.ts';
import { Failure, systemReason } from './failure.ts';

export interface InForce {
  readonly text: string;
  /** For the story: `2 files beside 14 policies of the cluster`. */
  readonly said: string;
}

/** `api` null: nobody asks a cluster, and the files stand alone. */
export async function policiesInForce(kind: PolicyKind, files: readonly string[], api: Api | null): Promise<InForce> {
  if (api === null && files.length === 0)
    throw new Failure(
      'name the policies with -f FILE, or ask a cluster for what is deployed (without --from and --flows)',
    );
  const candidates = await Promise.all(files.map(textIn));
  if (api === null)
    return { text: together(candidates), said: `${numbered(files.length, 'file')} alone, without what is deployed` };
  const replaced = new Set(candidates.flatMap(namesIn));
  const { text, count } = await deployedText(api, kind, (object) =>
    replaced.has(JSON.stringify([object.apiVersion, object.kind, object.namespace, object.name])),
  );
  const deployed = `${count} ${count === 1 ? 'policy' : 'policies'} of the cluster`;
  return files.length === 0
    ? { text, said: deployed }
    : {
        text: together([text, ...candidates]),
        said: `${numbered(files.length, 'file')}, as if applied beside ${deployed}`,
      };
}

async function textIn(file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
}

/** Documents of one stream. */
export function together(texts: readonly string[]): string {
  return texts.map((text) => (text.startsWith('---') ? text : `---\n${text}`).replace(/\n*$/, '\n')).join('');
}

/** What an API server would take for another version of an object that it has. */
function namesIn(text: string): string[] {
  return parseAllDocuments(text).flatMap((document) => {
    const { apiVersion, kind, metadata } = ((document.toJS() as unknown) ?? {}) as {
      apiVersion?: unknown;
      kind?: unknown;
      metadata?: { namespace?: unknown; name?: unknown };
    };
    return [JSON.stringify([apiVersion, kind, metadata?.namespace ?? null, metadata?.name])];
  });
}

function numbered(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
