/** API objects → policies, as istiod takes them. */
import type { Labels } from '#kubernetes/cluster.ts';
import { type Given, readAs } from '../../documents.ts';
import {
  type AuthorizationPolicy,
  authorizationPolicy,
  type PeerAuthentication,
  peerAuthentication,
  type Rule,
  type TargetRef,
} from './schema.ts';

export interface Policy {
  /** `shop/web`. */
  readonly name: string;
  readonly namespace: string;
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  /** Null for all of its namespace. */
  readonly matchLabels: Labels | null;
  readonly targets: readonly TargetRef[];
  readonly rules: readonly Rule[];
  readonly dryRun: boolean;
  readonly provider: string | null;
}

export type Mode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** What a workload asks of its clients' TLS. */
export interface Peers {
  readonly name: string;
  readonly namespace: string;
  readonly matchLabels: Labels | null;
  readonly mode: Mode;
  readonly ports: Readonly<Record<string, Mode>>;
}

export interface Policies {
  readonly policies: readonly Policy[];
  readonly peers: readonly Peers[];
}

const apis = /^security\.istio\.io\/v1(beta1)?$/;

/** Throws `UnreadableArtifact` for what istiod refuses. Objects of other APIs are passed over. */
export function readPolicies(objects: readonly Given[]): Policies {
  const policies: Policy[] = [];
  const peers: Peers[] = [];
  for (const { object, where } of objects) {
    const { apiVersion, kind } = (object ?? {}) as { apiVersion?: unknown; kind?: unknown };
    if (typeof apiVersion !== 'string' || !apis.test(apiVersion)) continue;
    if (kind === 'AuthorizationPolicy') policies.push(policyOf(readAs(authorizationPolicy, object, where)));
    if (kind === 'PeerAuthentication') peers.push(peersOf(readAs(peerAuthentication, object, where)));
  }
  return { policies, peers };
}

function policyOf({ metadata, spec }: AuthorizationPolicy): Policy {
  const { name, namespace, annotations } = metadata;
  const target = spec?.targetRef;
  const targets = (spec?.targetRefs ?? []).length > 0 ? (spec?.targetRefs ?? []) : target ? [target] : [];
  return {
    name: `${namespace}/${name}`,
    namespace,
    action: spec?.action ?? 'ALLOW',
    matchLabels: spec?.selector?.matchLabels ?? null,
    targets,
    rules: spec?.rules ?? [],
    // Go's ParseBool: nothing else is true.
    dryRun: /^(1|t|T|true|TRUE|True)$/.test(annotations?.['istio.io/dry-run'] ?? ''),
    provider: spec?.provider?.name ?? null,
  };
}

function peersOf({ metadata: { name, namespace }, spec }: PeerAuthentication): Peers {
  const ports = Object.entries(spec?.portLevelMtls ?? {}).map(([port, { mode }]) => [port, mode] as const);
  return {
    name: `${namespace}/${name}`,
    namespace,
    matchLabels: spec?.selector?.matchLabels ?? null,
    mode: spec?.mtls?.mode ?? 'UNSET',
    ports: Object.fromEntries(ports),
  };
}
