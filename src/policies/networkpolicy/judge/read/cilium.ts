/** CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy → policies. */
import { type LabelSelector, selects } from '#kubernetes/selectors.ts';
import { hintOf } from '../candidates.ts';
import type { Endpoint } from '../endpoint.ts';
import {
  type Match,
  match,
  type PeerTest,
  type Policy,
  type PortTest,
  type Rule,
  type Side,
  sideOf,
  type Tier,
} from '../policy.ts';
import { anyPort, pods } from '../tests.ts';
import { ciliumLabels } from './cilium-labels.ts';
import { bare, type CiliumWorld, peersOf } from './cilium-peers.ts';
import { icmpTests, portTests, requestOf } from './cilium-ports.ts';
import { type AllowRule, ciliumPolicies, type CiliumPorts, type CiliumSpec } from './cilium-schema.ts';
import { read } from './schema.ts';

export type CiliumKind = keyof typeof ciliumPolicies;

/** One policy for each spec. */
export function readCiliumPolicies(
  object: unknown,
  kind: CiliumKind,
  where: string,
  tier: Tier,
  world: CiliumWorld,
  ignoreDefaultDeny: boolean,
): Policy[] {
  const given = read<{
    metadata: { name: string; namespace?: string };
    spec?: CiliumSpec | undefined;
    specs?: CiliumSpec[] | undefined;
  }>(ciliumPolicies[kind], object, where);
  const namespace = kind === 'CiliumNetworkPolicy' ? (given.metadata.namespace ?? 'default') : null;
  const name = `${kind} ${namespace === null ? '' : `${namespace}/`}${given.metadata.name}`;
  const all = [
    ...(given.spec === undefined ? [] : [{ spec: given.spec, of: name }]),
    ...(given.specs ?? []).map((spec, at) => ({ spec, of: `${name} specs[${at}]` })),
  ];
  return all.map(({ spec, of }) => policyOf(spec, of, namespace, tier, world, ignoreDefaultDeny));
}

function policyOf(
  spec: CiliumSpec,
  name: string,
  namespace: string | null,
  tier: Tier,
  world: CiliumWorld,
  ignoreDefaultDeny: boolean,
): Policy {
  const side = (direction: 'ingress' | 'egress'): Side | null => {
    const sections = [
      { field: direction, action: 'allow' as const },
      { field: `${direction}Deny` as const, action: 'deny' as const },
    ];
    // An empty section counts as an absent one.
    const filled = sections.some(({ field }) => (spec[field] ?? []).length > 0);
    const isolates = (ignoreDefaultDeny ? undefined : spec.enableDefaultDeny?.[direction]) ?? filled;
    if (!filled && !isolates) return null;
    const rules = sections.flatMap(({ field, action }) =>
      // Deny rules are allow rules without some fields.
      ((spec[field] ?? []) as readonly AllowRule[]).flatMap((rule, at) =>
        rulesOf(rule, action, direction, `${field}[${at}]`, namespace, world),
      ),
    );
    return sideOf(rules, isolates);
  };
  const { endpointSelector, nodeSelector } = spec;
  return {
    name,
    tier,
    order: 0,
    hint: endpointSelector === undefined ? null : hintOf(namespace, bare(endpointSelector)),
    selects:
      endpointSelector === undefined ? nodesSelected(nodeSelector ?? {}) : subjects(endpointSelector, namespace, world),
    ingress: side('ingress'),
    egress: side('egress'),
  };
}

/** A namespaced policy never selects pods of another namespace, whatever its selector says. */
function subjects(
  selector: LabelSelector,
  namespace: string | null,
  world: CiliumWorld,
): (endpoint: Endpoint) => Match {
  const plain = bare(selector);
  return pods(
    (identity) =>
      (namespace === null || identity.namespace === namespace) && selects(plain, ciliumLabels(identity, world)),
  );
}

function nodesSelected(selector: LabelSelector): (endpoint: Endpoint) => Match {
  const plain = bare(selector);
  return (endpoint) => (endpoint.type === 'node' ? match(selects(plain, endpoint.labels)) : 'no');
}

function rulesOf(
  rule: AllowRule,
  action: 'allow' | 'deny',
  direction: 'ingress' | 'egress',
  where: string,
  namespace: string | null,
  world: CiliumWorld,
): Rule[] {
  const found = peersOf(rule, direction, namespace, world);
  const toPorts: readonly CiliumPorts[] = rule.toPorts ?? [];
  const icmps = icmpTests(rule.icmps);
  const onlyPorts = toPorts.length > 0 || icmps.length > 0;
  // Without a peer field, ports are for everybody, and a rule that says nothing at all matches nothing.
  const mode = rule.authentication?.mode ?? 'disabled';
  const anyone: readonly PeerTest[] = onlyPorts ? [{ label: 'anyone', matches: () => 'yes' }] : [];
  // Who can never be authenticated is never let through.
  const peers = mode === 'test-always-fail' ? [] : (found ?? anyone);
  const legacy = (rule.fromRequires ?? rule.toRequires ?? []).length > 0;
  const doubtful = legacy || mode === 'required' ? (): Match => 'maybe' : undefined;
  const made = (place: string, ports: readonly PortTest[], request: Rule['request']): Rule => ({
    where: place,
    action,
    peers,
    ports,
    request,
  });
  if (!onlyPorts) return [made(where, [anyPort], doubtful)];
  if (icmps.length > 0) return [made(where, icmps, doubtful)];
  return toPorts.map((each, at) =>
    made(toPorts.length === 1 ? where : `${where}.toPorts[${at}]`, portTests(each), doubtful ?? requestOf(each)),
  );
}
