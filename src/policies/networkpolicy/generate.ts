/** Baselines of a cluster → network policies, one for each workload that was watched. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { plain, yamlDocument, type YamlMap } from '#kubernetes/yaml-text.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath } from '../names.ts';
import { calicoDenyDefault, calicoPolicy } from './generate/calico.ts';
import { cannotSay as ciliumCannotSay, ciliumDenyDefault, ciliumPolicy } from './generate/cilium.ts';
import { clusterNetworkPolicies } from './generate/cluster-network-policy.ts';
import { clusterwidePolicy, sharedDns } from './generate/clusterwide.ts';
import type { Draft } from './generate/draft.ts';
import { draftOf, type Form } from './generate/drafts.ts';
import { edgesOf } from './generate/edges.ts';
import { cannotSay, denyDefault, networkPolicy } from './generate/kubernetes.ts';
import { lookupIn } from './generate/rules.ts';
import { type GivenOptions, type Options, type PolicyType, sinceTime } from './options.ts';

const forms: Readonly<Record<PolicyType, Form>> = {
  kubernetes: { cannotSay, hosts: false, identities: false },
  cilium: { cannotSay: ciliumCannotSay, hosts: false, identities: true },
  'cilium-clusterwide': { cannotSay: ciliumCannotSay, hosts: true, identities: true },
  calico: { cannotSay: () => false, hosts: false, identities: false },
  'cluster-network-policy': { cannotSay, hosts: false, identities: false },
};

export function generate({ baselines, cluster }: Evidence, given: GivenOptions): Generated {
  if (cluster === null)
    return { type: 'abstained', reason: 'the cluster is not known, and policies name its pods by their labels' };
  const { type, note } = typeFor(cluster);
  const options: Options = { ...given, type: given.type ?? type };
  if (options.audit && options.type === 'cluster-network-policy')
    return { type: 'abstained', reason: 'ClusterNetworkPolicy has no form that is watched before it is enforced' };
  const last = Math.max(
    0,
    ...baselines.flatMap(({ facts }) => facts.flatMap(({ seen }) => Object.values(seen).map((each) => each.last))),
  );
  const { watched, leftOut, leftOutCount } = edgesOf(baselines, {
    since: sinceTime(options.since, last),
    minObservations: options.minObservations,
    l7: options.l7 && forms[options.type].identities,
  });
  if (watched.length === 0) return { type: 'abstained', reason: 'no pod of a cluster was recorded' };
  const lookup = lookupIn(cluster, forms[options.type].identities);
  const drafts: Draft[] = [];
  const notes: string[] = given.type === undefined && note !== null ? [note] : [];
  const reasons: string[] = [];
  for (const each of watched) {
    const name = `${each.workload.kind} ${each.workload.namespace}/${each.workload.name}`;
    const drafted = draftOf(each, options, lookup, forms[options.type]);
    if (drafted.type === 'abstained') reasons.push(`${name}: no policy, ${drafted.reason}`);
    else {
      drafts.push(drafted.draft);
      notes.push(...drafted.notes.map((note) => `${name}: ${note}`));
    }
  }
  if (drafts.length === 0) return { type: 'abstained', reason: reasons.join('\n') };
  if (leftOutCount > 0)
    notes.push(`${leftOutCount} edges are left out by --since or --min-observations; the policies refuse them`);
  notes.push(...reasons, ...auditNotes(options), ...denyNotes(options));
  const artifacts = documentsOf(drafts, options).map(
    ({ path, documents }): Artifact => ({
      applied: 'object',
      path: artifactPath(path, `networkpolicy.${options.output}`),
      text: textOf(documents, options.output),
    }),
  );
  return { type: 'artifacts', artifacts: artifacts.toSorted((a, b) => (a.path < b.path ? -1 : 1)), notes, leftOut };
}

/** What the cluster enforces: Cilium and Calico by their own APIs, others by Kubernetes'. */
function typeFor({ apis }: Cluster): { readonly type: PolicyType; readonly note: string | null } {
  const served = (group: string): string | undefined => apis?.find((each) => each.startsWith(`${group}/`));
  const own = [
    { type: 'cilium', api: served('cilium.io') },
    { type: 'calico', api: served('projectcalico.org') },
  ] as const;
  const found = own.find(({ api }) => api !== undefined);
  return found === undefined
    ? { type: 'kubernetes', note: null }
    : { type: found.type, note: `written for ${found.type}: the cluster serves ${found.api} (--type chooses another)` };
}

