/** Of which containers the rules speak: their pods' names, or, where Falco has no metadata of Kubernetes, their image. */
import type { Baseline } from '#baseline/baseline.ts';
import { literalName, quoted, spelled } from './names.ts';

export interface Scope {
  /** Ends the names of lists and macros; no other workload's has it. */
  readonly id: string;
  /** For people: `shop/checkout/app`. */
  readonly title: string;
  readonly condition: string;
  readonly notes: readonly string[];
}

export function scopeOf(baseline: Baseline): Scope {
  const { place, workload, container, instances } = baseline;
  const notes: string[] = [];
  const images = [...new Set(instances.flatMap(({ image }) => repositoryOf(image) ?? []))].toSorted();
  const same = (field: string, text: string): string => compared(field, '=', text);
  const byImage = images.map((image) => same('container.image.repository', image));
  if (place === null) {
    const clauses = byImage.length > 0 ? byImage : [same('container.name', container)];
    notes.push(
      byImage.length > 0
        ? 'not recorded in a cluster: the rules speak of every container of the image'
        : `not recorded in a cluster: the rules speak of containers that are called ${JSON.stringify(container)}`,
    );
    return { ...named(baseline), condition: clauses.join(' or '), notes };
  }
  const pods = [...new Set(instances.flatMap(({ pod }) => pod?.name ?? []))].toSorted();
  const own = podNames(place.kind, workload, pods);
  if (own.note !== null) notes.push(own.note);
  const known = [same('k8s.ns.name', place.namespace), same('container.name', container), own.condition].join(' and ');
  if (byImage.length === 0) {
    notes.push('the image is not known: where Falco has no metadata of Kubernetes, the rules tell of nothing');
    return { ...named(baseline), condition: known, notes };
  }
  notes.push(
    `where Falco has no metadata of Kubernetes, the rules speak of every container of ${images.map((each) => JSON.stringify(each)).join(', ')}`,
  );
  const image = byImage.length === 1 ? byImage[0] : `(${byImage.join(' or ')})`;
  return { ...named(baseline), condition: `(${known}) or (not k8s.pod.name exists and ${image})`, notes };
}

function compared(field: string, operator: string, text: string): string {
  const each = spelled(literalName(text));
  return each.type === 'value' ? `${field} ${operator} ${quoted(each.text)}` : `${field} glob ${quoted(each.text)}`;
}

/** How controllers call their pods. What would be another workload's has one part more. */
const forms: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['-*-?????', '-*-*-*'],
  CronJob: ['-*-?????', '-*-*-*'],
  DaemonSet: ['-?????', '-*-*'],
  Job: ['-?????', '-*-*'],
  ReplicaSet: ['-?????', '-*-*'],
  StatefulSet: ['-[0-9]*', '-*-*'],
};

function podNames(kind: string, workload: string, pods: readonly string[]): { condition: string; note: string | null } {
  const field = 'k8s.pod.name';
  const [own, others] = forms[kind] ?? [];
  const base = /^[a-z0-9.-]+$/.test(workload) ? workload : null;
  const like =
    (form: string) =>
    (name: string): boolean =>
      new RegExp(`^${form.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
  if (base !== null && own !== undefined && others !== undefined) {
    const fits = (name: string): boolean => like(base + own)(name) && !like(base + others)(name);
    if (pods.every(fits)) {
      const condition = `${field} glob "${base}${own}" and not ${field} glob "${base}${others}"`;
      return { condition, note: null };
    }
  }
  if (kind !== 'Pod' && base !== null && pods.every((name) => name.startsWith(`${base}-`))) {
    const note = `pods of ${kind} ${workload} are known by how their names begin: those of a workload whose name begins so, too, are taken for them`;
    return { condition: `${field} glob "${base}-*"`, note };
  }
  const each = (pods.length === 0 ? [workload] : pods).map((name) => compared(field, '=', name));
  const condition = each.length === 1 ? (each[0] ?? '') : `(${each.join(' or ')})`;
  return {
    condition,
    note: kind === 'Pod' ? null : `the rules speak of pods that were seen, by name: ${pods.join(', ')}`,
  };
}

/** Names of the cluster's objects become words; what is no such name is written as its bytes. Two never become one. */
function named({ place, workload, container }: Baseline): Pick<Scope, 'id' | 'title'> {
  const own = place === null ? (container === workload ? [workload] : [workload, container]) : [workload, container];
  const kind = place === null || place.kind === 'Deployment' ? [] : [place.kind];
  const parts = [...(place === null ? [] : [place.namespace]), ...kind, ...own];
  return {
    id: parts
      .map((part, at) => word(place !== null && kind.length > 0 && at === 1 ? part.toLowerCase() : part))
      .join('__'),
    title: parts.map(plainly).join('/'),
  };
}

function word(part: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) return part.replaceAll('-', '_');
  return `X${Array.from(new TextEncoder().encode(part), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** In outputs a percent sign begins a field. */
function plainly(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9._-]/g, '_');
}

function repositoryOf(image: string | undefined): string | null {
  if (image === undefined) return null;
  const name = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  if (name === '') return null;
  const [host = '', ...more] = name.split('/');
  if (more.length > 0 && (/[.:]/.test(host) || host === 'localhost')) return name;
  // How runtimes write what Docker Hub's short names stand for.
  return more.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}
