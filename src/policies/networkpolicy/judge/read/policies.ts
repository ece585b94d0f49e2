/** API objects of every kind that has a say → policies in their tiers. */
import type { Given } from '../../../documents.ts';
import { UnreadableArtifact } from '../../../kind.ts';
import { parseAddress } from '#kubernetes/addresses.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { ciliumLabels } from './cilium-labels.ts';
import type { Policy, Tier } from '../policy.ts';
import { isAdminKind, readAdminPolicy } from './admin.ts';
import { type CalicoKind, readCalicoPolicy } from './calico.ts';
import { calicoPolicies, calicoSets, calicoTier } from './calico-schema.ts';
import { type CiliumKind, readCiliumPolicies } from './cilium.ts';
import { networkOf } from './cilium-peers.ts';
import { cidrGroup, ciliumPolicies } from './cilium-schema.ts';
import {
  reachesEverything,
  reachesOutsideOfPods,
  reachesWorld,
  readNetworkPolicy,
  type Reading,
} from './kubernetes.ts';
import { read } from './schema.ts';

export const dialects = ['ipblock-matches-pods', 'ipblock-external-only', 'cilium'] as const;
export type Dialect = (typeof dialects)[number];

export interface Surroundings {
  readonly cluster: Cluster;
  readonly clusterName: string;
  /** Whether staged and audit-only policies are taken as what they would be. */
  readonly asEnforced: boolean;
}

const calicoGroup = 'projectcalico.org/v3';

/** Cilium's kinds are Cilium's to enforce; where they stand, or are served, its rules hold for the others too. */
export function dialectOf(objects: readonly Given[], apis: readonly string[] = []): Dialect {
  const isCilium =
    apis.some((each) => each.startsWith('cilium.io/')) ||
    objects.some((each) => nameOf(each).kind.startsWith('Cilium'));
  return isCilium ? 'cilium' : 'ipblock-matches-pods';
}

/** Throws `UnreadableArtifact` for what an API server would refuse. */
export function readPolicies(objects: readonly Given[], dialect: Dialect, surroundings: Surroundings): Policy[] {
  const tiers = tiersOf(objects, dialect);
  const world = worldOf(objects, surroundings);
  return objects.flatMap((given) =>
    policiesOf(given, dialect, tiers, world, surroundings).map((policy) => ({
      ...policy,
      source: given.object as object,
    })),
  );
}

function policiesOf(
  given: Given,
  dialect: Dialect,
  tiers: Tiers,
  world: ReturnType<typeof worldOf>,
  { asEnforced, clusterName }: Surroundings,
): Policy[] {
  const { object, where } = given;
  const { kind, calico } = nameOf(given);
  if (calico && kind in calicoPolicies) {
    if (dialect === 'cilium')
      throw new UnreadableArtifact(where, 'Calico does not enforce beside Cilium; choose another dialect');
    if (kind.startsWith('Staged') && !asEnforced) return [];
    const policy = readCalicoPolicy(object, kind as CalicoKind, where, calicoTierOf(object, where, tiers), world);
    return policy === null ? [] : [policy];
  }
  if (calico && kind === 'StagedKubernetesNetworkPolicy') {
    if (!asEnforced) return [];
    // Its spec is a NetworkPolicy's and what is to be done with it.
    const { spec, ...rest } = object as { spec?: Record<string, unknown> };
    const { stagedAction: _, ...own } = spec ?? {};
    const plain = { ...rest, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec: own };
    return [readNetworkPolicy(plain, where, readingOf(dialect, tiers.normal, clusterName))];
  }
  if (calico || kind === 'CiliumCIDRGroup') return [];
  if (kind === 'NetworkPolicy')
    return [readNetworkPolicy(object, where, readingOf(dialect, tiers.normal, clusterName))];
  if (kind in ciliumPolicies) {
    if (dialect !== 'cilium')
      throw new UnreadableArtifact(where, `${kind} is enforced by Cilium alone; the dialect is ${dialect}`);
    return readCiliumPolicies(object, kind as CiliumKind, where, tiers.normal, world, asEnforced);
  }
  if (isAdminKind(kind)) return [readAdminPolicy(object, kind, where, tiers)];
  throw new UnreadableArtifact(
    where === '' ? 'kind' : `${where}.kind`,
    kind === '' ? 'not an API object' : `${kind} is no network policy`,
  );
}

