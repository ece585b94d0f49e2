/**
 * NetworkPolicy v1 → what the kernel of one pod's namespace enforces. Only for the tests: labels that are equal,
 * address blocks, numbered ports. It knows nothing of the judge.
 */
import { parseAllDocuments } from 'yaml';

type Labels = Readonly<Record<string, string>>;
export interface EnforcedPod {
  readonly namespace: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
}
interface Selector {
  readonly matchLabels?: Labels;
}
interface PolicyPeer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}
interface Port {
  readonly protocol: string;
  readonly port: number;
}
interface PolicyObject {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly { readonly from: readonly PolicyPeer[]; readonly ports: readonly Port[] }[];
    readonly egress?: readonly { readonly to: readonly PolicyPeer[]; readonly ports: readonly Port[] }[];
  };
}

/** Null for a pod that no policy selects. */
export function rulesetOf(text: string, pod: EnforcedPod, all: readonly EnforcedPod[]): string | null {
  const own = [...parseAllDocuments(text)]
    .map((document) => document.toJS() as PolicyObject)
    .filter(({ metadata, spec }) => metadata.namespace === pod.namespace && has(pod.labels, spec.podSelector));
  if (own.length === 0) return null;
  const ingress = own.filter(({ spec }) => spec.policyTypes.includes('Ingress'));
  const egress = own.filter(({ spec }) => spec.policyTypes.includes('Egress'));
  const lines = (
    direction: 'saddr' | 'daddr',
    peers: readonly PolicyPeer[],
    ports: readonly Port[],
    namespace: string,
  ): string[] =>
    peers
      .flatMap((peer) => addressesOf(peer, namespace, all))
      .flatMap((address) =>
        ports.map(
          ({ protocol, port }) =>
            `${address.includes(':') ? 'ip6' : 'ip'} ${direction} ${address} ${protocol.toLowerCase()} dport ${port} accept`,
        ),
      );
  return `table inet pod {
${chain(
  'input',
  ingress.length > 0,
  ingress.flatMap(({ spec, metadata }) =>
    (spec.ingress ?? []).flatMap((rule) => lines('saddr', rule.from, rule.ports, metadata.namespace)),
  ),
)}
${chain(
  'output',
  egress.length > 0,
  egress.flatMap(({ spec, metadata }) =>
    (spec.egress ?? []).flatMap((rule) => lines('daddr', rule.to, rule.ports, metadata.namespace)),
  ),
)}
}
`;
}

/** Replies belong to what was let through; neighbours are found over ICMPv6. */
function chain(hook: string, isolated: boolean, rules: readonly string[]): string {
  const always = [
    'ct state established,related accept',
    `${hook === 'input' ? 'iif' : 'oif'} lo accept`,
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept',
  ];
  return `  chain ${hook} {\n    type filter hook ${hook} priority 0; policy ${isolated ? 'drop' : 'accept'};\n${[...always, ...rules].map((rule) => `    ${rule}\n`).join('')}  }`;
}

function addressesOf(
  { podSelector, namespaceSelector, ipBlock }: PolicyPeer,
  namespace: string,
  all: readonly EnforcedPod[],
): string[] {
  if (ipBlock !== undefined) return [ipBlock.cidr];
  const wanted = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ?? namespace;
  return all.filter((pod) => pod.namespace === wanted && has(pod.labels, podSelector ?? {})).flatMap(({ ips }) => ips);
}

function has(labels: Labels, { matchLabels }: Selector): boolean {
  return Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}
