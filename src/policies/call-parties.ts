/** Who may take part in a call of a mesh: workloads, nodes, and whom policies tell apart beside them. */
import { type Address, addressText, contains, type Network, parseAddress } from '#kubernetes/addresses.ts';
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import { whoseIn } from '#kubernetes/whose.ts';
import { type CallerLandmarks, identitiesAsked } from './call-landmarks.ts';
import type { CallQuestion } from './calls.ts';
import { documented, strangers } from './strangers.ts';

export interface CallEnd {
  readonly src: CallQuestion['src'];
  /** Undefined: that of the pod's account. */
  readonly identity?: string;
}

export interface CallParty {
  readonly type: 'workload' | 'node' | 'outside';
  /** `Deployment shop/web`, `node worker-1`, `198.51.100.0/24`, `identity NAME`. */
  readonly label: string;
  /** One for each that policies may tell apart. */
  readonly ends: readonly CallEnd[];
  /** Of a workload, each pod's. */
  readonly pods: readonly ClusterPod[];
}

export interface CallParties {
  readonly parties: readonly CallParty[];
  /** False where policies tell more identities apart than there are parties for. */
  readonly whole: boolean;
}

/** `identityOf`: how the mesh writes an account. */
export function callParties(
  cluster: Cluster,
  landmarks: readonly CallerLandmarks[],
  identityOf: (namespace: string, account: string) => string,
): CallParties {
  const networks = landmarks.flatMap((each) => each.networks);
  const { parties, whole } = identities(cluster, landmarks, identityOf);
  return {
    parties: [...workloads(cluster, networks), ...nodes(cluster), ...outside(cluster, networks), ...parties],
    whole,
  };
}

function workloads({ pods }: Cluster, networks: readonly Network[]): CallParty[] {
  const own = Map.groupBy(
    pods.filter(({ hostNetwork }) => !hostNetwork),
    ({ workload: { namespace, kind, name } }) => `${kind} ${namespace}/${name}`,
  );
  return [...own]
    .map(
      ([label, all]): CallParty => ({
        type: 'workload',
        label,
        pods: all,
        ends: apart(all, networks).map(({ namespace, name }) => ({ src: { pod: `${namespace}/${name}` } })),
      }),
    )
    .toSorted(byLabel);
}

/** One pod for each set of labels, ports, probes and account, and of networks that policies name. */
function apart(pods: readonly ClusterPod[], networks: readonly Network[]): ClusterPod[] {
  const found = new Map<string, ClusterPod>();
  for (const pod of pods) {
    const addresses = pod.ips.flatMap((ip) => parseAddress(ip) ?? []);
    const within = networks.map((range) => addresses.map((address) => contains(range, address)));
    const labels = Object.entries(pod.labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([labels, pod.ports, pod.probes ?? null, pod.serviceAccount, within]);
    if (!found.has(key)) found.set(key, pod);
  }
  return [...found.values()];
}

/** With all that has a node's own network. */
function nodes(cluster: Cluster): CallParty[] {
  return cluster.nodes
    .map(
      ({ name, ips }): CallParty => ({
        type: 'node',
        label: `node ${name}`,
        ends: ips.map((ip) => ({ src: { ip } })),
        pods: [],
      }),
    )
    .toSorted(byLabel);
}

function outside(cluster: Cluster, networks: readonly Network[]): CallParty[] {
  const whose = whoseIn(cluster);
  const free = (address: Address): boolean => whose.owner(addressText(address)).type === 'outside';
  return strangers(networks, free)
    .map(({ label, ip }): CallParty => ({ type: 'outside', label, ends: [{ src: { ip } }], pods: [] }))
    .toSorted(byLabel);
}

/** Those of no pod, and one that no policy names. They come from where nobody of the cluster is. */
function identities(
  { pods }: Cluster,
  landmarks: readonly CallerLandmarks[],
  identityOf: (namespace: string, account: string) => string,
): Pick<CallParties, 'parties' | 'whole'> {
  const known = new Set(
    pods.flatMap(({ namespace, serviceAccount }) =>
      serviceAccount === null ? [] : identityOf(namespace, serviceAccount),
    ),
  );
  const rest = { label: 'any other identity', value: identityOf('other', 'other') };
  const { asked, whole } = identitiesAsked(rest, landmarks, (identity) => !known.has(identity));
  const parties = asked.map(
    (each): CallParty => ({
      ...{ type: 'outside', pods: [] },
      label: each === rest ? rest.label : `identity ${each.label}`,
      ends: [{ src: { ip: documented[0] }, identity: each.value }],
    }),
  );
  return { parties: parties.toSorted(byLabel), whole };
}

function byLabel(a: CallParty, b: CallParty): number {
  return a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
}
