/** Advice as YAML that can be applied, each figure with its reason above it. */
import { commented, type YamlMap, type YamlValue, yamlDocument } from '#kubernetes/yaml-text.ts';
import { roundedSureness } from '../recommend/sureness.ts';
import type { ContainerAdvice, Figure } from '../recommend/advice.ts';
import { containersOf, type Subject } from '../subject.ts';
import { requirements, resourceNames } from './requirements.ts';

/**
 * A strategic merge patch of the workload where its kind is known, else the pod's part of it alone. Containers that its object
 * does not have are left out: a patch would add them.
 */
export function manifest(subject: Subject): string {
  const known = new Map(containersOf(subject.source?.pod).map((each) => [each.name, each]));
  const otherwise = subject.source === null ? 'containers' : null;
  const written = (field: 'containers' | 'initContainers'): YamlValue[] =>
    subject.advice
      .filter(({ name }) => (known.get(name)?.path[1] ?? otherwise) === field)
      .map((each) => {
        const resources = requirements(each, known.get(each.name)?.current ?? null);
        return commented(reasons(each), { name: each.name, resources });
      });
  const init = written('initContainers');
  const spec = { initContainers: init.length === 0 ? undefined : init, containers: written('containers') };
  const head = [`${subject.id}: requests and limits from measured usage`];
  return yamlDocument(head, wrapped(subject, { spec }));
}

/** Whose usage was measured, and whom the workload's object does not name: renamed since, or put in by a webhook. */
export function missingIn({ source, advice }: Subject): readonly ContainerAdvice[] {
  if (source === null) return [];
  const known = new Set(containersOf(source.pod).map(({ name }) => name));
  return advice.filter(({ name }) => !known.has(name));
}

const templates = new Map<string | null, readonly [apiVersion: string, ...path: string[]]>([
  ['Deployment', ['apps/v1', 'spec', 'template']],
  ['StatefulSet', ['apps/v1', 'spec', 'template']],
  ['DaemonSet', ['apps/v1', 'spec', 'template']],
  ['ReplicaSet', ['apps/v1', 'spec', 'template']],
  ['ReplicationController', ['v1', 'spec', 'template']],
  ['Job', ['batch/v1', 'spec', 'template']],
  ['CronJob', ['batch/v1', 'spec', 'jobTemplate', 'spec', 'template']],
  ['Pod', ['v1']],
]);

export function apiVersionOf({ source, kind }: Pick<Subject, 'source' | 'kind'>): string | null {
  return source?.apiVersion ?? templates.get(kind)?.[0] ?? null;
}

function wrapped({ namespace, kind, name }: Subject, pod: YamlMap): YamlMap {
  const known = templates.get(kind);
  if (known === undefined || kind === null) return pod;
  const [apiVersion, ...path] = known;
  const body = path.reduceRight<YamlMap>((inner, key) => ({ [key]: inner }), pod);
  return { apiVersion, kind, metadata: { name, ...(namespace === null ? {} : { namespace }) }, ...body };
}

function reasons(advice: ContainerAdvice): string[] {
  return [
    `confidence ${roundedSureness(advice.confidence)}`,
    ...resourceNames.flatMap((resource) =>
      (['request', 'limit'] as const).map((which) => `${resource} ${which}: ${figureText(advice[resource][which])}`),
    ),
    ...advice.findings.map(({ text }) => `note: ${text}`),
  ];
}

export function figureText(figure: Figure): string {
  const state = { number: '', unset: 'unset: ', 'no-opinion': 'no opinion: ' }[figure.state];
  return `${state}${figure.because}`;
}
