/** `kguardian gen pss fix`: manifests and patches that make pods compliant, each judged again before anybody sees it. */
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { json, list, text } from '#kubernetes/json.ts';
import { documents, type Part, parts } from '#posture/documents.ts';
import type { Edit } from '#posture/change.ts';
import { edited } from '#posture/edit.ts';
import { observations } from '#posture/pss/audit.ts';
import type { Observed } from '#posture/pss/behaviour.ts';
import { violationText } from '#posture/pss/evaluate.ts';
import { jsonPatch, strategicPatch } from '#posture/pss/fix/patch.ts';
import { hardenedPlan, type Plan, plan, recommended } from '#posture/pss/fix/plan.ts';
import type { Level, Version } from '#posture/pss/level.ts';
import { UnreadablePod } from '#posture/pss/pod.ts';
import { remedyText, sourceText } from '#posture/pss/report/finding.ts';
import { contents, type PodSource } from '#posture/workloads.ts';
import type { EvidenceFlags } from '../../evidence.ts';
import { Failure } from '../../failure.ts';
import { writeAtomically } from '../../output-files.ts';
import { count, tell } from '../../story.ts';
import { given, recorded } from './audit.ts';
import { type Found, manifestsIn } from './manifests.ts';
import { fileTexts, type FileText } from '../../file-texts.ts';
import { versionFlag } from './version-flag.ts';

export interface FixFlags extends EvidenceFlags {
  readonly filename?: readonly string[];
  readonly pssVersion: string;
  readonly level?: Level;
  readonly harden?: boolean;
  readonly output: 'manifest' | 'strategic' | 'json-patch' | 'kustomize';
  readonly outputDir?: string;
}

interface Fixed {
  readonly found: Found;
  readonly way: Plan;
}

/** Exit code 1 when something is not compliant even so, 2 when something could not be read. */
export async function fixPods(name: string | undefined, flags: FixFlags): Promise<void> {
  const version = versionFlag(flags.pssVersion);
  const files = flags.filename ?? [];
  if (flags.output === 'manifest' && files.length === 0)
    throw new Failure(
      'manifests are fixed in files (-f FILE); for what is in a cluster ask for -o strategic, json-patch or kustomize',
    );
  if (flags.output === 'manifest' && files.length > 1 && flags.outputDir === undefined)
    throw new Failure('several files are fixed into a folder: name it with --output-dir');
  const texts = await fileTexts(files);
  const { manifests, baselines } =
    files.length === 0 ? await given(flags) : { manifests: manifestsIn(texts), baselines: await recorded(flags) };
  for (const what of manifests.unknownKinds.keys()) tell(`left as it is, since it is not known to make pods: ${what}`);
  const observed = observations(baselines);
  let bad = manifests.unread.length;
  for (const { file, line, what } of manifests.unread)
    tell(`${file ?? 'cluster'}:${line ?? 1}: ${what}; it stays as it is`);
  const fixed: Fixed[] = [];
  const replicas: Found[] = [];
  for (const found of manifests.pods) {
    if (name !== undefined && found.source.name !== name.split('/').at(-1)) continue;
    if (found.replica === true) {
      replicas.push(found);
      continue;
    }
    const way = wayOf(found.source, flags, version, observed(found.source));
    if (way === null) bad += 1;
    else fixed.push({ found, way });
  }
  if (name !== undefined && fixed.length + bad === 0)
    throw new Failure(`nothing that makes pods is called ${JSON.stringify(name)}`);
  const written = flags.output === 'manifest' ? manifestTexts(texts, fixed) : patchTexts(fixed, flags);
  const twice = written.find(({ path }, at) => written.findIndex((each) => each.path === path) !== at);
  if (flags.outputDir !== undefined && twice !== undefined)
    throw new Failure(`two of them would be written to ${JSON.stringify(twice.path)}; ask for one at a time`);
  for (const { path, text } of written)
    if (flags.outputDir === undefined) process.stdout.write(text);
    else await writeAtomically(join(flags.outputDir, path), text);
  for (const each of fixed) told(each);
  tellReplicas(replicas, fixed);
  if (bad > 0) process.exitCode = 2;
  else if (fixed.some(({ way }) => way.left.length > 0)) process.exitCode = 1;
}

/** Null for what cannot be read, which is told. */
function wayOf(source: PodSource, flags: FixFlags, version: Version, observed: Observed): Plan | null {
  try {
    const way =
      flags.level === undefined
        ? recommended(source.pod, version, observed)
        : plan(source.pod, flags.level, version, observed);
    return flags.harden === true ? hardenedPlan(way, version, observed) : way;
  } catch (error) {
    if (!(error instanceof UnreadablePod)) throw error;
    tell(`${sourceText(source)}: ${error.message}; it stays as it is`);
    return null;
  }
}

interface Written {
  readonly path: string;
  readonly text: string;
}

