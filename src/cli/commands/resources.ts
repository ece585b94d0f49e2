/** `kguardian gen resources`: requests and limits from measured usage, each with its reason. */
import { printable } from '#observation/text.ts';
import { advised } from '#posture/resources/advised.ts';
import { known, limitRangesIn, type Objects, objectsOf } from '#posture/resources/objects.ts';
import { type Options, optionsOf } from '#posture/resources/options.ts';
import { recommend } from '#posture/resources/recommend/recommend.ts';
import type { Measured } from '#posture/resources/sources/recordings.ts';
import type { Subject } from '#posture/resources/subject.ts';
import { consequences } from '#posture/resources/write/consequences.ts';
import { hpaChanges } from '#posture/resources/write/hpa.ts';
import { missingIn } from '#posture/resources/write/manifest.ts';
import { limitRangeNotes } from '#posture/resources/write/namespace.ts';
import { namedBy } from '../cluster/names.ts';
import { type OpenCluster, openCluster } from '../cluster/open.ts';
import { Failure } from '../failure.ts';
import { tell } from '../story.ts';
import { checkedName, objectsInCluster, objectsInFiles, type Wanted, wantedIn } from './resources-cluster.ts';
import { complain, printLine, seriesIn } from './resources-lines.ts';
import { type Source, sourceOf } from './resources-source.ts';
import {
  fromBroker,
  fromMetricsServer,
  fromPrometheus,
  fromRecordings,
  type SourceFlags,
} from './resources-measured.ts';
import { explain, type Form, lineOf, print } from './resources-print.ts';

export type ResourcesFlags = SourceFlags & {
  readonly series?: readonly string[];
  readonly metrics: readonly string[];
  readonly filename?: readonly string[];
  readonly output?: Form;
  readonly outputDir?: string;
} & Readonly<Record<string, unknown>>;

/** Exit code 1 when there is no figure at all, 2 when something could not be read. */
export async function genResources(given: string | undefined, flags: ResourcesFlags): Promise<void> {
  const options = chosen(flags);
  const { source, name } = await sourceOf(given, flags);
  const isBatch = flags.outputDir === undefined && flags.filename === undefined;
  if (source.type === 'series' && (flags.output ?? 'jsonl') === 'jsonl' && isBatch)
    return batch(source.files, name, options, flags);
  const cluster = openCluster(flags, 'a recording with --from FILE, or usage with --series FILE');
  try {
    const [measured, objects] = await found(source, name, flags, cluster);
    const subjects = measured
      .map((each) => subjectOf(each, objects, options, flags))
      .filter(({ advice }) => advice.length > 0);
    if (subjects.length === 0) throw new Failure(nothing(undefined, flags));
    await print(subjects, flags.output ?? (source.type === 'series' ? 'jsonl' : 'table'), flags.outputDir);
    for (const subject of subjects) told(subject, objects, flags);
    if (subjects.every(({ advice }) => advice.every(isSilent))) process.exitCode ??= 1;
  } finally {
    cluster.close();
  }
}

function isSilent({ cpu, memory }: Subject['advice'][number]): boolean {
  return [cpu.request, cpu.limit, memory.request, memory.limit].every(({ state }) => state === 'no-opinion');
}

function nothing(name: string | undefined, { container }: ResourcesFlags): string {
  const of = name === undefined ? '' : ` with the id ${JSON.stringify(name)}`;
  return `there is no series${of}${container === undefined ? '' : ` of a container ${JSON.stringify(container)}`} to advise on`;
}

function chosen(flags: ResourcesFlags): Options {
  // commander hands on texts, and defaults are texts.
  const { options, fault } = optionsOf(flags as unknown as Readonly<Record<string, string>>);
  if (fault !== null) throw new Failure(fault);
  return options;
}

/** Line after line: memory does not grow with the file. */
async function batch(
  files: readonly string[],
  name: string | undefined,
  options: Options,
  flags: ResourcesFlags,
): Promise<void> {
  const { container } = flags;
  let [done, silent] = [0, 0];
  for (const file of files)
    for await (const { where, id, value, fault } of seriesIn(file)) {
      if (value === null) {
        await printLine({ id, error: fault });
        continue;
      }
      if (name !== undefined && value.id !== name) continue;
      const wanted = value.containers.filter((each) => container === undefined || each.name === container);
      if (wanted.length === 0) continue;
      const advice = wanted.map((usage) => recommend(usage, options));
      done += 1;
      if (advice.every(isSilent)) silent += 1;
      for (const each of advice) if (each.fault !== null) complain(where, `${each.name}: ${each.fault}`);
      await printLine(lineOf({ id: value.id, advice }));
    }
  if (done === 0) throw new Failure(nothing(name, flags));
  if (silent === done) process.exitCode ??= 1;
}

