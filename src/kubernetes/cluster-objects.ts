/** API objects, as lists or one by one → a cluster. Kinds that policies do not need are passed over. */
import type { Cluster, ClusterNode, ClusterPod, ClusterWorkload, ContainerPort, Labels, Service } from './cluster.ts';
import type { LabelSelector } from './selectors.ts';
import type { Workload } from './workload.ts';

interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
}
/** As much of an API object as is read here. The API server has checked what it sends. */
export interface ApiObject {
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
  readonly items?: readonly ApiObject[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[];
  readonly subsets?: readonly { readonly addresses?: readonly { readonly ip: string }[] }[];
}

const controllers = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'ReplicationController'];

export function clusterOfObjects(given: readonly unknown[]): Cluster {
  const objects = given.flatMap((each) => flat(each as ApiObject | null));
  const of = (kind: string): ApiObject[] => objects.filter((each) => each.kind === kind);
  const owners = new Map(
    objects.filter(({ kind }) => controllers.includes(kind ?? '')).map((each) => [keyOf(each.kind ?? '', each), each]),
  );
  const endpoints = endpointsByService(objects);
  const services = of('Service').map((each) => serviceOf(each, endpoints));
  const apiServerIPs = endpoints.get('default/kubernetes') ?? [];
  return {
    namespaces: Object.fromEntries(
      of('Namespace').map(({ metadata }) => [
        metadata?.name ?? '',
        { ...metadata?.labels, 'kubernetes.io/metadata.name': metadata?.name ?? '' },
      ]),
    ),
    nodes: of('Node').map(nodeOf),
    workloads: [...owners.values()].flatMap((each) => workloadOf(each, owners)),
    pods: of('Pod').flatMap((each) => podOf(each, owners)),
    services,
    ...(apiServerIPs.length === 0 ? {} : { apiServerIPs }),
  };
}

function flat(object: ApiObject | null): ApiObject[] {
  if (object === null || typeof object !== 'object') return [];
  if (object.items === undefined) return [object];
  // The items of a typed list do not say their kind.
  const kind = /^(\w+)List$/.exec(object.kind ?? '')?.[1];
  return object.items.flatMap((each) =>
    flat(each.kind === undefined && kind !== undefined && kind !== '' ? { ...each, kind } : each),
  );
}

function keyOf(kind: string, { metadata }: ApiObject): string {
  return `${kind}/${metadata?.namespace ?? 'default'}/${metadata?.name ?? ''}`;
}

function nodeOf({ metadata, spec, status }: ApiObject): ClusterNode {
  const addresses = (status?.['addresses'] ?? []) as readonly { type: string; address: string }[];
  const podCIDRs = spec?.['podCIDRs'] as readonly string[] | undefined;
  return {
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    ips: addresses.filter(({ type }) => type.endsWith('IP')).map(({ address }) => address),
    ...(podCIDRs === undefined ? {} : { podCIDRs }),
  };
}

/** Controllers that users write; what those make in their turn stands for them. */
function workloadOf(object: ApiObject, owners: ReadonlyMap<string, ApiObject>): ClusterWorkload[] {
  if (ownerOf(object) !== undefined && above(object, owners) !== object) return [];
  const { kind = '', metadata, spec } = object;
  const named = { namespace: metadata?.namespace ?? 'default', kind, name: metadata?.name ?? '' };
  if (kind === 'CronJob') {
    const template = (spec?.['jobTemplate'] as { spec?: { template?: { metadata?: ObjectMeta } } } | undefined)?.spec
      ?.template;
    return [{ ...named, selector: { matchLabels: template?.metadata?.labels ?? {} } }];
  }
  const selector = spec?.['selector'] as LabelSelector | Labels | undefined;
  const plain = kind === 'ReplicationController';
  return [{ ...named, selector: plain ? { matchLabels: (selector ?? {}) as Labels } : (selector ?? {}) }];
}

