/** What the broker asks of the API server: who somebody is, what he may, and where a pod runs. */

export interface Identity {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface Permission {
  readonly verb: 'create' | 'get';
  /** In the API group `kguardian.dev`. */
  readonly resource: 'recordings' | 'baselines' | 'auditevents';
  /** Null for all of them. */
  readonly namespace: string | null;
}

export interface KnownPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Null until it is scheduled. */
  readonly node: string | null;
}

export interface Reviews {
  /** Whose token it is; null for nobody's. The audience null is the API server's own. */
  identify(token: string, audience: string | null): Promise<Identity | null>;
  permits(identity: Identity, permission: Permission): Promise<boolean>;
  /** The uid of its namespace kube-system: what a cluster is called where nobody gave it a name. */
  clusterName(): Promise<string>;
  podsOf(node: string): Promise<readonly KnownPod[]>;
  /** Null when there is none of that name. */
  pod(namespace: string, name: string): Promise<KnownPod | null>;
}

export const apiGroup = 'kguardian.dev';
