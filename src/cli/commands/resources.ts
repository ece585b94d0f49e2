/** `kguardian gen resources`: requests and limits from measured usage, each with its reason. */
import { open } from 'node:fs/promises';
import { printable } from '#observation/text.ts';
import { advised } from '#posture/resources/advised.ts';
import { known, limitRangesIn, type Objects, objectsOf } from '#posture/resources/objects.ts';
import { type Options, optionsOf } from '#posture/resources/options.ts';
import { recommend } from '#posture/resources/recommend/recommend.ts';
import type { Measured } from '#posture/resources/sources/recordings.ts';
import type { Subject } from '#posture/resources/subject.ts';
import { consequences } from '#posture/resources/write/consequences.ts';
import { hpaChanges } from '#posture/resources/write/hpa.ts';
import { limitRangeNotes } from '#posture/resources/write/namespace.ts';
import { namedBy } from '../cluster/names.ts';
import { type OpenCluster, openCluster } from '../cluster/open.ts';
import { Failure } from '../failure.ts';
import { tell } from '../story.ts';
import { checkedName, objectsInCluster, objectsInFiles, type Wanted, wantedIn } from './resources-cluster.ts';
import { complain, printLine, seriesIn } from './resources-lines.ts';
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
  if (source.type === 'series' && (flags.output ?? 'jsonl') === 'jsonl' && flags.outputDir === undefined)
    return batch(source.files, name, options, flags);
  const cluster = openCluster(flags);
  try {
    const [measured, objects] = await found(source, name, flags, cluster);
    const subjects = measured.map((each) => subjectOf(each, objects, options, flags));
    await print(subjects, flags.output ?? (source.type === 'series' ? 'jsonl' : 'table'), flags.outputDir);
    for (const subject of subjects) told(subject, objects);
    if (subjects.every(({ advice }) => advice.every(isSilent))) process.exitCode ??= 1;
  } finally {
    cluster.close();
  }
}

function isSilent({ cpu, memory }: Subject['advice'][number]): boolean {
  return [cpu.request, cpu.limit, memory.request, memory.limit].every(({ state }) => state === 'no-opinion');
}

function chosen(flags: ResourcesFlags): Options {
  // commander hands on texts, and defaults are texts.
  const { options, fault } = optionsOf(flags as unknown as Readonly<Record<string, string>>);
  if (fault !== null) throw new Failure(fault);
  return options;
}

type Source =
  | { readonly type: 'series'; readonly files: readonly string[] }
  | { readonly type: 'recordings'; readonly files: readonly string[] }
  | { readonly type: 'agent' }
  | { readonly type: 'metrics-server' }
  | { readonly type: 'prometheus'; readonly url: string };

interface Chosen {
  readonly source: Source;
  readonly name: string | undefined;
}

/** `--metrics prometheus URL` takes two words; one behind them, where a name was left out before, is the name. */
async function sourceOf(given: string | undefined, flags: ResourcesFlags): Promise<Chosen> {
  if (flags.series !== undefined) return { source: { type: 'series', files: flags.series }, name: given };
  if (flags.from !== undefined) return { source: { type: 'recordings', files: flags.from }, name: given };
  const [first = 'agent', ...rest] = flags.metrics;
  const words = first === 'prometheus' ? rest.slice(1) : rest;
  const [behind, ...tooMany] = words;
  if (tooMany.length > 0 || (behind !== undefined && given !== undefined))
    throw new Failure('--metrics takes one source, and one name may stand behind it');
  const name = given ?? behind;
  if (first === 'agent' || first === 'metrics-server') return { source: { type: first }, name };
  const url = first === 'prometheus' ? rest[0] : first;
  if (url === undefined) throw new Failure('--metrics prometheus takes its URL behind it, http://prometheus:9090');
  if (/^https?:\/\//.test(url)) return { source: { type: 'prometheus', url }, name };
  if (first === 'prometheus') throw new Failure('--metrics prometheus takes an http or https URL behind it');
  return { source: { type: (await isRecording(first)) ? 'recordings' : 'series', files: [first] }, name };
}

/** Line after line: memory does not grow with the file. */
async function batch(
  files: readonly string[],
  name: string | undefined,
  options: Options,
  { container }: ResourcesFlags,
): Promise<void> {
  let done = 0;
  for (const file of files)
    for await (const { where, id, value, fault } of seriesIn(file)) {
      if (value === null) {
        await printLine({ id, error: fault });
        continue;
      }
      if (name !== undefined && value.id !== name) continue;
      done += 1;
      const wanted = value.containers.filter((each) => container === undefined || each.name === container);
      const advice = wanted.map((usage) => recommend(usage, options));
      for (const each of advice) if (each.fault !== null) complain(where, `${each.name}: ${each.fault}`);
      await printLine(lineOf({ id: value.id, advice }));
    }
  if (done === 0) throw new Failure('there is no series to advise on');
}

async function found(
  source: Source,
  name: string | undefined,
  flags: ResourcesFlags,
  cluster: OpenCluster,
): Promise<readonly [readonly Measured[], Objects]> {
  const files = flags.filename === undefined ? null : await objectsInFiles(flags.filename);
  if (source.type === 'series') return [await seriesMeasured(source.files, name), objectsOf(files ?? [])];
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
  const namespace = flags.namespace ?? (flags.allNamespaces === true ? '' : cluster.api().namespace);
  if (flags.selector !== undefined)
    throw new Failure('-l is for what our agents sampled (--metrics agent); name the workload');
  if (name !== undefined) {
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

async function seriesMeasured(files: readonly string[], name: string | undefined): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const file of files)
    for await (const { value } of seriesIn(file))
      if (value !== null && (name === undefined || value.id === name)) found.push(measuredOf(value));
  if (found.length === 0) throw new Failure('there is no series to advise on');
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

async function isRecording(file: string): Promise<boolean> {
  if (file === '-') return false;
  try {
    const handle = await open(file);
    try {
      const head = Buffer.alloc(4096);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      const packed = head.readUInt32LE() === 0xfd2fb528 || head.readUInt16BE() === 0x1f8b;
      return packed || /^\{[^\n]*"type":"recording"/.test(head.toString('utf8', 0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch {
    // Whoever reads it says what is wrong.
    return false;
  }
}

function subjectOf(measured: Measured, objects: Objects, options: Options, { container }: ResourcesFlags): Subject {
  const subject = advised(measured, objects, options, (name) => container === undefined || name === container);
  for (const { name: of, fault } of subject.advice) if (fault !== null) complain(subject.id, `${of}: ${fault}`);
  return subject;
}

function told(subject: Subject, objects: Objects): void {
  for (const each of subject.advice) explain(subject.id, each);
  const notes = [
    ...consequences(subject),
    ...hpaChanges(subject).flatMap((each) => each.notes),
    ...limitRangeNotes(subject, limitRangesIn(objects, subject.namespace)),
  ];
  for (const note of notes) tell(`  note: ${printable(note)}`);
}