function podOf(object: ApiObject, owners: ReadonlyMap<string, ApiObject>): ClusterPod[] {
  const { metadata, spec, status } = object;
  // A pod that has ended has given its address back.
  if (['Succeeded', 'Failed'].includes(String(status?.['phase']))) return [];
  const ips = ((status?.['podIPs'] ?? []) as readonly { ip: string }[]).map(({ ip }) => ip);
  const one = status?.['podIP'] as string | undefined;
  const containers = (spec?.['containers'] ?? []) as readonly { ports?: readonly Partial<ContainerPort>[] }[];
  return [
    {
      namespace: metadata?.namespace ?? 'default',
      name: metadata?.name ?? '',
      labels: metadata?.labels ?? {},
      ips: ips.length > 0 || one === undefined ? ips : [one],
      node: (spec?.['nodeName'] as string | undefined) ?? null,
      hostNetwork: spec?.['hostNetwork'] === true,
      serviceAccount: (spec?.['serviceAccountName'] as string | undefined) ?? null,
      ports: containers.flatMap(({ ports }) =>
        (ports ?? []).map(({ name, containerPort, protocol }) => ({
          ...(name === undefined ? {} : { name }),
          containerPort: containerPort ?? 0,
          protocol: protocol ?? 'TCP',
        })),
      ),
      workload: ownedBy(object, owners),
    },
  ];
}

/** The workload above a pod: its ReplicaSet's Deployment, its Job's CronJob. */
export function ownedBy(pod: ApiObject, owners: ReadonlyMap<string, ApiObject>): Workload {
  const namespace = pod.metadata?.namespace ?? 'default';
  const owner = ownerOf(pod);
  if (owner === undefined) return { namespace, kind: 'Pod', name: pod.metadata?.name ?? '' };
  // A static pod belongs to its node, and is its own workload.
  if (owner.kind === 'Node') return { namespace, kind: 'Pod', name: pod.metadata?.name ?? '' };
  const top = above({ kind: owner.kind, metadata: { name: owner.name, namespace } }, owners);
  return { namespace, kind: top.kind ?? owner.kind, name: top.metadata?.name ?? owner.name };
}

function above(object: ApiObject, owners: ReadonlyMap<string, ApiObject>): ApiObject {
  let top = object;
  // Chains are short; a circle would be somebody's mistake.
  for (let step = 0; step < 5; step += 1) {
    const known = owners.get(keyOf(top.kind ?? '', top)) ?? top;
    const owner = ownerOf(known);
    const namespace = known.metadata?.namespace;
    const next = owner === undefined ? undefined : owners.get(`${owner.kind}/${namespace ?? 'default'}/${owner.name}`);
    if (next === undefined) return known;
    top = next;
  }
  return top;
}

function ownerOf({ metadata }: ApiObject): { kind: string; name: string } | undefined {
  const owners = metadata?.ownerReferences ?? [];
  return owners.find(({ controller }) => controller === true) ?? owners[0];
}

function endpointsByService(objects: readonly ApiObject[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (key: string, ips: readonly string[]): void => {
    found.set(key, [...new Set([...(found.get(key) ?? []), ...ips])].toSorted());
  };
  for (const { kind, metadata, endpoints, subsets } of objects) {
    const namespace = metadata?.namespace ?? 'default';
    if (kind === 'EndpointSlice')
      add(
        `${namespace}/${metadata?.labels?.['kubernetes.io/service-name'] ?? ''}`,
        (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
      );
    if (kind === 'Endpoints')
      add(
        `${namespace}/${metadata?.name ?? ''}`,
        (subsets ?? []).flatMap(({ addresses }) => (addresses ?? []).map(({ ip }) => ip)),
      );
  }
  return found;
}

function serviceOf({ metadata, spec }: ApiObject, endpoints: ReadonlyMap<string, readonly string[]>): Service {
  const namespace = metadata?.namespace ?? 'default';
  const name = metadata?.name ?? '';
  const selector = spec?.['selector'] as Labels | undefined;
  const ips = (spec?.['clusterIPs'] ?? [spec?.['clusterIP']]) as readonly (string | undefined)[];
  const behind = endpoints.get(`${namespace}/${name}`);
  const ports = (spec?.['ports'] ?? []) as readonly (Partial<Service['ports'][number]> & { port: number })[];
  return {
    namespace,
    name,
    type: (spec?.['type'] as string | undefined) ?? 'ClusterIP',
    clusterIPs: ips.flatMap((ip) => (ip === undefined || ip === 'None' ? [] : [ip])),
    selector: selector === undefined || Object.keys(selector).length === 0 ? null : selector,
    ports: ports.map((each) => ({
      ...each,
      targetPort: each.targetPort ?? each.port,
      protocol: each.protocol ?? 'TCP',
    })),
    loadBalancerSourceRanges: (spec?.['loadBalancerSourceRanges'] ?? []) as readonly string[],
    ...(behind === undefined ? {} : { endpoints: behind }),
  };
}
