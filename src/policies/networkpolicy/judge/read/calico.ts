/** Calico's NetworkPolicy, GlobalNetworkPolicy and staged kinds → policies. */
import { type Network, parseAddress } from '#kubernetes/addresses.ts';
import type { Labels, Service } from '#kubernetes/cluster.ts';
import { selects } from '#kubernetes/selectors.ts';
import type { Endpoint, Identity } from '../endpoint.ts';
import {
  both,
  either,
  type Match,
  match,
  not,
  type PeerTest,
  type Policy,
  type Rule,
  type Side,
  sideOf,
  type Tier,
} from '../policy.ts';
import { inNetwork, pods } from '../tests.ts';
import { calicoPortTests } from './calico-ports.ts';
import { type CalicoEnd, calicoPolicies, type CalicoRule, type CalicoSpec } from './calico-schema.ts';
import { type LabelTest, parseSelector } from './calico-selector.ts';
import { networkOf } from './cilium-peers.ts';
import { read } from './schema.ts';

export type CalicoKind = keyof typeof calicoPolicies;

export interface NetworkSet {
  readonly namespace: string | null;
  readonly labels: Labels;
  readonly networks: readonly Network[];
}
export interface CalicoWorld {
  readonly sets: readonly NetworkSet[];
  readonly services: readonly Service[] | null;
}

/** Null for one that is about hosts alone, or takes away what is staged. */
export function readCalicoPolicy(
  given: unknown,
  kind: CalicoKind,
  where: string,
  tier: Tier,
  world: CalicoWorld,
): Policy | null {
  const { metadata, spec } = read<{ metadata: { name: string; namespace?: string }; spec: CalicoSpec }>(
    calicoPolicies[kind],
    given,
    where,
  );
  if (spec.doNotTrack === true || spec.preDNAT === true) return null;
  if (spec.stagedAction !== undefined && spec.stagedAction !== 'Set') return null;
  const namespace = kind.includes('Global') ? null : (metadata.namespace ?? 'default');
  const egress = (spec.egress ?? []).length > 0;
  const types = spec.types ?? [
    ...((spec.ingress ?? []).length > 0 || !egress ? ['Ingress'] : []),
    ...(egress ? ['Egress'] : []),
  ];
  const name = `Calico ${kind} ${namespace === null ? '' : `${namespace}/`}${metadata.name}`;
  const side = (direction: 'ingress' | 'egress', type: string): Side | null =>
    types.includes(type)
      ? sideOf(
          (spec[direction] ?? []).flatMap((rule, at) =>
            ruleOf(rule, direction, `${direction}[${at}]`, namespace, world),
          ),
          true,
        )
      : null;
  return {
    name,
    tier,
    order: spec.order ?? null,
    hint: namespace,
    selects: subject(spec, namespace),
    ingress: side('ingress', 'Ingress'),
    egress: side('egress', 'Egress'),
  };
}

function subject(
  { selector, namespaceSelector, serviceAccountSelector }: CalicoSpec,
  namespace: string | null,
): (endpoint: Endpoint) => Match {
  const own = parseSelector(selector ?? 'all()');
  const namespaces = namespaceSelector === undefined ? null : namespaceTest(namespaceSelector);
  const chosen = pods(
    (identity) =>
      (namespace === null || identity.namespace === namespace) &&
      (namespaces === null || namespaces(identity)) &&
      own(calicoLabels(identity)),
  );
  // Labels of service accounts are not part of a world.
  if (serviceAccountSelector === undefined || serviceAccountSelector === 'all()') return chosen;
  return (endpoint) => both(chosen(endpoint), 'maybe');
}

function ruleOf(
  rule: CalicoRule,
  direction: 'ingress' | 'egress',
  where: string,
  namespace: string | null,
  world: CalicoWorld,
): Rule[] {
  // Log goes on to the next rule.
  if (rule.action === 'Log') return [];
  const [near, far] = direction === 'ingress' ? [rule.destination, rule.source] : [rule.source, rule.destination];
  const nearTest = endTest(near ?? {}, namespace, world);
  const farTest = endTest(far ?? {}, namespace, world);
  const peer: PeerTest = {
    label: labelOf(far ?? {}),
    matches: (other, own) => both(farTest(other), nearTest(own)),
  };
  const versions = rule.ipVersion;
  return [
    {
      where,
      action: rule.action === 'Allow' ? 'allow' : rule.action === 'Deny' ? 'deny' : 'pass',
      peers: [
        versions === null || versions === undefined
          ? peer
          : { ...peer, matches: (other, own) => both(peer.matches(other, own), inFamily(versions, other)) },
      ],
      ports: calicoPortTests(rule),
      request: rule.http === undefined ? undefined : () => 'maybe',
    },
  ];
}

function inFamily(version: 4 | 6, { addresses }: Endpoint): Match {
  const families = new Set(addresses.map(({ family }) => family));
  return families.size === 1
    ? match(families.has(version))
    : families.size === 0
      ? 'maybe'
      : families.has(version)
        ? 'maybe'
        : 'no';
}

