/**
 * What gives more than it says, the worst first: each as requests, one of which a rule must match to carry it. So a wildcard
 * carries all of them, and `resourceNames` do not hide one.
 */
import type { Rule } from './request.ts';
import { request } from './request.ts';
import { matches } from './rules.ts';

export interface Risk {
  readonly id: string;
  /** What whoever holds it can do. */
  readonly why: string;
  readonly source: string;
  /** The worst is 1. */
  readonly rank: number;
}

const practices = 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/';
const reference = 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/';

/** `cluster`: these resources are in no namespace, and a RoleBinding does not give them. */
type Probe = readonly [verbs: string, group: string, resources: string, scope?: 'cluster'];

interface Described extends Omit<Risk, 'rank'> {
  readonly asks: readonly Probe[];
}

const write = 'create update patch';

const described: readonly Described[] = [
  {
    id: 'escalate',
    why: 'writes roles with rights that he does not hold',
    source: `${practices}#escalate-verb`,
    asks: [
      ['escalate', 'rbac.authorization.k8s.io', 'roles'],
      ['escalate', 'rbac.authorization.k8s.io', 'clusterroles', 'cluster'],
    ],
  },
  {
    id: 'bind',
    why: 'binds roles with rights that he does not hold',
    source: `${practices}#bind-verb`,
    // Whether a cluster role may be bound in a namespace is asked in that namespace.
    asks: [['bind', 'rbac.authorization.k8s.io', 'roles clusterroles']],
  },
  {
    id: 'impersonate',
    why: 'speaks as others, with their rights',
    source: `${practices}#impersonate-verb`,
    asks: [
      ['impersonate', '', 'serviceaccounts'],
      ['impersonate', '', 'users groups', 'cluster'],
      ['impersonate:serviceaccount', 'authentication.k8s.io', 'serviceaccounts'],
      ['impersonate:user-info', 'authentication.k8s.io', 'users groups', 'cluster'],
      ['impersonate:arbitrary-node', 'authentication.k8s.io', 'nodes', 'cluster'],
    ],
  },
  {
    id: 'nodes-proxy',
    why: 'runs commands in every container of a node through its kubelet, past audit and admission',
    source: `${practices}#access-to-proxy-subresource-of-nodes`,
    asks: [['get create', '', 'nodes/proxy', 'cluster']],
  },
  {
    id: 'approve-certificates',
    why: 'makes client certificates for other names',
    source: `${practices}#csrs-and-certificate-issuing`,
    asks: [
      ['update patch', 'certificates.k8s.io', 'certificatesigningrequests/approval', 'cluster'],
      ['approve sign', 'certificates.k8s.io', 'signers', 'cluster'],
    ],
  },
  {
    id: 'admission-webhooks',
    why: 'reads and changes whatever is admitted',
    source: `${practices}#control-admission-webhooks`,
    asks: [
      [
        write,
        'admissionregistration.k8s.io',
        'validatingwebhookconfigurations mutatingwebhookconfigurations mutatingadmissionpolicies mutatingadmissionpolicybindings',
        'cluster',
      ],
    ],
  },
  {
    id: 'tokens',
    why: 'makes tokens of service accounts',
    source: `${practices}#token-request`,
    asks: [['create', '', 'serviceaccounts/token']],
  },
  {
    id: 'secrets',
    why: 'reads credentials of others; a list or watch shows contents as a get does',
    source: `${practices}#listing-secrets`,
    asks: [['get list watch', '', 'secrets']],
  },
  {
    id: 'exec',
    why: 'runs commands in containers of others, with their credentials',
    source: 'https://attack.mitre.org/techniques/T1609/',
    asks: [
      ['create get', '', 'pods/exec pods/attach'],
      ['update patch', '', 'pods/ephemeralcontainers'],
    ],
  },
  {
    id: 'workloads',
    why: 'runs pods with any service account, Secret and volume of the namespace, and where admission lets it with the node',
    source: `${practices}#workload-creation`,
    asks: [
      [write, '', 'pods replicationcontrollers podtemplates'],
      [write, 'apps', 'deployments daemonsets statefulsets replicasets'],
      [write, 'batch', 'jobs cronjobs'],
    ],
  },
  {
    id: 'persistent-volumes',
    why: 'mounts files of the node by a hostPath volume',
    source: `${practices}#persistent-volume-creation`,
    asks: [['create', '', 'persistentvolumes', 'cluster']],
  },
  {
    id: 'namespaces',
    why: 'changes the labels by which pod security and network policies are chosen',
    source: `${practices}#namespace-modification`,
    asks: [['update patch', '', 'namespaces']],
  },
  {
    id: 'roles',
    why: 'gives his own rights to others',
    source: `${reference}#privilege-escalation-prevention-and-bootstrapping`,
    asks: [
      [write, 'rbac.authorization.k8s.io', 'roles rolebindings'],
      [write, 'rbac.authorization.k8s.io', 'clusterroles clusterrolebindings', 'cluster'],
    ],
  },
  {
    id: 'endpoints',
    why: 'turns the traffic of a service to another address',
    source: `${reference}#write-access-for-endpoints`,
    asks: [
      [write, '', 'endpoints'],
      [write, 'discovery.k8s.io', 'endpointslices'],
    ],
  },
  {
    id: 'port-forward',
    why: 'reaches ports of pods past network policies',
    source: 'https://attack.mitre.org/techniques/T1090/',
    asks: [['create get', '', 'pods/portforward pods/proxy services/proxy']],
  },
];

