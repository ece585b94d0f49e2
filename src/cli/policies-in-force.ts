/** Which policies a question is about: those in files, those of the cluster, or the cluster's as files would change them. */
import { parseAllDocuments } from 'yaml';
import { applied, deployedObjects, isManifest, listText, type Manifest } from '#policies/in-force.ts';
import type { PolicyKind } from '#policies/kind.ts';
import type { Api } from './cluster/api.ts';
import { listing } from './cluster/discovery.ts';
import { Failure } from './failure.ts';
import { fileText } from './file-texts.ts';

export interface InForce {
  readonly text: string;
  /** For the story: `1 file, as if applied beside 14 policies of the cluster`. */
  readonly said: string;
}

/** `api` null: nobody asks a cluster, and the files stand alone. */
export async function policiesInForce(kind: PolicyKind, files: readonly string[], api: Api | null): Promise<InForce> {
  if (api === null && files.length === 0)
    throw new Failure(
      'name the policies with -f FILE, or ask a cluster for what is deployed (without --from, --flows, --cluster)',
    );
  const texts = await Promise.all(files.map(fileText));
  const number = `${files.length} file${files.length === 1 ? '' : 's'}`;
  if (api === null) return { text: together(texts), said: `${number} alone, without what is deployed` };
  if (kind.deployed.length === 0) {
    if (files.length > 0) return { text: together(texts), said: number };
    throw new Failure(
      `${kind.name} is in force by files on nodes, not by objects of the cluster; name it with -f FILE`,
    );
  }
  const deployed = await deployedObjects(kind, listing(api));
  const candidates = texts.flatMap((text, at) => manifestsIn(text, files[at] ?? '', kind, api.namespace));
  const all = applied(deployed, candidates);
  const others = all.length - candidates.length;
  const said = `${others} ${others === 1 ? 'policy' : 'policies'} of the cluster`;
  return { text: listText(all), said: files.length === 0 ? said : `${number}, as if applied beside ${said}` };
}

/** Documents of one stream; of JSON lines, lines. */
export function together(texts: readonly string[]): string {
  if (texts.length === 1 || texts.every(isJsonLines)) return texts.join('');
  return texts.map((text) => (text.startsWith('---') ? text : `---\n${text}`).replace(/\n*$/, '\n')).join('');
}

/** One JSON object a line, as `gen -o json` writes. */
function isJsonLines(text: string): boolean {
  const lines = linesOf(text);
  return text.endsWith('\n') && lines.length > 0 && lines.every((line) => /^\{.*\}\s*$/.test(line));
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** Namespaced objects without a namespace are of the context's, as kubectl applies them. */
function manifestsIn(text: string, file: string, kind: PolicyKind, namespace: string): Manifest[] {
  return objectsIn(text, file).flatMap((object) => {
    const { kind: word, items } = object as { kind?: unknown; items?: unknown };
    const all =
      typeof word === 'string' && word.endsWith('List') && Array.isArray(items) ? (items as unknown[]) : [object];
    return all.map((each) => {
      if (!isManifest(each)) throw new Failure(`${JSON.stringify(file)} holds what is no object of a cluster`);
      const known = kind.deployed.find((one) => one.apiVersion === each.apiVersion && one.kind === each.kind);
      return known?.namespaced === false ? each : { ...each, metadata: { namespace, ...each.metadata } };
    });
  });
}

/** Of documents of YAML, or of JSON lines. */
export function objectsIn(text: string, file: string): object[] {
  const texts = isJsonLines(text) ? linesOf(text) : [text];
  return texts.flatMap((each) =>
    [...parseAllDocuments(each)].flatMap((document) => {
      const [fault] = 'errors' in document ? document.errors : [];
      if (fault !== undefined)
        throw new Failure(`cannot read ${JSON.stringify(file)}: not YAML: ${fault.message.split('\n')[0]}`);
      const object = document.toJS() as unknown;
      return typeof object === 'object' && object !== null ? [object] : [];
    }),
  );
}