/** Whole files: what nobody changes stays byte for byte. */
function manifestTexts(texts: readonly FileText[], fixed: readonly Fixed[]): Written[] {
  return texts.map(({ file, text }) => {
    const byPart = Map.groupBy(
      fixed.filter(({ found, way }) => found.file === file && way.changes.length > 0),
      ({ found }) => found.part?.line,
    );
    const all = parts(text).map((part) => {
      const here = byPart.get(part.line);
      return here === undefined ? part.text : changedPart(file, part, here);
    });
    return { path: file === '-' ? 'manifests.yaml' : basename(file), text: all.join('') };
  });
}

/** The text is read again: what it says must be what was judged. */
function changedPart(file: string, part: Part, fixed: readonly Fixed[]): string {
  const edits = fixed.flatMap(({ found, way }) =>
    way.changes.map(({ path, value }) => ({ path: [...found.source.path, ...path], value })),
  );
  const text = editedText(file, part, edits);
  const pods = documents(text).flatMap((read) =>
    read.type === 'object' ? contents(read.object).flatMap((each) => (each.type === 'pods' ? each.pods : [])) : [],
  );
  for (const { found, way } of fixed) {
    const again = pods.find(({ path }) => isDeepStrictEqual(path, found.source.path));
    if (!isDeepStrictEqual(again?.pod, way.pod)) throw notEditable(file, part);
  }
  return text;
}

function editedText(file: string, part: Part, edits: readonly Edit[]): string {
  try {
    return edited(part, edits);
  } catch (error) {
    throw notEditable(file, part, error);
  }
}

function notEditable(file: string, part: Part, cause?: unknown): Failure {
  const instead = 'ask for a patch with -o strategic or -o json-patch';
  return new Failure(`cannot change ${file}:${part.line} in its own text; ${instead}`, 2, cause);
}

function patchTexts(fixed: readonly Fixed[], { output, outputDir }: FixFlags): Written[] {
  const changed = fixed.filter(({ way }) => way.changes.length > 0);
  if (output === 'kustomize') {
    const patches = changed.map(({ found: { source }, way }) => ({
      target: targetOf(source),
      patch: stringify(jsonPatch(source, source.pod, way.pod), { lineWidth: 0 }),
    }));
    const text = stringify(
      { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', patches },
      { lineWidth: 0 },
    );
    return [{ path: 'kustomization.yaml', text }];
  }
  if (output === 'strategic')
    return changed.map(({ found: { source }, way }) => ({
      path: `${stem(source)}.patch.yaml`,
      text: `---\n${stringify(strategicPatch(source, source.pod, way.pod), { lineWidth: 0 })}`,
    }));
  if (changed.length > 1 && outputDir === undefined)
    throw new Failure('a JSON patch does not say whose it is: name one workload, or a folder with --output-dir');
  return changed.map(({ found: { source }, way }) => ({
    path: `${stem(source)}.patch.json`,
    text: `${JSON.stringify(jsonPatch(source, source.pod, way.pod), null, 2)}\n`,
  }));
}

function targetOf({ apiVersion, kind, name, namespace }: PodSource): object {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : [undefined, apiVersion];
  return {
    ...(group === undefined ? {} : { group }),
    version,
    kind,
    name,
    ...(namespace === null ? {} : { namespace }),
  };
}

/** Safe on every file system, whatever a manifest calls itself. */
function stem({ kind, namespace, name }: PodSource): string {
  return [kind, namespace ?? '', name]
    .filter((each) => each !== '')
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .slice(0, 200);
}

/** Replicas follow their template; what admission put into them no patch of the template takes away. */
function tellReplicas(replicas: readonly Found[], fixed: readonly Fixed[]): void {
  const others = replicas.filter(({ source }) => {
    const template = fixed.find(({ found }) => sourceText(found.source) === sourceText(source));
    return template === undefined || containerNames(template.found.source) !== containerNames(source);
  });
  if (others.length > 0)
    tell(
      `${count(others.length, 'running pod')} ${others.length === 1 ? 'differs' : 'differ'} from its template by more or other containers, which no patch of it changes`,
    );
}

function containerNames({ pod }: PodSource): string {
  const { containers } = json(json(pod)['spec']);
  return JSON.stringify(
    list(containers)
      .flatMap((each) => text(json(each)['name']) ?? [])
      .toSorted(),
  );
}

function told({ found: { source }, way }: Fixed): void {
  const { level, remedies, left, changes } = way;
  const result =
    left.length === 0
      ? changes.length === 0
        ? `is ${level} as it is`
        : `is ${level} with ${count(changes.length, 'change')}`
      : `is not ${level} even so: ${left.map(violationText).join(', ')}`;
  tell(`${sourceText(source)} ${result}`);
  for (const each of remedies) tell(`  ${remedyText(each)}`);
}
