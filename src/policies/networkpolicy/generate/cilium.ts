/** Drafts → CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy. */
import { evidenceLine } from '#baseline/evidence.ts';
import { commented, type YamlMap, type YamlValue } from '#kubernetes/yaml-text.ts';
import { type Draft, type DraftPeer, type DraftPort, type DraftRule, isDnsPort, usesNames } from './draft.ts';
import { httpRules } from './http.ts';
import { selectorMap } from './kubernetes.ts';

const namespaceKey = 'k8s:io.kubernetes.pod.namespace';
/** Cilium's limit for one list of ports. */
const portsPerList = 40;

export interface CiliumForm {
  readonly clusterwide: boolean;
  /** Isolates nothing: to look at before it is enforced. */
  readonly audit: boolean;
}

export function ciliumPolicy(draft: Draft, form: CiliumForm): YamlMap {
  const { name, workload } = draft;
  return {
    apiVersion: 'cilium.io/v2',
    kind: form.clusterwide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: form.clusterwide ? { name: `${workload.namespace}.${name}` } : { name, namespace: workload.namespace },
    spec: ciliumSpec(draft, form),
  };
}

export function ciliumSpec(draft: Draft, { clusterwide, audit }: CiliumForm): YamlMap {
  const { ingress, egress, selector, workload, onHost } = draft;
  const subject = selectorMap(selector);
  const within = {
    ...subject,
    matchLabels: { ...(subject['matchLabels'] as YamlMap | undefined), [namespaceKey]: workload.namespace },
  };
  const rules = (own: readonly DraftRule[], direction: 'ingress' | 'egress'): readonly YamlValue[] => {
    const made = own.flatMap((rule) =>
      ruleMaps(
        rule,
        direction,
        clusterwide ? null : workload.namespace,
        draft.questions ?? (usesNames(draft) ? ['*'] : null),
      ),
    );
    // An empty list would count as none and isolate nothing; a rule that says nothing lets nothing through.
    return made.length === 0 && !onHost ? [{}] : made;
  };
  const section = (own: Draft['ingress'], direction: 'ingress' | 'egress'): readonly YamlValue[] | undefined => {
    const made = own === null ? [] : rules(own, direction);
    return made.length === 0 ? undefined : made;
  };
  return {
    ...(onHost ? { nodeSelector: subject } : { endpointSelector: clusterwide ? within : subject }),
    enableDefaultDeny: audit || onHost ? { ingress: false, egress: false } : undefined,
    ingress: section(ingress, 'ingress'),
    egress: section(egress, 'egress'),
  };
}

export function ruleMaps(
  { peer, ports, evidence, remarks }: DraftRule,
  direction: 'ingress' | 'egress',
  namespace: string | null,
  questions: readonly string[] | null,
): YamlValue[] {
  const peers = peerFields(peer, direction === 'ingress' ? 'from' : 'to', namespace);
  const comment = [...remarks, evidenceLine(evidence)];
  const icmps = ports.filter(({ protocol, icmpType }) => protocol.startsWith('ICMP') && icmpType !== null);
  const lists = chunks(ports.filter(({ protocol }) => !protocol.startsWith('ICMP')));
  const asks = direction === 'egress' && (peer.type === 'workload' || peer.type === 'node-dns');
  return peers.flatMap((fields) => [
    ...(lists.length === 0
      ? []
      : [commented(comment, { ...fields, toPorts: lists.map((list) => portList(list, asks ? questions : null)) })]),
    ...(icmps.length === 0 ? [] : [commented(comment, { ...fields, icmps: [{ fields: icmps.map(icmpField) }] })]),
  ]);
}

/** ICMP is told by its type; without one nothing can be let through alone. */
export function cannotSay({ protocol, icmpType }: DraftPort): boolean {
  return protocol.startsWith('ICMP') && icmpType === null;
}

function icmpField({ protocol, icmpType }: DraftPort): YamlMap {
  return { family: protocol === 'ICMPv6' ? 'IPv6' : 'IPv4', type: icmpType ?? 0 };
}

/** `questions`: names that may be asked, `*` for any; null where nobody looks at them. */
function portList(ports: readonly DraftPort[], questions: readonly string[] | null): YamlMap {
  const list = ports.map(({ protocol, port }) => ({ port: String(port), protocol }));
  // Names of rules are learnt from the answers that pass here.
  if (questions !== null && ports.every(isDnsPort))
    return {
      ports: list,
      rules: { dns: questions.map((each) => (each === '*' ? { matchPattern: each } : { matchName: each })) },
    };
  const [{ requests } = {}] = ports;
  return { ports: list, rules: requests === undefined ? undefined : { http: httpRules(requests) } };
}

/** DNS ports stand alone, and each with requests of its own: what rules say of one holds for all of a list. */
function chunks(ports: readonly DraftPort[]): DraftPort[][] {
  const asked = ports.filter(({ requests }) => requests !== undefined);
  const found: DraftPort[][] = asked.map((port) => [port]);
  const plain = ports.filter(({ requests }) => requests === undefined);
  for (const own of [plain.filter(isDnsPort), plain.filter((port) => !isDnsPort(port))]) {
    for (let at = 0; at < own.length; at += portsPerList) found.push(own.slice(at, at + portsPerList));
  }
  return found;
}

/** One field of peers a rule: what needs two is two rules. */
function peerFields(peer: DraftPeer, side: 'from' | 'to', namespace: string | null): YamlMap[] {
  switch (peer.type) {
    case 'workload': {
      const selector = selectorMap(peer.selector);
      const labels = selector['matchLabels'] as YamlMap | undefined;
      const own =
        peer.namespace === namespace
          ? selector
          : { ...selector, matchLabels: { ...labels, [namespaceKey]: peer.namespace } };
      return [{ [`${side}Endpoints`]: [own] }];
    }
    case 'nodes':
      return [{ [`${side}Entities`]: ['host', 'remote-node'] }];
    case 'api-server':
      return [{ [`${side}Entities`]: ['kube-apiserver'] }];
    case 'node-dns':
      return [{ [`${side}Entities`]: ['host'] }];
    case 'networks':
      return [{ [`${side}CIDR`]: peer.networks }];
    case 'name':
      return [{ toFQDNs: [{ matchName: peer.name }] }];
    case 'published':
      // The world has no pods in it; ranges are the Service's own.
      return peer.everyone
        ? [{ [`${side}Entities`]: ['world', ...(peer.throughNodes ? ['remote-node'] : [])] }]
        : [{ [`${side}CIDR`]: peer.networks }];
  }
}

export function ciliumDenyDefault(
  namespace: string,
  directions: readonly ('ingress' | 'egress')[],
  clusterwide: boolean,
): YamlMap {
  const sections = Object.fromEntries(directions.map((direction) => [direction, [{}]]));
  return {
    apiVersion: 'cilium.io/v2',
    kind: clusterwide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: clusterwide ? { name: `${namespace}.default-deny` } : { name: 'default-deny', namespace },
    spec: { endpointSelector: clusterwide ? { matchLabels: { [namespaceKey]: namespace } } : {}, ...sections },
  };
}
