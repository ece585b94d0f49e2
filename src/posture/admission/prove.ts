/** The written text, asked by the judge: what is there passes or is an exception, a counter-example of each rule does not. */
import { json } from '#kubernetes/json.ts';
import { isTarget } from './candidate.ts';
import type { Judge } from './judge/judge.ts';
import { type AdmissionRequest, question, requestOf } from './judge/request.ts';
import type { Proposal } from './mine.ts';
import { type Rule, subjectText } from './rule/rule.ts';
import { type Existing, type Group, groups, type Manifest } from './subjects.ts';

export interface Proof {
  /** Objects that some rule is about: each was asked about. */
  readonly objects: number;
  readonly counterExamples: number;
  /** What is not as it should be. */
  readonly faults: readonly string[];
}

/** `nameOf`: what the form calls a rule. */
export function prove(
  judge: Judge,
  proposals: readonly Proposal[],
  all: readonly Existing[],
  nameOf: (rule: Rule) => string,
): Proof {
  // Other kinds no rule is about, and Kubernetes itself may not serve them.
  const objects = all.filter((each) => proposals.some(({ rule }) => isTarget(rule.targets, each)));
  const faults: string[] = [];
  const rules = new Map(proposals.map(({ rule }) => [nameOf(rule), rule]));
  const missing = [...rules.keys()].filter((name) => !judge.policies.includes(name));
  faults.push(...missing.map((name) => `${name} is not in the text`));
  const subjects = groups(all);
  const makers = new Map(
    subjects.flatMap(({ subject, objects: own }) =>
      own.map((each) => [each, each.owner?.kind ?? (subject.kind === each.kind ? null : subject.kind)]),
    ),
  );
  for (const each of objects)
    for (const { policy, message } of judge.failings(requestFor(each, makers.get(each) ?? null)))
      faults.push(`${policy} refuses ${place(each)}, which is there: ${message}`);
  for (const { rule, counterExample } of proposals) {
    const told = judge.failings(requestFor(counterExample, null, isSubresource(rule)));
    const own = told.find(({ policy }) => policy === nameOf(rule));
    if (own === undefined) faults.push(`${nameOf(rule)} lets its counter-example through`);
    else if (own.message !== rule.message) faults.push(`${nameOf(rule)} fails on its counter-example: ${own.message}`);
  }
  faults.push(...needless(judge, proposals, subjects, nameOf), ...fragile(judge, rules));
  return { objects: objects.length, counterExamples: proposals.length, faults };
}

/** An exception that another name would not need is a hole. */
function needless(
  judge: Judge,
  proposals: readonly Proposal[],
  subjects: readonly Group[],
  nameOf: (rule: Rule) => string,
): string[] {
  const bySubject = new Map(subjects.map((group) => [subjectText(group.subject), group]));
  const isAsked = (each: Existing): boolean => proposals.some(({ rule }) => isTarget(rule.targets, each));
  // Asked once for all rules that except it.
  const told = new Map<string, ReadonlySet<string>>();
  const refusing = (subject: string): ReadonlySet<string> => {
    const own = bySubject.get(subject)?.objects.filter(isAsked) ?? [];
    const found =
      told.get(subject) ??
      new Set(own.flatMap((each) => judge.failings(requestFor(stranger(each), null)).map(({ policy }) => policy)));
    told.set(subject, found);
    return found;
  };
  return proposals.flatMap(({ rule }) =>
    rule.exceptions
      .map(subjectText)
      .filter((subject) => !refusing(subject).has(nameOf(rule)))
      .map((subject) => `${nameOf(rule)} would let ${subject} through without its exception`),
  );
}

/** The same object under a name that nobody has, made by nobody. */
function stranger(existing: Existing): Existing {
  const { ownerReferences: _, generateName: __, ...metadata } = json(existing.object['metadata']);
  const name = 'kguardian-stranger';
  return { ...existing, name, object: { ...existing.object, metadata: { ...metadata, name } } };
}

/** Whatever is left out of an object, no expression fails: it holds or it does not. */
function fragile(judge: Judge, rules: ReadonlyMap<string, Rule>): string[] {
  const found: string[] = [];
  const targets = new Map(
    [...rules.values()].flatMap(({ targets: own }) => own.map((each) => [`${each.group}/${each.kind}`, each])),
  );
  for (const { group, version, kind } of targets.values())
    for (const rest of sparse) {
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const object = { apiVersion, kind, metadata: { name: 'kguardian-sparse' }, ...rest };
      for (const { policy, message } of judge.failings(requestFor({ object }, null)))
        if (message !== rules.get(policy)?.message) found.push(`${policy} fails where fields are missing: ${message}`);
    }
  return found;
}

const bare = {
  containers: [{ name: 'a' }],
  initContainers: [{}],
  volumes: [{ name: 'v' }, { name: 'h', hostPath: {} }],
};
const sparse: readonly Manifest[] = [
  {},
  { spec: {} },
  { spec: { template: {} } },
  { spec: { template: { metadata: {}, spec: bare }, rules: [{}], tls: [{}], volumeClaimTemplates: [{}] } },
  { spec: { ...bare, containers: [{ securityContext: {}, resources: { limits: { cpu: 1, memory: '1Gi' } } }] } },
  {
    spec: {
      ...bare,
      containers: [{ securityContext: { capabilities: {} }, ports: [{}], resources: { requests: {} } }],
    },
  },
  { spec: { jobTemplate: { spec: { template: { spec: bare } } } } },
  { template: { spec: bare } },
];

/** Who makes what, as the API server sees it. */
const controllers: Readonly<Record<string, string>> = {
  Deployment: 'deployment',
  ReplicaSet: 'replicaset',
  StatefulSet: 'statefulset',
  DaemonSet: 'daemon-set',
  Job: 'job',
  CronJob: 'cronjob',
  ReplicationController: 'replication',
};

/** `maker`: the kind whose controller asks; null for a user. */
function requestFor({ object }: Pick<Existing, 'object'>, maker: string | null, subresource = ''): AdmissionRequest {
  const controller = maker === null ? undefined : controllers[maker];
  const oldObject = { ...object, spec: {} };
  return requestOf(
    question.parse({
      object,
      // Debug containers come by a request of their own.
      ...(subresource === '' ? { operation: 'CREATE' } : { operation: 'UPDATE', oldObject, subresource }),
      ...(controller === undefined ? {} : { user: `system:serviceaccount:kube-system:${controller}-controller` }),
      subresource,
    }),
  );
}

/** That of a rule which nothing but a subresource can break. */
function isSubresource({ id }: Rule): string {
  return id === 'ephemeral-containers' ? 'ephemeralcontainers' : '';
}

function place({ kind, namespace, name }: Existing): string {
  return subjectText({ kind, namespace, name });
}
