/** Labels and annotations that everything has: of workloads, pods, services, namespaces (whose owner they name). */
import { json, labels } from '#kubernetes/json.ts';
import { objectName } from '#kubernetes/names.ts';
import { type Candidate, type Pattern, shown, within } from '../candidate.ts';
import { type Cel, cel } from '../rule/cel.ts';
import { inPods, targets, type Target } from '../rule/rule.ts';
import { type Manifest, podOf } from '../subjects.ts';
import { mapIn, ofPods } from './pods.ts';

/** Written by controllers and tools, not by people. */
const automatic =
  /^(pod-template-hash|controller-uid|job-name|controller-revision-hash|pod-template-generation|kubernetes\.io\/metadata\.name|statefulset\.kubernetes\.io\/.*|apps\.kubernetes\.io\/.*|batch\.kubernetes\.io\/.*|kubectl\.kubernetes\.io\/.*|deployment\.kubernetes\.io\/.*|pod-security\.kubernetes\.io\/.*)$/;

interface Place {
  readonly id: string;
  readonly what: string;
  readonly targets: readonly Target[];
  readonly field: 'labels' | 'annotations';
}
const places: readonly Place[] = [
  { id: 'workload-label', what: 'a workload', targets: targets.deployed, field: 'labels' },
  { id: 'service-label', what: 'a service', targets: targets.services, field: 'labels' },
  { id: 'namespace-label', what: 'a namespace', targets: targets.namespaces, field: 'labels' },
  { id: 'namespace-annotation', what: 'a namespace', targets: targets.namespaces, field: 'annotations' },
];

/** Half of the objects at least: what fewer have, nobody thinks to be required. */
function keysOf(all: readonly Manifest[], read: (object: Manifest) => Readonly<Record<string, string>>): string[] {
  const uses = new Map<string, number>();
  for (const object of all)
    for (const key of Object.keys(read(object))) if (!automatic.test(key)) uses.set(key, (uses.get(key) ?? 0) + 1);
  return [...uses].flatMap(([key, number]) => (number * 2 >= all.length ? [key] : [])).toSorted();
}

export const objectLabels: readonly Pattern[] = places.map(({ id, what, targets: own, field }) => (groups) => {
  const read = (object: Manifest): Readonly<Record<string, string>> => labels(json(object['metadata'])[field]);
  const objects = within(groups, own).flatMap((each) => each.objects.map(({ object }) => object));
  return keysOf(objects, read).map(
    (key): Candidate => ({
      id: `${id}-${wordOf(key)}`,
      targets: own,
      holds: isPresent(cel`object.metadata.?${{ cel: field }}`, key),
      message: `${what} must have the ${field === 'labels' ? 'label' : 'annotation'} ${shown([key])}`,
      reads: [{ path: ['metadata', field] }],
      widening: 'any value of it',
      passes: (object) => (read(object)[key] ?? '') !== '',
      spoil: (object) => delete mapIn(mapIn(object, 'metadata'), field)[key],
    }),
  );
});

const podLabelsOf = (object: Manifest): Readonly<Record<string, string>> =>
  labels(json(podOf(object)?.pod['metadata'])['labels']);

export const podLabels: Pattern = (groups) => {
  const objects = within(groups, targets.workloads).flatMap((each) => each.objects.map(({ object }) => object));
  return keysOf(objects, podLabelsOf).map((key) => {
    const candidate = ofPods({
      id: `pod-label-${wordOf(key)}`,
      holds: isPresent(cel`variables.pod.?metadata.?labels`, key),
      message: `each pod must have the label ${shown([key])}`,
      widening: 'any value of it',
      passes: (_, object) => (podLabelsOf(object)[key] ?? '') !== '',
      spoil: () => undefined,
    });
    return {
      ...candidate,
      reads: inPods('metadata', 'labels'),
      spoil: (object): void => {
        const pod = (podOf(object)?.path ?? []).reduce((at, part) => mapIn(at, String(part)), object);
        delete mapIn(mapIn(pod, 'metadata'), 'labels')[key];
      },
    } satisfies Candidate;
  });
};

/** A label without a value names nothing. */
function isPresent(map: Cel, key: string): Cel {
  return cel`${map}[?${key}].orValue("") != ""`;
}

function wordOf(key: string): string {
  return objectName(key).replaceAll('.', '-').slice(0, 30).replace(/-+$/, '');
}

export const defaultNamespace: Pattern = () => [
  {
    id: 'own-namespace',
    targets: targets.deployed,
    holds: cel`object.metadata.?namespace.orValue("default") != "default"`,
    message: 'workloads must have a namespace other than default',
    reads: [{ path: ['metadata', 'namespace'] }],
    widening: null,
    passes: (object) => (json(object['metadata'])['namespace'] ?? 'default') !== 'default',
    spoil: (object) => (mapIn(object, 'metadata')['namespace'] = 'default'),
  },
];