function nameOf({ object }: Given): { kind: string; calico: boolean } {
  const { kind, apiVersion } = (typeof object === 'object' && object !== null ? object : {}) as {
    kind?: unknown;
    apiVersion?: unknown;
  };
  return { kind: typeof kind === 'string' ? kind : '', calico: apiVersion === calicoGroup };
}

interface Tiers {
  readonly admin: Tier;
  readonly baseline: Tier;
  readonly normal: Tier;
  readonly calico: ReadonlyMap<string, Tier>;
}

/** The orders are Calico's; Kubernetes and Cilium have the three alone, in the same order. */
function tiersOf(objects: readonly Given[], dialect: Dialect): Tiers {
  const own = objects.filter((each) => nameOf(each).calico);
  const normal: Tier = {
    name: 'default',
    order: 1_000_000,
    mode: dialect === 'cilium' ? 'deny wins' : 'first match',
    equalOrder: 'by name',
    end: 'deny',
  };
  const calico = new Map([['default', normal]]);
  for (const each of own.filter((given) => nameOf(given).kind === 'Tier')) {
    const { metadata, spec } = read(calicoTier, each.object, each.where);
    const end = spec.defaultAction === 'Pass' ? 'pass' : 'deny';
    const order = metadata.name === 'default' ? normal.order : (spec.order ?? null);
    calico.set(metadata.name, { ...normal, name: metadata.name, order, end });
  }
  const edge = (name: string, order: number): Tier => ({
    name,
    order,
    mode: 'first match',
    equalOrder: 'undefined',
    end: 'pass',
  });
  return {
    admin: edge('admin', 1000),
    baseline: edge('baseline', 10_000_000),
    normal: calico.get('default') ?? normal,
    calico,
  };
}

function calicoTierOf(object: unknown, where: string, { calico }: Tiers): Tier {
  const name = (object as { spec?: { tier?: unknown } }).spec?.tier ?? 'default';
  const tier = typeof name === 'string' ? calico.get(name) : undefined;
  if (tier === undefined)
    throw new UnreadableArtifact(
      `${where === '' ? '' : `${where}.`}spec.tier`,
      `there is no Tier ${JSON.stringify(name)}`,
    );
  return tier;
}

function readingOf(dialect: Dialect, tier: Tier, clusterName: string): Reading {
  if (dialect === 'cilium')
    return {
      tier,
      order: 0,
      reaches: reachesWorld,
      labelsOf: (identity) => ciliumLabels(identity, { clusterName }),
      icmp: 'no',
    };
  const reaches = dialect === 'ipblock-external-only' ? reachesOutsideOfPods : reachesEverything;
  // Calico gives Kubernetes' policies the order 1000 in its default tier.
  return { tier, order: 1000, reaches, labelsOf: ({ labels }) => labels, icmp: 'maybe' };
}

/** What policies refer to: groups and sets of addresses, services, the API server. */
function worldOf(objects: readonly Given[], { cluster, clusterName }: Surroundings) {
  const groups = objects
    .filter((each) => nameOf(each).kind === 'CiliumCIDRGroup')
    .map(({ object, where }) => {
      const { metadata, spec } = read(cidrGroup, object, where);
      const labels = (metadata as { labels?: Record<string, string> }).labels ?? {};
      return [metadata.name, { labels, networks: spec.externalCIDRs.map(networkOf) }] as const;
    });
  const sets = objects
    .filter((each) => nameOf(each).calico && nameOf(each).kind in calicoSets)
    .map(({ object, where }) => {
      const kind = nameOf({ object, where }).kind as keyof typeof calicoSets;
      const { metadata, spec } = read<{
        metadata: { name: string; namespace?: string; labels?: unknown };
        spec: { nets?: string[] | null | undefined };
      }>(calicoSets[kind], object, where);
      const namespace = kind === 'GlobalNetworkSet' ? null : (metadata.namespace ?? 'default');
      return {
        namespace,
        labels: (metadata.labels ?? {}) as Record<string, string>,
        networks: (spec.nets ?? []).map(networkOf),
      };
    });
  return {
    clusterName,
    groups: new Map(groups),
    sets,
    services: cluster.services.length === 0 ? null : cluster.services,
    apiServer: cluster.apiServerIPs?.flatMap((text) => parseAddress(text) ?? []) ?? null,
  };
}