const everything: Risk = {
  id: 'everything',
  why: 'may do everything, with what will be added, too',
  source: `${practices}#least-privilege`,
  rank: 1,
};
const wildcard: Risk = {
  id: 'wildcard',
  why: 'grows with what will be added: other verbs, resources or groups',
  source: `${practices}#least-privilege`,
  rank: described.length + 2,
};

export const risks: readonly Risk[] = [
  everything,
  ...described.map(({ id, why, source }, at) => ({ id, why, source, rank: at + 2 })),
  wildcard,
];

/** Groups that stand for more than anybody means by a name. */
const crowds: Readonly<Record<string, string>> = {
  'system:anonymous': 'whoever reaches the API server',
  'system:unauthenticated': 'whoever reaches the API server',
  'system:authenticated': 'everybody with any credential',
  'system:serviceaccounts': 'every pod of the cluster',
};

/** Who a subject stands for, where that is a crowd; null for others. */
export function crowdOf({ kind, name }: { readonly kind: string; readonly name: string }): string | null {
  if (kind === 'ServiceAccount') return null;
  const [, namespace] = /^system:serviceaccounts:(.+)$/.exec(name) ?? [];
  return crowds[name] ?? (namespace === undefined ? null : `every pod of the namespace ${namespace}`);
}

/** The worst first. `namespace` is that of the binding, null for the cluster. */
export function risksOf(rule: Rule, namespace: string | null): readonly Risk[] {
  if (isEverything(rule)) return namespace === null ? [everything] : [everything, ...carried(rule, namespace)];
  return carried(rule, namespace);
}

function isEverything({ verbs, apiGroups, resources, resourceNames }: Rule): boolean {
  return [verbs, apiGroups, resources].every((each) => each?.includes('*')) && (resourceNames ?? []).length === 0;
}

function carried(rule: Rule, namespace: string | null): readonly Risk[] {
  const found = described.flatMap(({ id, asks }) =>
    asks.some((each) => holds(rule, each, namespace)) ? risks.filter((each) => each.id === id) : [],
  );
  const grows = [rule.verbs, rule.apiGroups, rule.resources, rule.nonResourceURLs].some((each) =>
    each?.some((one) => one === '*' || one.startsWith('*/')),
  );
  return grows ? [...found, wildcard] : found;
}

function holds(rule: Rule, [verbs, apiGroup, resources, scope]: Probe, namespace: string | null): boolean {
  if (scope === 'cluster' && namespace !== null) return false;
  const name = rule.resourceNames?.[0] ?? '';
  return verbs.split(' ').some((verb) =>
    resources.split(' ').some((whole) => {
      const [resource = '', subresource = ''] = whole.split('/');
      const user = { name: '' };
      // Whoever makes an object shows no name: rules with names do not let him.
      const shown = (verb === 'create' && subresource === '') || verb === 'deletecollection' ? '' : name;
      const asked = { user, verb, resourceRequest: true, apiGroup, resource, subresource, name: shown };
      return matches(rule, request.parse({ ...asked, namespace: namespace ?? '' }));
    }),
  );
}