interface Documents {
  readonly path: string;
  readonly documents: readonly { readonly head: readonly string[]; readonly object: YamlMap }[];
}

/** `shop-web`; with a dot where two namespaces would give the same, `a-b` with `c` and `a` with `b-c`. */
function files(drafts: readonly Draft[]): (draft: Draft) => string {
  const usual = ({ workload, name }: Draft): string => `${workload.namespace}-${name}`;
  const same = Map.groupBy(drafts, usual);
  return (draft) =>
    (same.get(usual(draft))?.length ?? 0) > 1 ? `${draft.workload.namespace}.${draft.name}` : usual(draft);
}

function documentsOf(drafts: readonly Draft[], options: Options): Documents[] {
  const { type, audit } = options;
  const shared = type === 'cilium-clusterwide' ? sharedDns(drafts, audit) : { drafts, policy: null };
  const fileOf = files(shared.drafts);
  const own = shared.drafts.map(
    (draft): Documents => ({
      path: fileOf(draft),
      documents: objectsOf(draft, type, audit).map((object, at) => ({ head: at === 0 ? draft.head : [], object })),
    }),
  );
  const dns =
    shared.policy === null
      ? []
      : [
          {
            path: 'cluster-dns',
            documents: [{ head: ['Questions to the DNS of the cluster'], object: shared.policy }],
          },
        ];
  return [...own, ...dns, ...(options.denyDefault ? companions(drafts, options) : [])];
}

function objectsOf(draft: Draft, type: PolicyType, audit: boolean): YamlMap[] {
  switch (type) {
    case 'kubernetes':
      return [networkPolicy(draft, audit)];
    case 'cilium':
      return [ciliumPolicy(draft, { clusterwide: false, audit })];
    case 'cilium-clusterwide':
      return [clusterwidePolicy(draft, audit)];
    case 'calico':
      return [calicoPolicy(draft, audit)];
    case 'cluster-network-policy':
      return clusterNetworkPolicies(draft);
  }
}

/** What isolates everything else in the namespaces of the drafts. */
function companions(drafts: readonly Draft[], { type, audit, direction }: Options): Documents[] {
  const namespaces = [
    ...new Set(drafts.filter(({ onHost }) => !onHost).map(({ workload }) => workload.namespace)),
  ].toSorted();
  const directions = (['ingress', 'egress'] as const).filter((each) => direction === 'both' || direction === each);
  const kinds = directions.map((each) => (each === 'ingress' ? 'Ingress' : 'Egress'));
  const head = ['Isolates what has no policy of its own'];
  if (type === 'calico')
    return [{ path: 'default-deny', documents: [{ head, object: calicoDenyDefault(namespaces, kinds, audit) }] }];
  // Neither has a form that isolates without refusing.
  if (audit) return [];
  return namespaces.map((namespace) => {
    const object = type.startsWith('cilium')
      ? ciliumDenyDefault(namespace, directions, type === 'cilium-clusterwide')
      : denyDefault(namespace, kinds);
    return { path: `${namespace}-default-deny`, documents: [{ head, object }] };
  });
}

function textOf(documents: Documents['documents'], output: Options['output']): string {
  return documents
    .map(({ head, object }) => (output === 'json' ? `${JSON.stringify(plain(object))}\n` : yamlDocument(head, object)))
    .join('');
}

function auditNotes({ audit, type }: Options): string[] {
  if (!audit) return [];
  if (type === 'kubernetes')
    return ["staged by Calico (StagedKubernetesNetworkPolicy); Kubernetes' own API has no such form"];
  if (type === 'calico') return [];
  return [
    "without default deny nothing is refused; to see what would be, switch Cilium's policy audit mode on for the endpoints (PolicyAuditMode=Enabled), then generate without --audit",
  ];
}

function denyNotes({ denyDefault: wanted, audit, type }: Options): string[] {
  if (!wanted) return [];
  if (audit && type !== 'calico')
    return ['no default deny is written: this type has no form of it that is watched first'];
  return ['the default deny isolates workloads that were not watched, too'];
}
