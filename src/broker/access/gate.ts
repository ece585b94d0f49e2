/**
 * Who may do what. Agents prove by a token for our audience who they are and on which node they run; readers by any
 * token that the API server takes. Answers of the API server are kept briefly, tokens only as their hash.
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Refusal } from './refusal.ts';
import type { Identity, Permission, Reviews } from './reviews.ts';

export interface Gate {
  /** 401 when it is nobody's token. `authorization` is the header. */
  identify(authorization: string | undefined, audience: 'ours' | 'any'): Promise<Identity>;
  /** Whether that token is remembered, so that asking costs nothing. */
  remembers(authorization: string | undefined, audience: 'ours' | 'any'): boolean;
  /** 403 when he may not. Null asks for all namespaces. */
  reader(identity: Identity, namespace: string | null): Promise<void>;
  /** 403 when he may not send an API server's audit events. */
  auditor(identity: Identity): Promise<void>;
  /** The node whose pods he may report; 403 when there is none. Null: any, where nobody is asked for a token. */
  agent(identity: Identity): Promise<string | null>;
}

const keptMs = 60_000;
/** Briefly enough that a token that was just made is not shut out for long. */
const unknownKeptMs = 10_000;
const kept = 10_000;
const claims = 'authentication.kubernetes.io';

export function gate(reviews: Reviews, audience: string): Gate {
  const identities = new LRUCache<string, { identity: Identity | null }>({ max: kept, ttl: keptMs });
  const permissions = new LRUCache<string, { permitted: boolean }>({ max: kept, ttl: keptMs });

  async function identityOf(token: string, wanted: 'ours' | 'any'): Promise<Identity | null> {
    const key = keyOf(token, wanted);
    const known = identities.get(key);
    if (known !== undefined) return known.identity;
    const identity = await asked(async () => {
      const ours = await reviews.identify(token, audience);
      return ours ?? (wanted === 'any' ? await reviews.identify(token, null) : null);
    });
    identities.set(key, { identity }, identity === null ? { ttl: unknownKeptMs } : {});
    return identity;
  }

  async function permitted(identity: Identity, permission: Permission): Promise<boolean> {
    const { username, uid, groups, extra } = identity;
    const { verb, resource, namespace } = permission;
    const key = JSON.stringify([username, uid, groups, extra, verb, resource, namespace]);
    const known = permissions.get(key);
    if (known !== undefined) return known.permitted;
    const answer = await asked(() => reviews.permits(identity, permission));
    permissions.set(key, { permitted: answer }, answer ? {} : { ttl: unknownKeptMs });
    return answer;
  }

  return {
    async identify(authorization, wanted) {
      const token = tokenOf(authorization);
      if (token === null) throw new Refusal(401, 'a bearer token is needed: Authorization: Bearer TOKEN');
      const identity = await identityOf(token, wanted);
      if (identity !== null) return identity;
      const forUs = wanted === 'ours' ? ` for the audience ${JSON.stringify(audience)}` : '';
      throw new Refusal(401, `the API server does not know this token${forUs}`);
    },
    remembers(authorization, wanted) {
      const token = tokenOf(authorization);
      return token === null || identities.has(keyOf(token, wanted));
    },
    async reader(identity, namespace) {
      if (await permitted(identity, { verb: 'get', resource: 'baselines', namespace })) return;
      const where = namespace === null ? 'all namespaces' : `the namespace ${JSON.stringify(namespace)}`;
      throw new Refusal(403, `${identity.username} may not get baselines.kguardian.dev in ${where}`);
    },
    async auditor(identity) {
      if (await permitted(identity, { verb: 'create', resource: 'auditevents', namespace: null })) return;
      throw new Refusal(403, `${identity.username} may not create auditevents.kguardian.dev`, undefined, 30);
    },
    async agent(identity) {
      if (!(await permitted(identity, { verb: 'create', resource: 'recordings', namespace: null }))) {
        // Rights may come later than the agents that need them: what they have is not lost by then.
        throw new Refusal(403, `${identity.username} may not create recordings.kguardian.dev`, undefined, 30);
      }
      const node = identity.extra[`${claims}/node-name`]?.[0] ?? (await nodeOfPod(reviews, identity));
      if (node !== null) return node;
      throw new Refusal(403, `the token of ${identity.username} is not bound to a pod on a node`);
    },
  };
}

/** API servers before 1.30 name the pod in the token, and not its node. */
async function nodeOfPod(reviews: Reviews, { username, extra }: Identity): Promise<string | null> {
  const namespace = /^system:serviceaccount:([^:]+):/.exec(username)?.[1];
  const name = extra[`${claims}/pod-name`]?.[0];
  const uid = extra[`${claims}/pod-uid`]?.[0];
  if (namespace === undefined || name === undefined) return null;
  const pod = await asked(() => reviews.pod(namespace, name));
  return pod !== null && pod.uid === uid ? pod.node : null;
}

const keyOf = (token: string, wanted: string): string => `${wanted} ${hash('sha256', token)}`;

function tokenOf(authorization: string | undefined): string | null {
  // A token of any authenticator fits into the header's 16 KiB; what holds other characters is none.
  return /^Bearer ([\w\-.~+/=:]+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** What the API server cannot answer now is nobody's fault: ask again later. */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new Refusal(503, 'the API server cannot be asked who this is; try again', error);
  }
}

/** For a broker that serves only its own machine: everybody is welcome, and says what he likes. */
export const openGate: Gate = {
  identify: async () => ({ username: 'anybody', uid: '', groups: [], extra: {} }),
  remembers: () => true,
  reader: async () => undefined,
  auditor: async () => undefined,
  agent: async () => null,
};
