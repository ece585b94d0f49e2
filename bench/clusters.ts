/** Synthetic clusters, the same in each run. */
import type { Cluster } from '../src/kubernetes/cluster.ts';
import { clusterForm } from '../src/kubernetes/cluster-form.ts';

/** `workloads` deployments of `copies` pods, fifty to a namespace, on nodes of a hundred pods. */
export function clusterOf(workloads: number, copies: number): Cluster {
  const named = Array.from({ length: workloads }, (_, at) => ({
    namespace: `team-${Math.floor(at / 50)}`,
    name: `app-${at}`,
  }));
  const address = (at: number): string => `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
  return clusterForm.parse({
    namespaces: Object.fromEntries(named.map(({ namespace }) => [namespace, {}])),
    nodes: Array.from({ length: Math.ceil((workloads * copies) / 100) }, (_, at) => ({
      name: `node-${at}`,
      ips: [`172.18.${at >> 8}.${at & 255}`],
    })),
    workloads: named.map((each) => ({ ...each, kind: 'Deployment', selector: { app: each.name } })),
    pods: named.flatMap(({ namespace, name }, at) =>
      Array.from({ length: copies }, (_, copy) => ({
        namespace,
        name: `${name}-${copy}`,
        labels: { app: name, 'pod-template-hash': `h${at}` },
        ip: address(at * copies + copy),
        node: `node-${Math.floor((at * copies + copy) / 100)}`,
        ports: [{ name: 'http', containerPort: 8080 }],
        owner: { kind: 'Deployment', name },
      })),
    ),
    podCIDR: '10.0.0.0/8',
  });
}

/** Every workload calls the next ten. */
export const callees = 10;

/** The same sequence in each run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function thousands(perSecond: number): string {
  return `${Math.round(perSecond / 1000)} k/s`;
}
