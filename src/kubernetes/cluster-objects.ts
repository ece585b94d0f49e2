/** API objects, as lists or one by one → a cluster. Kinds that policies do not need are passed over. */
import type { Cluster, ClusterNode, ClusterPod, ClusterWorkload, ContainerPort, Labels, Service } from './cluster.ts';
import { json, type Json, labels, list, text, texts, whole } from './json.ts';
import { itemsOf } from './lists.ts';
import { controllerOf, type Owner, workloadOf } from './owner.ts';
import { podState } from './pod-state.ts';
import { probesOf } from './probes.ts';
import { endpointsState, nodeState } from './service-state.ts';

/** What an API server is asked for, to know what policies speak of: a path is that of all namespaces. */
export const clusterKinds = [
  { apiVersion: 'v1', kind: 'Namespace', path: '/api/v1/namespaces' },
  { apiVersion: 'v1', kind: 'Node', path: '/api/v1/nodes' },
  { apiVersion: 'v1', kind: 'Pod', path: '/api/v1/pods' },
  { apiVersion: 'v1', kind: 'Service', path: '/api/v1/services' },
  { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', path: '/apis/discovery.k8s.io/v1/endpointslices' },
  { apiVersion: 'v1', kind: 'ReplicationController', path: '/api/v1/replicationcontrollers' },
  { apiVersion: 'apps/v1', kind: 'Deployment', path: '/apis/apps/v1/deployments' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', path: '/apis/apps/v1/replicasets' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', path: '/apis/apps/v1/statefulsets' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', path: '/apis/apps/v1/daemonsets' },
  { apiVersion: 'batch/v1', kind: 'Job', path: '/apis/batch/v1/jobs' },
  { apiVersion: 'batch/v1', kind: 'CronJob', path: '/apis/batch/v1/cronjobs' },
] as const;

const controllers = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'ReplicationController'];

export function clusterOfObjects(given: readonly unknown[]): Cluster {
  const objects = given.flatMap(itemsOf).map(json);
  const of = (kind: string): Json[] => objects.filter((each) => each['kind'] === kind);
  const owners = new Map(objects.map((each) => [text(meta(each)['uid']), controllerOf(meta(each)['ownerReferences'])]));
  const endpoints = endpointsByService(of('EndpointSlice'));
  const apis = [...of('APIGroupList').flatMap(versionsOf), ...of('CustomResourceDefinition').flatMap(versionsDefined)];
  const apiServerIPs = endpoints.get('default/kubernetes') ?? [];
  return {
    namespaces: Object.fromEntries(
      of('Namespace').map((each) => {
        const name = nameOf(each);
        return [name, { ...labels(meta(each)['labels']), 'kubernetes.io/metadata.name': name }];
      }),
    ),
    nodes: of('Node').flatMap(nodeOf),
    workloads: objects.filter(({ kind }) => controllers.includes(String(kind))).flatMap(workload),
    pods: of('Pod').flatMap((each) => podOf(each, (uid) => (owners.has(uid) ? owners.get(uid) : undefined))),
    services: of('Service').map((each) => serviceOf(each, endpoints)),
    ...(apis.length === 0 ? {} : { apis: [...new Set(apis)].toSorted() }),
    ...(apiServerIPs.length === 0 ? {} : { apiServerIPs }),
  };
}

/** `GET /apis`. */
function versionsOf(object: Json): string[] {
  return list(object['groups']).flatMap((group) =>
    list(json(group)['versions']).flatMap((each) => text(json(each)['groupVersion']) ?? []),
  );
}

function versionsDefined(object: Json): string[] {
  const spec = json(object['spec']);
  return list(spec['versions']).flatMap((each) => {
    const [group, name] = [text(spec['group']), text(json(each)['name'])];
    return group === null || name === null || json(each)['served'] === false ? [] : [`${group}/${name}`];
  });
}

function meta(object: Json): Json {
  return json(object['metadata']);
}

function nameOf(object: Json): string {
  return text(meta(object)['name']) ?? '';
}

function namespaceOf(object: Json): string {
  return text(meta(object)['namespace']) ?? 'default';
}

function nodeOf(object: Json): ClusterNode[] {
  const state = nodeState(object);
  if (state === null) return [];
  const { name, ips, podCidrs } = state;
  return [
    { name, labels: labels(meta(object)['labels']), ips, ...(podCidrs.length === 0 ? {} : { podCIDRs: podCidrs }) },
  ];
}

/** Controllers that users write; what those make in their turn stands for them. */
function workload(object: Json): ClusterWorkload[] {
  if (controllerOf(meta(object)['ownerReferences']) !== null) return [];
  const kind = text(object['kind']) ?? '';
  const named = { namespace: namespaceOf(object), kind, name: nameOf(object) };
  const spec = json(object['spec']);
  if (kind === 'CronJob') {
    const template = json(json(json(spec['jobTemplate'])['spec'])['template']);
    return [{ ...named, selector: { matchLabels: labels(json(template['metadata'])['labels']) } }];
  }
  // The oldest of them has labels alone.
  if (kind === 'ReplicationController') return [{ ...named, selector: { matchLabels: labels(spec['selector']) } }];
  return [{ ...named, selector: json(spec['selector']) }];
}

function podOf(object: Json, above: (uid: string) => Owner | null | undefined): ClusterPod[] {
  const state = podState(object);
  // A pod that has ended has given its address back.
  if (state === null || state.finished) return [];
  const { namespace, name, node, hostNetwork, serviceAccount, ips } = state;
  const containers = list(json(object['spec'])['containers']).map(json);
  return [
    {
      namespace,
      name,
      labels: state.labels,
      ips,
      node,
      hostNetwork,
      serviceAccount,
      ports: containers.flatMap(({ ports }) => list(ports).flatMap(portOf)),
      probes: probesOf(json(object['spec'])),
      workload: workloadOf(state, above),
    },
  ];
}

function portOf(given: unknown): ContainerPort[] {
  const { name, containerPort, protocol } = json(given);
  const number = whole(containerPort);
  const own = text(name);
  return number === null
    ? []
    : [{ ...(own === null ? {} : { name: own }), containerPort: number, protocol: text(protocol) ?? 'TCP' }];
}

function endpointsByService(slices: readonly Json[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const state of slices.flatMap((each) => endpointsState(each) ?? [])) {
    const key = `${state.namespace}/${state.service}`;
    found.set(key, [...new Set([...(found.get(key) ?? []), ...state.ips])].toSorted());
  }
  return found;
}

function serviceOf(object: Json, endpoints: ReadonlyMap<string, readonly string[]>): Service {
  const [namespace, name, spec] = [namespaceOf(object), nameOf(object), json(object['spec'])];
  const selector: Labels = labels(spec['selector']);
  const behind = endpoints.get(`${namespace}/${name}`);
  return {
    namespace,
    name,
    type: text(spec['type']) ?? 'ClusterIP',
    clusterIPs: [...new Set([...texts([spec['clusterIP']]), ...texts(spec['clusterIPs'])])].filter(
      (ip) => ip !== 'None',
    ),
    selector: Object.keys(selector).length === 0 ? null : selector,
    ports: list(spec['ports']).flatMap((each) => {
      const { name: own, port, targetPort, protocol, nodePort } = json(each);
      const number = whole(port);
      if (number === null) return [];
      return [
        {
          name: text(own) ?? undefined,
          port: number,
          targetPort: whole(targetPort) ?? text(targetPort) ?? number,
          protocol: text(protocol) ?? 'TCP',
          nodePort: whole(nodePort) ?? undefined,
        },
      ];
    }),
    loadBalancerSourceRanges: texts(spec['loadBalancerSourceRanges']),
    ...(behind === undefined ? {} : { endpoints: behind }),
  };
}
