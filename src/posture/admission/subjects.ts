/** Objects by what a user deployed: a Deployment stands for its ReplicaSets and pods. */
import { json, labels, list, text, time } from '#kubernetes/json.ts';
import { controllerOf, type Owner, workloadOf } from '#kubernetes/owner.ts';
import { contents } from '../workloads.ts';
import type { Subject } from './rule/rule.ts';

export type Manifest = Readonly<Record<string, unknown>>;

export interface Existing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: Manifest;
  /** The controller that made it, among Kubernetes' own. */
  readonly owner: Owner | null;
  /** The kind of another controller. */
  readonly madeBy: string | null;
}

export interface Group {
  readonly subject: Subject;
  readonly objects: readonly Existing[];
}

const clusterKinds = new Set(['Namespace']);
const controllers = new Set('Deployment ReplicaSet StatefulSet DaemonSet Job CronJob ReplicationController'.split(' '));

/** Null for what has no kind or name; `backup-*` is what is called by `generateName`. Objects that name no namespace are of `namespace`. */
export function existing(object: unknown, namespace: string): Existing | null {
  const { apiVersion, kind, metadata } = json(object);
  const { name, generateName, namespace: own, ownerReferences } = json(metadata);
  const called = text(name) ?? (text(generateName) === null ? null : `${text(generateName)}*`);
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || called === null) return null;
  const owner = controllerOf(ownerReferences);
  const where = clusterKinds.has(kind) ? '' : (text(own) ?? namespace);
  return {
    apiVersion,
    kind,
    namespace: where,
    name: called,
    // As it would stand in the cluster.
    object:
      where === '' || own === where
        ? json(object)
        : { ...json(object), metadata: { ...json(metadata), namespace: where } },
    owner: owner !== null && controllers.has(owner.kind) ? owner : null,
    madeBy: owner === null || controllers.has(owner.kind) ? null : owner.kind,
  };
}

/** By subject, in the order of names. */
export function groups(objects: readonly Existing[]): Group[] {
  const owners = new Map<string, Owner | null>();
  for (const { object, owner } of objects) {
    const uid = text(json(object['metadata'])['uid']);
    if (uid !== null) owners.set(uid, owner);
  }
  const found = new Map<string, { subject: Subject; objects: Existing[] }>();
  const claims = claimsOf(objects);
  for (const each of objects) {
    const subject = claims(each) ?? subjectOf(each, owners);
    const key = JSON.stringify([subject.kind, subject.namespace, subject.name]);
    const group = found.get(key) ?? { subject, objects: [] };
    group.objects.push(each);
    found.set(key, group);
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function subjectOf(
  { kind, namespace, name, object, owner, madeBy }: Existing,
  owners: ReadonlyMap<string, Owner | null>,
): Subject {
  if (owner === null) return { kind, namespace, name, ...(madeBy === null ? {} : { madeBy }) };
  const { labels: own, creationTimestamp } = json(object['metadata']);
  const pod = { namespace, name, owner, labels: labels(own), node: null, created: time(creationTimestamp) ?? 0 };
  const { kind: top, name: topName } = workloadOf(pod, (uid) => owners.get(uid));
  return { kind: top, namespace, name: topName };
}

/** Whose claims are those that a StatefulSet's controller makes of its templates: `data-db-0`. They name no owner. */
function claimsOf(objects: readonly Existing[]): (claim: Existing) => Subject | null {
  const sets = new Map<string, Subject>();
  for (const { kind, namespace, name, object } of objects)
    if (kind === 'StatefulSet')
      for (const each of list(json(object['spec'])['volumeClaimTemplates']))
        sets.set(JSON.stringify([namespace, `${text(json(json(each)['metadata'])['name'])}-${name}`]), {
          kind,
          namespace,
          name,
        });
  return ({ kind, namespace, name }) =>
    kind === 'PersistentVolumeClaim' && /-\d+$/.test(name)
      ? (sets.get(JSON.stringify([namespace, name.replace(/-\d+$/, '')])) ?? null)
      : null;
}

interface Placed {
  readonly pod: Manifest;
  readonly path: readonly (string | number)[];
}
const known = new WeakMap<Manifest, Placed | null>();

/** The pod or template of an object, with its place; null where it has none. Each pattern asks: the answer is kept. */
export function podOf(object: Manifest): Placed | null {
  const before = known.get(object);
  if (before !== undefined) return before;
  const [first] = contents(object);
  const source = first?.type === 'pods' && !first.guessed ? first.pods[0] : undefined;
  const found = source === undefined ? null : { pod: json(source.pod), path: source.path };
  known.set(object, found);
  return found;
}
