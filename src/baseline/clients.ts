/** Arrivals → who a server's clients are to a mesh: accounts, addresses, or somebody whom nothing tells. */
import { covers, networkText, parseAddress, parseNetwork, single } from '#kubernetes/addresses.ts';
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import type { Members } from '#kubernetes/mesh-members.ts';
import { isNamespaceName, isObjectName } from '#kubernetes/names.ts';
import { publishing } from '#kubernetes/published.ts';
import { type Workload, workloadKey } from '#kubernetes/workload.ts';
import { firstOf } from './evidence.ts';
import type { Arrival } from './arrivals.ts';

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

export type Client =
  /** `seen`: the mesh told its identity; else it is that of the client's pods. */
  | { readonly type: 'account'; readonly account: Account; readonly seen: boolean; readonly remarks: readonly string[] }
  /** An identity that is no account of this mesh. */
  | { readonly type: 'identity'; readonly identity: string; readonly remarks: readonly string[] }
  | {
      readonly type: 'addresses';
      readonly networks: readonly string[];
      readonly except: readonly string[];
      readonly remarks: readonly string[];
    }
  /** No rule can name it: enforced, the policy refuses it. */
  | { readonly type: 'nobody'; readonly reason: string };

export interface Clients {
  /** Never empty: a client may have come as several. */
  of(server: Workload, arrival: Arrival): readonly Client[];
}

/** How a mesh writes identities. */
export interface Identities {
  /** Null for one that is none of its accounts'. */
  accountOf(identity: string): Account | null;
  /** Whether policies take it as this one identity and as no pattern. */
  isLiteral(identity: string): boolean;
}

