/**
 * An agent reports pods of its own node, and of this cluster. What a pod's line says is held against the API server
 * where it still knows the pod; of one that is gone nobody can say more than that it names the agent's node.
 */
import { LRUCache } from 'lru-cache';
import type { Container } from '#observation/recording.ts';
import { asked } from './gate.ts';
import { Refusal } from './refusal.ts';
import type { KnownPod, Reviews } from './reviews.ts';

export interface OwnPods {
  /** 403 for the first container that is not the node's own; how many pods could not be looked up any more. */
  check(containers: readonly Container[], node: string): Promise<number>;
}

export function ownPods(reviews: Reviews, cluster: string): OwnPods {
  /** By uid: all that was ever learnt of any node, so that a pod of another is recognised. */
  const known = new LRUCache<string, KnownPod>({ max: 200_000 });
  /** Looked for and not found: not asked for again at once. */
  const gone = new LRUCache<string, true>({ max: 50_000, ttl: 60_000 });

  async function learn(containers: readonly Container[], node: string): Promise<void> {
    const news = containers.flatMap(({ pod }) =>
      pod === undefined || known.has(pod.uid) || gone.has(pod.uid) ? [] : [pod],
    );
    if (news.length === 0) return;
    for (const pod of await asked(() => reviews.podsOf(node))) known.set(pod.uid, pod);
    for (const { namespace, name, uid } of news) {
      if (known.has(uid)) continue;
      const pod = await asked(() => reviews.pod(namespace, name));
      // One that waits for a node is not known yet.
      if (pod !== null && pod.node !== null) known.set(pod.uid, pod);
      if (pod?.uid !== uid) gone.set(uid, true);
    }
  }

  return {
    async check(containers, node) {
      for (const each of containers) ownByItsWords(each, node, cluster);
      await learn(containers, node);
      let unknown = 0;
      for (const { id, pod } of containers) {
        if (pod === undefined) continue;
        const real = known.get(pod.uid);
        if (real === undefined) unknown += 1;
        else if (real.node !== node || real.namespace !== pod.namespace || real.name !== pod.name) {
          throw new Refusal(403, `the container ${JSON.stringify(id)} is not of a pod of node ${JSON.stringify(node)}`);
        }
      }
      return unknown;
    },
  };
}

function ownByItsWords({ id, pod }: Container, node: string, cluster: string): void {
  const what = `the container ${JSON.stringify(id)}`;
  if (pod === undefined) throw new Refusal(403, `${what} names no pod`);
  if (pod.cluster !== cluster) {
    throw new Refusal(
      403,
      `${what} is said to be of cluster ${JSON.stringify(pod.cluster)}, this is ${JSON.stringify(cluster)}`,
    );
  }
  if (pod.node !== node) {
    throw new Refusal(
      403,
      `${what} is said to be of node ${JSON.stringify(pod.node)}, the token is of ${JSON.stringify(node)}`,
    );
  }
}