async function found(
  source: Source,
  name: string | undefined,
  flags: ResourcesFlags,
  cluster: OpenCluster,
): Promise<readonly [readonly Measured[], Objects]> {
  const files = flags.filename === undefined ? null : await objectsInFiles(flags.filename);
  if (source.type === 'series') return [await seriesMeasured(source.files, name, flags), objectsOf(files ?? [])];
  if (source.type === 'recordings')
    return [await fromRecordings(name, { ...flags, from: source.files }), objectsOf(files ?? [])];
  const prometheus = source.type === 'prometheus' ? await fromPrometheus(source.url, flags) : null;
  const objects = files ?? (await clusterObjects(cluster, flags, source.type !== 'metrics-server'));
  if (source.type === 'agent') return [await fromBroker(name, flags), objectsOf(objects)];
  const wanted = wantedOf(name, flags, cluster, objects);
  const measured = await (prometheus?.(wanted) ?? fromMetricsServer(cluster.api(), wanted));
  return [measured, objectsOf(objects)];
}

/** Prometheus or the broker alone know usage: then what is requested now stays unknown. */
async function clusterObjects(cluster: OpenCluster, flags: ResourcesFlags, dispensable: boolean): Promise<unknown[]> {
  try {
    const api = cluster.api();
    return await objectsInCluster(api, flags.allNamespaces === true ? null : api.namespace);
  } catch (error) {
    if (!dispensable || !(error instanceof Failure)) throw error;
    tell(`what is requested now is not known: ${error.message}`);
    return [];
  }
}

function wantedOf(
  name: string | undefined,
  flags: ResourcesFlags,
  cluster: OpenCluster,
  objects: readonly unknown[],
): readonly Wanted[] {
  const isAll = flags.allNamespaces === true && flags.namespace === undefined;
  const namespace = isAll ? null : (flags.namespace ?? cluster.api().namespace);
  if (name !== undefined) {
    if (namespace === null) throw new Failure('a NAME is of one namespace; give -n NAMESPACE, or -A without a name');
    const { kind, name: called } = namedBy(name);
    const own = known(objectsOf(objects), { namespace, kind, name: called });
    return [{ namespace: checkedName(namespace), kind: own.kind, name: checkedName(called) }];
  }
  if (flags.all !== true && flags.allNamespaces !== true)
    throw new Failure('name a workload (deploy/web), or say which: --all, -A');
  const all = wantedIn(objects, namespace);
  if (all.length === 0)
    throw new Failure('there are no workloads; their objects come from the cluster, or from -f FILES');
  return all;
}

async function seriesMeasured(
  files: readonly string[],
  name: string | undefined,
  flags: ResourcesFlags,
): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const file of files)
    for await (const { value } of seriesIn(file))
      if (value !== null && (name === undefined || value.id === name)) found.push(measuredOf(value));
  if (found.length === 0) throw new Failure(nothing(name, flags));
  return found;
}

/** An id of the form namespace/Kind/name says whose it is. */
function measuredOf({
  id,
  containers,
}: {
  readonly id: string;
  readonly containers: Measured['containers'];
}): Measured {
  const [, namespace, kind, name] = /^([^/]+)\/([A-Z][A-Za-z]*)\/([^/]+)$/.exec(id) ?? [];
  const workload =
    namespace === undefined || kind === undefined || name === undefined ? null : { namespace, kind, name };
  return { id, workload, name: name ?? id, containers };
}

function subjectOf(measured: Measured, objects: Objects, options: Options, { container }: ResourcesFlags): Subject {
  const subject = advised(measured, objects, options, (name) => container === undefined || name === container);
  for (const { name: of, fault } of subject.advice) if (fault !== null) complain(subject.id, `${of}: ${fault}`);
  return subject;
}

function told(subject: Subject, objects: Objects, { filename }: ResourcesFlags): void {
  for (const each of subject.advice) explain(subject.id, each);
  const unknown = filename !== undefined && subject.source === null;
  const missing = missingIn(subject).map(({ name }) => name);
  const notes = [
    ...(unknown ? ['no manifest (or more than one) is of it: what is requested now is not known'] : []),
    ...(missing.length === 0
      ? []
      : [
          `${missing.join(', ')}: measured, but not in its object (renamed, or put in by a webhook), so that no patch has it`,
        ]),
    ...consequences(subject),
    ...hpaChanges(subject).flatMap((each) => each.notes),
    ...limitRangeNotes(subject, limitRangesIn(objects, subject.namespace)),
  ];
  for (const note of notes) tell(`  note: ${printable(note)}`);
}
