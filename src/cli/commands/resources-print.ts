/** Advice in the form that was asked for. Standard output is the artifact; what it rests on is told beside it. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { objectName } from '#kubernetes/names.ts';
import { printable } from '#observation/text.ts';
import { jsonPatch, strategicPatch } from '#posture/pss/fix/patch.ts';
import { adviceObject, type ContainerAdvice, type Figure } from '#posture/resources/recommend/advice.ts';
import { containersOf, type Subject } from '#posture/resources/subject.ts';
import { hpaChanges, suggestedHpa } from '#posture/resources/write/hpa.ts';
import { figureText, manifest } from '#posture/resources/write/manifest.ts';
import { namespaceObjects } from '#posture/resources/write/namespace.ts';
import { advisedPod, quantityOf, type ResourceName } from '#posture/resources/write/requirements.ts';
import { vpa } from '#posture/resources/write/vpa.ts';
import { Failure } from '../failure.ts';
import { writeAtomically } from '../output-files.ts';
import { columns, tell } from '../story.ts';

export type Form =
  | 'table'
  | 'yaml'
  | 'json'
  | 'jsonl'
  | 'patch'
  | 'json-patch'
  | 'kustomize'
  | 'vpa'
  | 'hpa'
  | 'namespace';

interface Written {
  readonly path: string;
  readonly text: string;
}

export async function print(subjects: readonly Subject[], form: Form, outputDir: string | undefined): Promise<void> {
  const all = written(subjects, form, outputDir !== undefined);
  const twice = all.find(({ path }, at) => all.findIndex((each) => each.path === path) !== at);
  if (outputDir !== undefined && twice !== undefined)
    throw new Failure(`two of them would be written to ${JSON.stringify(twice.path)}; ask for one at a time`);
  for (const { path, text } of all)
    if (outputDir === undefined) process.stdout.write(text);
    else await writeAtomically(join(outputDir, path), text);
}

function written(subjects: readonly Subject[], form: Form, files: boolean): Written[] {
  const named = (end: string, text: (subject: Subject) => string | null): Written[] =>
    subjects.flatMap((subject) => {
      const made = text(subject);
      return made === null ? [] : [{ path: `${objectName(subject.id)}-${end}`, text: made }];
    });
  switch (form) {
    case 'table':
      return [{ path: 'resources.txt', text: table(subjects) }];
    case 'json':
      return [{ path: 'resources.json', text: `${JSON.stringify(subjects.map(lineOf), null, 2)}\n` }];
    case 'jsonl':
      return [{ path: 'resources.jsonl', text: subjects.map((each) => `${JSON.stringify(lineOf(each))}\n`).join('') }];
    case 'yaml':
      return named('resources.yaml', manifest);
    case 'patch':
      return named('resources.patch.yaml', (subject) =>
        patched(subject, (source, pod) => document(strategicPatch(source, source.pod, pod))),
      );
    case 'json-patch':
      if (subjects.length > 1 && !files)
        throw new Failure('a JSON patch does not say whose it is: name one workload, or a folder with --output-dir');
      return named('resources.patch.json', (subject) =>
        patched(subject, (source, pod) => `${JSON.stringify(jsonPatch(source, source.pod, pod), null, 2)}\n`),
      );
    case 'kustomize':
      return [{ path: 'kustomization.yaml', text: kustomization(subjects) }];
    case 'vpa':
      return named('vpa.yaml', (subject) => {
        const made = vpa(subject);
        if (made === null) say(subject.id, `no VPA, since the kind of the workload is not known`);
        for (const note of made?.notes ?? []) say(subject.id, note);
        return made === null ? null : document(made.object);
      });
    case 'hpa':
      return named('hpa.yaml', hpa);
    case 'namespace':
      return namespaces(subjects);
  }
}

/** One line of `-o jsonl`. */
export function lineOf({ id, advice }: Pick<Subject, 'id' | 'advice'>): object {
  return { id, containers: Object.fromEntries(advice.map((each) => [each.name, adviceObject(each)])) };
}

