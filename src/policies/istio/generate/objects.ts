/** Drafts → API objects. */
import { evidenceLine } from '#baseline/evidence.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { selects } from '#kubernetes/selectors.ts';
import { commented, type YamlMap } from '#kubernetes/yaml-text.ts';
import type { Options } from '../options.ts';
import type { Draft, DraftRule } from './draft.ts';

/** The API's own bounds. */
const mostRules = 512;
const mostTargets = 16;

type Rule = ReturnType<typeof commented>;

/** The policies of one workload: at its sidecar or ztunnel, and before it at the waypoint. */
export function objectsOf(draft: Draft, options: Options, cluster: Cluster): YamlMap[] | string {
  const selector = { selector: { matchLabels: draft.matchLabels } };
  if (options.waypoint === undefined || options.form === 'sidecar')
    return [...policies(draft, draft.name, selector, draft.rules.flatMap(rulesOf), options), ...peers(draft, options)];

  const services = servicesOf(draft, cluster);
  if (typeof services === 'string') return services;
  const through = draft.rules.filter(({ inMesh }) => inMesh);
  const straight = draft.rules.filter(({ inMesh, direct }) => !inMesh || direct || services.length === 0);
  const { namespace } = draft.server.workload;
  const waypoint = commented([`Gateway ${namespace}/${options.waypoint}, which asks the policies for its Services`], {
    from: [{ source: { principals: [`${options.trustDomain}/ns/${namespace}/sa/${options.waypoint}`] } }],
  });
  const ports = new Map(services.map((each) => [each.name, each.ports.map(({ port }) => String(port))]));
  const withServicePorts = through.flatMap((rule) => rulesOf(widened(rule, [...new Set([...ports.values()].flat())])));
  const before = chunks(services, mostTargets).flatMap((some, at) => {
    const targetRefs = some.map(({ name }) => ({ kind: 'Service', group: '', name }));
    const suffix = at === 0 ? '' : `-${at + 1}`;
    return policies(draft, `${draft.name}-waypoint${suffix}`, { targetRefs }, withServicePorts, options);
  });
  const own = services.length > 0 && through.length > 0 ? [waypoint] : [];
  return [
    ...(through.length === 0 ? [] : before),
    ...policies(draft, draft.name, selector, [...own, ...straight.map(layer4)], options),
    ...peers(draft, options),
  ];
}

/** A waypoint sees the port of the Service that was dialled, not the pod's. */
function widened(rule: DraftRule, servicePorts: readonly string[]): DraftRule {
  const operations = rule.operations.map((each) => ({
    ...each,
    ports: [...new Set([...each.ports, ...servicePorts])].toSorted((a, b) => Number(a) - Number(b)),
  }));
  return { ...rule, operations };
}

/** ztunnel reads no HTTP: a rule with a path would never match. */
function layer4(rule: DraftRule): Rule {
  const ports = [...new Set(rule.operations.flatMap((each) => each.ports))].toSorted((a, b) => Number(a) - Number(b));
  return ruleOf({ ...rule, operations: [{ ports }] });
}

/** What has HTTP's fields stands apart: for other connections the whole rule is dropped. */
function rulesOf(rule: DraftRule): Rule[] {
  const isHttp = ({ methods }: DraftRule['operations'][number]): boolean => methods !== undefined;
  return [rule.operations.filter((each) => !isHttp(each)), rule.operations.filter(isHttp)].flatMap((operations) =>
    operations.length === 0 ? [] : [ruleOf({ ...rule, operations })],
  );
}

function ruleOf({ source, operations, comment, evidence }: DraftRule): Rule {
  return commented([...comment, evidenceLine(evidence)], {
    from: [{ source: { ...source } }],
    to: operations.map((operation) => ({ operation: { ...operation } })),
  });
}

function policies(draft: Draft, name: string, about: YamlMap, rules: readonly Rule[], { mode }: Options): YamlMap[] {
  return chunks(rules, mostRules).map((some, at) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: {
      name: at === 0 ? name : `${name}-${at + 1}`,
      namespace: draft.server.workload.namespace,
      ...annotations(mode),
    },
    spec: { ...about, action: 'ALLOW', rules: some },
  }));
}

/** Nothing stands for the whole namespace: what no policy lets through is refused. */
export function denyDefault(namespace: string, { mode }: Options): YamlMap {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'allow-nothing', namespace, ...annotations(mode) },
    spec: { action: 'ALLOW' },
  };
}

function annotations(mode: Options['mode']): YamlMap {
  return mode === 'dry-run' ? { annotations: { 'istio.io/dry-run': 'true' } } : {};
}

/** It has no dry run, so it waits for the mode that enforces. */
function peers({ name, server, matchLabels, mutualTls }: Draft, { mode }: Options): YamlMap[] {
  if (!mutualTls || mode === 'dry-run') return [];
  return [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name, namespace: server.workload.namespace },
      spec: { selector: { matchLabels }, mtls: { mode: 'STRICT' } },
    },
  ];
}

/** Those that lead to this workload and to no other. */
function servicesOf({ server, matchLabels }: Draft, { services, pods }: Cluster): Cluster['services'] | string {
  const { namespace, kind, name } = server.workload;
  const inside = pods.filter((pod) => pod.namespace === namespace);
  const own = inside.filter(({ labels }) => selects({ matchLabels }, labels));
  const leading = services.filter(
    (each) =>
      each.namespace === namespace &&
      each.selector !== null &&
      own.some(({ labels }) => selects({ matchLabels: each.selector }, labels)),
  );
  const shared = leading.find(({ selector }) =>
    inside.some(
      ({ labels, workload }) =>
        selects({ matchLabels: selector }, labels) && (workload.kind !== kind || workload.name !== name),
    ),
  );
  return shared === undefined
    ? leading.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    : `Service ${shared.name} leads to other workloads, too, so a policy at its waypoint would speak for them`;
}

function chunks<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, at) => all.slice(at * most, (at + 1) * most));
}
