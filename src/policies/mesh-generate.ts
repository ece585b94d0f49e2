/**
 * Baselines of a cluster → a mesh's policies, one file for each workload that was watched and called. What each mesh writes
 * is its own; which workloads get a policy, and what a reader must know of them and of the others, is the same for all.
 */
import { type Server, servers } from '#baseline/arrivals.ts';
import { type Callers, callersOf } from '#baseline/callers.ts';
import { clientsIn, type Identities } from '#baseline/clients.ts';
import { doubtsAbout, gapsOf } from '#baseline/doubts.ts';
import { windowLine } from '#baseline/evidence.ts';
import { leftOutOf, type UnsaidAt } from '#baseline/left-out.ts';
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import { type MeshSigns, meshMembers } from '#kubernetes/mesh-members.ts';
import { objectName } from '#kubernetes/names.ts';
import { naming, namingFault } from '#kubernetes/naming.ts';
import type { LabelSelector } from '#kubernetes/selectors.ts';
import { workloadKey } from '#kubernetes/workload.ts';
import { plain, yamlDocument, type YamlMap } from '#kubernetes/yaml-text.ts';
import type { Artifact, Evidence, Generated } from './kind.ts';
import type { MeshOptions } from './mesh-options.ts';
import { artifactPath, stems, withoutClashes } from './names.ts';

/** A workload of the mesh that was called by somebody whom a policy can name. */
export interface Subject {
  readonly server: Server;
  /** Safe as the name of an object. */
  readonly name: string;
  /** Its pods, and nobody else's. */
  readonly selector: LabelSelector;
  readonly callers: Callers;
  /** Those that the cluster has now. */
  readonly pods: readonly ClusterPod[];
}

export interface Written {
  readonly objects: readonly YamlMap[];
  readonly notes: readonly string[];
  /** Arrivals whose calls without a request, or with one that has no words, are not spoken of. */
  readonly leftOut: UnsaidAt;
}

export interface Mesh {
  /** The kind's name, the end of a file's: `istio`. */
  readonly name: string;
  /** Whose labels its pods bear. */
  readonly title: string;
  readonly signs: MeshSigns;
  readonly proxyPorts: readonly number[];
  readonly identities: Identities;
  /** The policies of one workload, or why there are none. */
  write(subject: Subject, cluster: Cluster): Written | string;
  /** What holds of every file, and stands in its head. */
  readonly general: readonly string[];
  /** What stands beside the files of workloads, whose names begin with their stems. */
  beside(written: readonly { readonly subject: Subject; readonly stem: string }[]): readonly Artifact[];
}

export function generateForMesh(
  { baselines, cluster }: Evidence,
  options: MeshOptions & { readonly mode: string },
  mesh: Mesh,
): Generated {
  if (cluster === null)
    return { type: 'abstained', reason: 'the cluster is not known, and policies name its pods and service accounts' };
  const watched = servers(baselines);
  if (watched.length === 0) return { type: 'abstained', reason: 'no pod of a cluster was recorded' };
  const members = meshMembers(cluster, mesh.signs, options.members);
  const clients = clientsIn(cluster, members, mesh.identities);
  const named = naming(cluster);
  const podsOf = Map.groupBy(cluster.pods, (pod) => workloadKey(pod.workload));

  function subjectOf(server: Server, doubts: readonly string[]): Subject | string {
    const { workload, pods } = server;
    if (doubts.length > 0 && !options.allowLoss) return `${doubts.join('; ')} (--allow-loss goes ahead all the same)`;
    if (!pods.some((pod) => members.has(pod))) return 'its pods are not in the mesh';
    const own = named(
      workload,
      pods.map(({ labels }) => labels),
    );
    if (own.type === 'unnamed') return own.reason;
    const fault = namingFault(workload, own.selector);
    if (fault !== null) return fault;
    if (own.also.length > 0)
      return `no label tells its pods from those of ${own.also.join(', ')}, which the policy would be about, too`;
    const inCluster = podsOf.get(workloadKey(workload)) ?? [];
    const callers = callersOf(server, clients, inCluster, mesh.proxyPorts);
    if (callers.callers.length === 0)
      return ['nobody was seen calling it whom a policy could name', ...callers.notes].join('; ');
    if (options.mode === 'enforce' && callers.nameless.length > 0)
      return `enforced it would refuse ${callers.nameless.join('; ')}`;
    const { kind, name } = workload;
    return {
      server,
      selector: own.selector,
      callers,
      pods: inCluster,
      name: objectName(kind === 'Deployment' ? name : `${name}-${kind}`),
    };
  }

  const reasons: string[] = [];
  const drafted: { readonly subject: Subject; readonly written: Written }[] = [];
  for (const server of watched) {
    const doubts = doubtsAbout(server.baselines, 'network', 'flows');
    const subject = subjectOf(server, doubts);
    const written = typeof subject === 'string' ? subject : mesh.write(subject, cluster);
    if (typeof written === 'string') reasons.push(`${nameOf(server)}: no policy, ${written}`);
    else if (typeof subject !== 'string') {
      const known = [...doubts, ...gapsOf(server.baselines, 'network')];
      drafted.push({ subject, written: { ...written, notes: [...new Set([...known, ...written.notes])] } });
    }
  }
  const { kept, clashing } = withoutClashes(drafted, ({ written }) => written.objects);
  for (const { subject } of clashing)
    reasons.push(`${nameOf(subject.server)}: no policy, its objects would have the names of another workload's`);
  if (kept.length === 0) return { type: 'abstained', reason: reasons.join('\n') };

  const assumed = `no pod bears a label of ${mesh.title}: all but those in their node's network are taken to be in the mesh (--members)`;
  const general = [...(members.assumed ? [assumed] : []), ...mesh.general];
  const names = stems(kept.map(({ subject: { server, name } }) => ({ namespace: server.workload.namespace, name })));
  const files = kept.map((each, at) => ({ ...each, stem: names[at] ?? each.subject.name }));
  const artifacts = files.map(({ subject: { server }, written: { objects, notes }, stem }): Artifact => {
    const head = [`${nameOf(server)}: ${windowLine(server.baselines, 'network')}`, ...general, ...notes];
    return {
      applied: 'object',
      path: artifactPath(stem, `${mesh.name}.${options.output}`),
      text: textOf(objects, head, options.output),
    };
  });
  return {
    type: 'artifacts',
    artifacts: [...artifacts, ...mesh.beside(files)].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    notes: [
      ...general,
      ...kept.flatMap(({ subject, written }) => written.notes.map((note) => `${nameOf(subject.server)}: ${note}`)),
      ...reasons,
    ],
    leftOut: leftOutOf(
      baselines,
      new Map(kept.map(({ subject: { server }, written }) => [workloadKey(server.workload), written.leftOut])),
    ),
  };
}

/** `head` stands in comments over the first object, where the form has some. */
export function textOf(objects: readonly YamlMap[], head: readonly string[], output: MeshOptions['output']): string {
  return objects
    .map((object, at) =>
      output === 'json' ? `${JSON.stringify(plain(object))}\n` : yamlDocument(at === 0 ? head : [], object),
    )
    .join('');
}

function nameOf({ workload: { kind, namespace, name } }: Server): string {
  return `${kind} ${namespace}/${name}`;
}