export function clientsIn(cluster: Cluster, members: Members, identities: Identities): Clients {
  const byWorkload = Map.groupBy(cluster.pods, ({ workload }) => workloadKey(workload));
  const byAccount = Map.groupBy(cluster.pods, ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  const publishers = publishing(cluster);
  const podNetworks = widest([...(cluster.podCIDRs ?? []), ...cluster.nodes.flatMap(({ podCIDRs }) => podCIDRs ?? [])]);

  function ofWorkload(workload: Workload, arrival: Arrival): Client[] {
    const name = `${workload.kind} ${workload.namespace}/${workload.name}`;
    const own = (byWorkload.get(workloadKey(workload)) ?? []).filter(({ hostNetwork }) => !hostNetwork);
    const recorded = arrival.pods.filter((pod) => members.has(pod));
    const inside = own.filter((pod) => members.has(pod));
    if (arrival.anonymous || (recorded.length === 0 && inside.length === 0)) return [outside(name, own, arrival)];
    // Its own recording tells whose pods they were; else all of them must have one account.
    const accounts = new Set(
      (recorded.length > 0 ? recorded : inside).map(({ namespace, serviceAccount }) =>
        serviceAccount === null ? null : JSON.stringify([namespace, serviceAccount]),
      ),
    );
    if (accounts.has(null) && recorded.length > 0 && inside.length > 0) {
      accounts.delete(null);
      for (const pod of inside)
        accounts.add(pod.serviceAccount === null ? null : JSON.stringify([pod.namespace, pod.serviceAccount]));
    }
    if (accounts.has(null))
      return [{ type: 'nobody', reason: `${name}: the service account of its pods is not known` }];
    if (accounts.size > 1 && recorded.length === 0)
      return [
        {
          type: 'nobody',
          reason: `${name}: its pods have several service accounts, and which of them called is not known`,
        },
      ];
    return [...accounts]
      .toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))
      .map((text): Client => {
        const [namespace = '', account = ''] = JSON.parse(text ?? '[]') as string[];
        return accountClient({ namespace, name: account }, false, name);
      });
  }

  /** An account is all that a mesh sees of a client: who shares it is let in with it. */
  function accountClient(account: Account, seen: boolean, name: string): Client {
    // A recording may say anything, and to some a star in a name is everybody.
    if (!isNamespaceName(account.namespace) || !isObjectName(account.name))
      return {
        type: 'nobody',
        reason: `${name}: ${JSON.stringify(account.name)} is no service account's name`,
      };
    const sharing = (byAccount.get(`${account.namespace}/${account.name}`) ?? []).filter((pod) => members.has(pod));
    const others = [...new Set(sharing.map(({ workload }) => nameOf(workload)))]
      .filter((each) => each !== name)
      .toSorted();
    const told = seen ? 'identity seen by the mesh' : 'service account of its pods';
    return {
      type: 'account',
      account,
      seen,
      remarks: [
        `${name}, ${told}`,
        ...(others.length > 0 ? [`wider than what was seen: ${firstOf(others)} shares this service account`] : []),
      ],
    };
  }

  function outside(name: string, pods: readonly ClusterPod[], { pods: recorded }: Arrival): Client {
    const ips = pods.flatMap((pod) => pod.ips);
    if (ips.length === 0)
      return {
        type: 'nobody',
        reason: `${name}: outside of the mesh, and ${recorded.length > 0 ? 'no longer in the cluster' : 'its addresses are not known'}`,
      };
    return {
      type: 'addresses',
      networks: networks(ips),
      except: [],
      remarks: [`${name} is outside of the mesh: by its present addresses, which a rollout changes`],
    };
  }

  function others(server: Workload, arrival: Arrival): Client {
    const { from } = arrival;
    if (from.type === 'node')
      return {
        type: 'addresses',
        networks: networks([...cluster.nodes.flatMap((node) => node.ips), from.ip]),
        except: [],
        remarks: [
          arrival.ownNode
            ? 'its own node: kubelet, or what has the network of the node (all nodes, since pods move)'
            : 'nodes and what has their network (all nodes, since pods move)',
        ],
      };
    if (from.type === 'api-server')
      return {
        type: 'addresses',
        networks: networks([...(cluster.apiServerIPs ?? []), from.ip]),
        except: [],
        remarks: ['the API server'],
      };
    if (from.type !== 'address') throw new Error('a workload is no address');
    const open = publishers(server, { port: arrival.port, protocol: 'TCP' });
    const names = open
      .map(({ type, namespace, name }) => `${type} ${namespace}/${name}`)
      .toSorted()
      .join(', ');
    const ranges = open.flatMap(({ loadBalancerSourceRanges }) => loadBalancerSourceRanges ?? []);
    if (open.length > 0 && open.every(({ loadBalancerSourceRanges }) => (loadBalancerSourceRanges ?? []).length > 0))
      return {
        type: 'addresses',
        networks: [...new Set(ranges)].toSorted(),
        except: [],
        remarks: [`${names} lets these in`],
      };
    const everyone = from.ip.includes(':') ? '::/0' : '0.0.0.0/0';
    const except = podNetworks.filter((each) => each.includes(':') === from.ip.includes(':'));
    // Without the pods' own networks everybody would be every pod, too.
    if (open.length > 0 && except.length > 0)
      return { type: 'addresses', networks: [everyone], except, remarks: [`${names} lets everybody in who is no pod`] };
    return {
      type: 'addresses',
      networks: networks([from.ip]),
      except: [],
      remarks: [
        'an address outside of the cluster',
        ...(open.length > 0
          ? [`${names} lets everybody in, but the networks of pods are not known, so others stay out`]
          : []),
      ],
    };
  }

  return {
    of(server, arrival) {
      const name = arrival.from.type === 'workload' ? nameOf(arrival.from.workload) : 'a client';
      const told = arrival.identities.map((identity): Client => {
        const account = identities.accountOf(identity);
        if (account === null && !identities.isLiteral(identity))
          return {
            type: 'nobody',
            reason: `${name}: ${JSON.stringify(identity)} is no identity that a policy can name`,
          };
        return account === null
          ? {
              type: 'identity',
              identity,
              remarks: [`${name}, an identity of another trust domain or form, seen by the mesh`],
            }
          : accountClient(account, true, name);
      });
      const rest = told.length > 0 && !arrival.untold && !arrival.anonymous;
      if (rest) return told;
      const more =
        arrival.from.type === 'workload' ? ofWorkload(arrival.from.workload, arrival) : [others(server, arrival)];
      // What the mesh told of some calls of a workload explains its others.
      const explained = more.filter(({ type }) => !(told.length > 0 && type === 'nobody'));
      return [...told, ...explained.filter((each) => !told.some((one) => sameAs(one, each)))];
    },
  };
}

function sameAs(a: Client, b: Client): boolean {
  return (
    a.type === 'account' &&
    b.type === 'account' &&
    a.account.namespace === b.account.namespace &&
    a.account.name === b.account.name
  );
}

/** Without those that lie in another. Sorted. */
function widest(given: readonly string[]): string[] {
  const all = new Map(given.flatMap((text) => parseNetwork(text) ?? []).map((each) => [networkText(each), each]));
  const kept = [...all].filter(([text, own]) => ![...all].some(([other, each]) => other !== text && covers(each, own)));
  return kept.map(([text]) => text).toSorted();
}

/** Sorted, without repeats. */
function networks(ips: readonly string[]): string[] {
  return [...new Set(ips.flatMap((ip) => parseAddress(ip) ?? []).map((each) => networkText(single(each))))].toSorted();
}

function nameOf({ kind, namespace, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}
