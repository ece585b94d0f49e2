/** All that the agent knows of the cluster, followed from its API server. */
import { json, text } from '#kubernetes/json.ts';
import { controllerOf, type Owner, workloadOf } from '#kubernetes/owner.ts';
import { podState } from '#kubernetes/pod-state.ts';
import { endpointsState, nodeState, serviceState } from '#kubernetes/service-state.ts';
import { Pods } from '../identity/pods.ts';
import { ClusterPeers } from '../peers/cluster-peers.ts';
import type { ApiServer } from './api-server.ts';
import { follow, type Following } from './follow.ts';

export interface ClusterView {
  readonly pods: Pods;
  readonly peers: ClusterPeers;
  readonly podsFollowed: boolean;
  /** Whether every list was read once. */
  readonly listed: boolean;
  readonly above: (uid: string) => Owner | null | undefined;
  /** Forgets what is gone for long. */
  forget(): void;
  /** By collection. */
  readonly following: Readonly<Record<string, Following>>;
}

/** Which collections are followed, and so which rights the agent needs: list and watch on each. */
const paths = {
  pods: '/api/v1/pods',
  services: '/api/v1/services',
  nodes: '/api/v1/nodes',
  endpointslices: '/apis/discovery.k8s.io/v1/endpointslices',
  replicasets: '/apis/apps/v1/replicasets',
  jobs: '/apis/batch/v1/jobs',
} as const;

/** Pods outlive their owners by a moment, and facts outlive pods. */
const rememberMs = 900_000;

export interface ClusterViewOptions {
  readonly api: ApiServer;
  readonly node: string;
  readonly cidrs: readonly string[];
  readonly signal: AbortSignal;
}

export function clusterView({ api, node, cidrs, signal }: ClusterViewOptions): ClusterView {
  const owners = new Map<string, { readonly owner: Owner | null; gone: number | null }>();
  const following: Record<string, Following> = {};
  const above = (uid: string): Owner | null | undefined => owners.get(uid)?.owner;
  const peers = new ClusterPeers({
    workloadOf: (pod) => workloadOf(pod, above),
    now: Date.now,
    listed: () => listed(),
    cidrs,
  });
  const pods = new Pods();
  const listed = (): boolean => Object.values(following).every((each) => each.listed);

  const uidOf = ({ uid }: { uid: string }): string => uid;
  // Owners first: a pod's workload is told by them.
  for (const name of ['replicasets', 'jobs'] as const) {
    following[name] = follow(
      api,
      { path: paths[name], part: 'metadata', read: owned, uidOf },
      {
        put: ({ uid, owner }) => void owners.set(uid, { owner, gone: null }),
        remove: (uid) => void Object.assign(owners.get(uid) ?? {}, { gone: Date.now() }),
      },
      signal,
    );
  }
  following['pods of this node'] = follow(
    api,
    {
      path: `${paths.pods}?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`,
      part: 'whole',
      read: podState,
      uidOf,
    },
    { put: (pod) => pods.put(pod), remove: (uid) => pods.remove(uid, Date.now()) },
    signal,
  );
  following['pods'] = follow(
    api,
    { path: paths.pods, part: 'whole', read: podState, uidOf },
    { put: (pod) => peers.putPod(pod), remove: (uid) => peers.removePod(uid) },
    signal,
  );
  following['nodes'] = follow(
    api,
    { path: paths.nodes, part: 'whole', read: nodeState, uidOf },
    { put: (each) => peers.putNode(each), remove: (uid) => peers.removeNode(uid) },
    signal,
  );
  following['services'] = follow(
    api,
    { path: paths.services, part: 'whole', read: serviceState, uidOf },
    {
      put: (service) => peers.services.put(service, Date.now()),
      remove: (uid) => peers.services.remove(uid, Date.now()),
    },
    signal,
  );
  following['endpointslices'] = follow(
    api,
    { path: paths.endpointslices, part: 'whole', read: endpointsState, uidOf },
    { put: (slice) => peers.services.putEndpoints(slice), remove: (uid) => peers.services.removeEndpoints(uid) },
    signal,
  );
  return {
    pods,
    peers,
    get podsFollowed() {
      const own = following['pods of this node'];
      return own?.listed === true && own.trouble === null;
    },
    get listed() {
      return listed();
    },
    above,
    forget() {
      const now = Date.now();
      pods.forget(now);
      for (const [uid, { gone }] of owners) if (gone !== null && now - gone > rememberMs) owners.delete(uid);
      peers.forget();
    },
    following,
  };
}

/** Which cluster this is, where nobody gave it a name: the uid of a namespace that every cluster has from its start. */
export async function clusterUid(api: ApiServer): Promise<string> {
  const uid = text(json(json(await api.get('/api/v1/namespaces/kube-system'))['metadata'])['uid']);
  if (uid === null) throw new Error('the API server gave the namespace kube-system no uid');
  return uid;
}

function owned(object: unknown): { uid: string; owner: Owner | null } | null {
  const meta = json(json(object)['metadata']);
  const uid = text(meta['uid']);
  return uid === null ? null : { uid, owner: controllerOf(meta['ownerReferences']) };
}
