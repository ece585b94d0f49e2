/**
 * A cluster as one small JSON document: what flow logs are read against, and what questions bring along.
 * `{namespaces: {NAME: LABELS}, nodes, workloads, pods, services, podCIDRs, apiServerIPs}`; a pod or node may say
 * `ip` for `ips`, a service `clusterIP` for `clusterIPs`, a cluster `podCIDR` for `podCIDRs`. Other fields are ignored.
 */
import { z } from 'zod';
import { parseAddress, parseNetwork } from './addresses.ts';
import type { Cluster, ClusterPod, Probe, Service } from './cluster.ts';
import { labelSelector, type LabelSelector } from './selectors.ts';

const labels = z.record(z.string(), z.string());
const ip = z.string().refine((text) => parseAddress(text) !== null, 'not an address');
const cidr = z.string().refine((text) => parseNetwork(text) !== null, 'not a network');
const port = z.int().min(1).max(65_535);
const protocol = z.enum(['TCP', 'UDP', 'SCTP']).default('TCP');
const named = { namespace: z.string().min(1), name: z.string().min(1) };

const node = z.object({
  name: z.string().min(1),
  labels: labels.default({}),
  ip: ip.optional(),
  ips: z.array(ip).default([]),
  podCIDRs: z.array(cidr).optional(),
});

/** `{app: web}` is short for `{matchLabels: {app: web}}`. */
const selector = z.union([
  labelSelector.refine((given) => 'matchLabels' in given || 'matchExpressions' in given),
  labels.transform((matchLabels): LabelSelector => ({ matchLabels })),
]);

const workload = z.object({ ...named, kind: z.string().min(1), selector });

const pod = z.object({
  ...named,
  labels: labels.nullish(),
  ip: ip.optional(),
  ips: z.array(ip).default([]),
  node: z.string().nullish(),
  hostNetwork: z.boolean().default(false),
  serviceAccount: z.string().nullish(),
  ports: z.array(z.object({ name: z.string().optional(), containerPort: port, protocol })).nullish(),
  probes: z.array(z.object({ port, path: z.string().optional() })).optional(),
  owner: z.object({ kind: z.string().min(1), name: z.string().min(1) }).nullish(),
});

const service = z.object({
  ...named,
  type: z.string().default('ClusterIP'),
  clusterIP: z.string().optional(),
  clusterIPs: z.array(z.string()).default([]),
  selector: labels.nullish(),
  ports: z
    .array(
      z.object({
        name: z.string().optional(),
        port,
        targetPort: z.union([port, z.string()]).optional(),
        protocol,
        nodePort: port.optional(),
      }),
    )
    .default([]),
  loadBalancerSourceRanges: z.array(cidr).default([]),
  endpoints: z.array(ip).default([]),
});

export const clusterFields = {
  namespaces: z.record(z.string(), labels),
  nodes: z.array(node).default([]),
  workloads: z.array(workload).default([]),
  pods: z.array(pod),
  services: z.array(service).default([]),
  podCIDR: cidr.optional(),
  podCIDRs: z.array(cidr).optional(),
  apiServerIPs: z.array(ip).optional(),
  /** Groups and versions that it serves, `cilium.io/v2`. */
  apis: z.array(z.string()).optional(),
};
const fields = z.object(clusterFields);

export const clusterForm = fields.transform(clusterOf);

export function clusterOf(form: z.infer<typeof fields>): Cluster {
  const services = form.services.map(serviceOf);
  const podCIDRs = form.podCIDRs ?? (form.podCIDR === undefined ? undefined : [form.podCIDR]);
  const apiServerIPs =
    form.apiServerIPs ?? services.find((each) => each.namespace === 'default' && each.name === 'kubernetes')?.endpoints;
  return {
    namespaces: Object.fromEntries(
      [...new Set([...Object.keys(form.namespaces), ...form.pods.map(({ namespace }) => namespace)])].map((name) => [
        name,
        // The API server sets it, and takes no other value.
        { ...form.namespaces[name], 'kubernetes.io/metadata.name': name },
      ]),
    ),
    nodes: form.nodes.map(({ name, labels: own, ip: one, ips, podCIDRs: ranges }) => ({
      name,
      labels: own,
      ips: listed(one, ips),
      ...(ranges === undefined ? {} : { podCIDRs: ranges }),
    })),
    workloads: form.workloads,
    pods: form.pods.map(podOf),
    services,
    ...(podCIDRs === undefined ? {} : { podCIDRs }),
    ...(form.apis === undefined ? {} : { apis: form.apis }),
    ...(apiServerIPs === undefined || apiServerIPs.length === 0 ? {} : { apiServerIPs }),
  };
}

function podOf(given: z.infer<typeof pod>): ClusterPod {
  const { namespace, name, owner } = given;
  return {
    namespace,
    name,
    labels: given.labels ?? {},
    ips: listed(given.ip, given.ips),
    node: given.node ?? null,
    hostNetwork: given.hostNetwork,
    serviceAccount: given.serviceAccount ?? null,
    ports: given.ports ?? [],
    ...(given.probes === undefined ? {} : { probes: given.probes.map(probeOf) }),
    workload: { namespace, kind: owner?.kind ?? 'Pod', name: owner?.name ?? name },
  };
}

function probeOf({ port: number, path }: { port: number; path?: string | undefined }): Probe {
  return path === undefined ? { port: number } : { port: number, path };
}

function serviceOf({ clusterIP, ports, selector: own, ...given }: z.infer<typeof service>): Service {
  return {
    ...given,
    // `None` is a headless Service: there is no address to translate.
    clusterIPs: listed(clusterIP, given.clusterIPs).filter((each) => parseAddress(each) !== null),
    selector: own ?? null,
    ports: ports.map((each) => ({ ...each, targetPort: each.targetPort ?? each.port })),
  };
}

function listed(one: string | undefined, all: readonly string[]): string[] {
  return [...new Set(one === undefined ? all : [one, ...all])];
}