/** Everything that is said of one end must hold. */
function endTest(end: CalicoEnd, namespace: string | null, world: CalicoWorld): (endpoint: Endpoint) => Match {
  const tests: ((endpoint: Endpoint) => Match)[] = [];
  const { nets, notNets, selector, notSelector, namespaceSelector, serviceAccounts, services } = end;
  const inside = (texts: readonly string[]): ((endpoint: Endpoint) => Match) => {
    const ranges = texts.map(networkOf);
    return (endpoint) => ranges.map((range) => inNetwork(range, [], endpoint)).reduce(either, 'no');
  };
  if (nets !== undefined && nets !== null) tests.push(inside(nets));
  if (notNets !== undefined && notNets !== null) {
    const excluded = inside(notNets);
    tests.push((endpoint) => not(excluded(endpoint)));
  }
  if (selector !== undefined || namespaceSelector !== undefined || serviceAccounts !== undefined)
    tests.push(selected(selector ?? 'all()', namespaceSelector, serviceAccounts, namespace, world));
  if (notSelector !== undefined) {
    const excluded = selected(notSelector, undefined, undefined, null, world);
    tests.push((endpoint) => not(excluded(endpoint)));
  }
  if (services !== undefined) tests.push(serviceTest(services, namespace, world));
  return (endpoint) => {
    let all: Match = 'yes';
    for (const test of tests) {
      all = both(all, test(endpoint));
      if (all === 'no') return 'no';
    }
    return all;
  };
}

function selected(
  selector: string,
  namespaceSelector: string | undefined,
  accounts: CalicoEnd['serviceAccounts'],
  namespace: string | null,
  { sets }: CalicoWorld,
): (endpoint: Endpoint) => Match {
  const own = parseSelector(selector);
  const global = namespaceSelector !== undefined && /global\(\)/.test(namespaceSelector);
  const namespaces = namespaceSelector === undefined ? null : namespaceTest(namespaceSelector);
  const inScope = (identity: Identity): boolean =>
    namespaces === null ? namespace === null || identity.namespace === namespace : namespaces(identity);
  const names = accounts?.names ?? [];
  const chosen = pods(
    (identity) =>
      inScope(identity) &&
      own(calicoLabels(identity)) &&
      (names.length === 0 || names.includes(identity.serviceAccount ?? '')),
  );
  const networks = sets
    .filter((set) =>
      set.namespace === null ? global || namespaces === null : set.namespace === namespace && namespaces === null,
    )
    .filter(({ labels }) => own(labels))
    .flatMap((set) => set.networks);
  return (endpoint) => {
    const byLabels = accounts?.selector === undefined ? chosen(endpoint) : both(chosen(endpoint), 'maybe');
    return either(byLabels, networks.map((range) => inNetwork(range, [], endpoint)).reduce(either, 'no'));
  };
}

function serviceTest(
  { name, namespace: of }: { name: string; namespace?: string | undefined },
  namespace: string | null,
  { services }: CalicoWorld,
): (endpoint: Endpoint) => Match {
  if (services === null) return () => 'maybe';
  const found = services.find((each) => each.name === name && each.namespace === (of ?? namespace));
  if (found === undefined) return (endpoint) => (endpoint.type === 'unresolved' ? 'maybe' : 'no');
  const { selector } = found;
  const backends = (found.endpoints ?? [])
    .flatMap((text) => parseAddress(text) ?? [])
    .map((address) => ({ address, bits: address.family === 4 ? 32 : 128 }));
  if (selector === null)
    return (endpoint) => backends.map((range) => inNetwork(range, [], endpoint)).reduce(either, 'no');
  return pods(
    (identity) => identity.namespace === found.namespace && selects({ matchLabels: selector }, identity.labels),
  );
}

function namespaceTest(text: string): (identity: Identity) => boolean {
  const test: LabelTest = parseSelector(text);
  return ({ namespaceLabels, namespace }) => test({ ...namespaceLabels, 'projectcalico.org/name': namespace });
}

/** Labels of a pod as Calico's selectors see them. */
function calicoLabels(identity: Identity): Labels {
  const known = labelsKnown.get(identity);
  if (known !== undefined) return known;
  const { labels, namespace, namespaceLabels, serviceAccount } = identity;
  const made = {
    ...labels,
    ...Object.fromEntries(Object.entries(namespaceLabels).map(([key, value]) => [`pcns.${key}`, value])),
    'projectcalico.org/namespace': namespace,
    'projectcalico.org/orchestrator': 'k8s',
    ...(serviceAccount === null ? {} : { 'projectcalico.org/serviceaccount': serviceAccount }),
  };
  labelsKnown.set(identity, made);
  return made;
}
const labelsKnown = new WeakMap<Identity, Labels>();

/** Fields in a fixed order, as they stand. */
function labelOf(end: CalicoEnd): string {
  const parts = Object.entries(end)
    .filter(([name, value]) => value !== undefined && value !== null && name !== 'ports' && name !== 'notPorts')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return parts.length === 0 ? 'anyone' : parts.join(' ');
}