function table(subjects: readonly Subject[]): string {
  const heads = ['WORKLOAD', 'CONTAINER', 'CPU REQUEST', 'CPU LIMIT', 'MEMORY REQUEST', 'MEMORY LIMIT', 'CONFIDENCE'];
  const rows = subjects.flatMap(({ id, advice, source }) => {
    const now = new Map(containersOf(source?.pod).map(({ name, current }) => [name, current]));
    return advice.map((each) => {
      const cell = (resource: ResourceName, which: 'request' | 'limit'): string => {
        const next = figureCell(resource, each[resource][which]);
        const current = now.get(each.name)?.[resource][which];
        if (current === undefined) return next;
        return `${current === null ? 'unset' : quantityOf(resource, current)} → ${next}`;
      };
      const figures = [
        cell('cpu', 'request'),
        cell('cpu', 'limit'),
        cell('memory', 'request'),
        cell('memory', 'limit'),
      ];
      return [id, each.name, ...figures, each.confidence.toFixed(2)];
    });
  });
  return `${columns(heads, rows)}\n`;
}

function figureCell(resource: ResourceName, figure: Figure): string {
  return (
    { number: '', unset: 'unset', 'no-opinion': '?' }[figure.state] ||
    quantityOf(resource, figure.state === 'number' ? figure.value : 0)
  );
}

type Source = NonNullable<Subject['source']>;

function patched(subject: Subject, write: (source: Source, pod: unknown) => string): string | null {
  const { source, advice, id } = subject;
  if (source === null)
    throw new Failure(`a patch needs the object of ${id}: name its manifest with -f, or ask for -o yaml`);
  const pod = advisedPod(source.pod, advice);
  if (pod === source.pod) {
    say(id, 'nothing to change');
    return null;
  }
  return write(source, pod);
}

function kustomization(subjects: readonly Subject[]): string {
  const patches = subjects.flatMap((subject) => {
    const patch = patched(subject, (source, pod) => stringify(jsonPatch(source, source.pod, pod), { lineWidth: 0 }));
    if (patch === null || subject.source === null) return [];
    const { apiVersion, kind, name, namespace } = subject.source;
    const [version, group] = apiVersion.split('/').toReversed();
    const target = {
      ...(group === undefined ? {} : { group }),
      version,
      kind,
      name,
      ...(namespace === null ? {} : { namespace }),
    };
    return [{ target, patch }];
  });
  return stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', patches }, { lineWidth: 0 });
}

function hpa(subject: Subject): string | null {
  const changes = hpaChanges(subject);
  const suggested = changes.length > 0 ? null : suggestedHpa(subject);
  const all = suggested === null ? changes : [suggested];
  if (all.length === 0)
    say(
      subject.id,
      `no HorizontalPodAutoscaler scales it, and nothing that was seen speaks for one (or its object is not known)`,
    );
  if (suggested !== null) for (const note of suggested.notes) say(subject.id, note);
  return all.length === 0 ? null : all.map(({ object }) => document(object)).join('');
}

function namespaces(subjects: readonly Subject[]): Written[] {
  const byNamespace = Map.groupBy(subjects, ({ namespace }) => namespace);
  return [...byNamespace].flatMap(([namespace, own]) => {
    const made = namespace === null ? null : namespaceObjects(namespace, own);
    if (made === null) {
      say(namespace ?? 'no namespace', `no quota and no LimitRange, since nothing has figures`);
      return [];
    }
    for (const note of made.notes) say(namespace ?? '', note);
    return [{ path: `${namespace}-limits.yaml`, text: made.objects.map(document).join('') }];
  });
}

function document(object: object): string {
  return `---\n${stringify(object, { lineWidth: 0, version: '1.1' })}`;
}

/** Names come from workloads: they do not reach a terminal as they are. */
function say(whose: string, what: string): void {
  tell(printable(`${whose}: ${what}`));
}

/** What is behind the figures. */
export function explain(id: string, advice: ContainerAdvice): void {
  const { name, cpu, memory, findings } = advice;
  tell(`${printable(id)} ${printable(name)}, confidence ${advice.confidence.toFixed(2)}`);
  for (const [what, figure] of [
    ['cpu request', cpu.request],
    ['cpu limit', cpu.limit],
    ['memory request', memory.request],
    ['memory limit', memory.limit],
  ] as const)
    tell(`  ${what}: ${printable(figureText(figure))}`);
  for (const { text } of findings) tell(`  note: ${printable(text)}`);
}
