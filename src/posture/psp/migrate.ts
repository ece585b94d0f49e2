/** PodSecurityPolicies with the pods, rights and namespaces of a cluster → levels, patches and policies, by namespace. */
import { changed, type Edit } from '../change.ts';
import { defaulted } from '../pss/defaults.ts';
import { strictestLevel, violations, violationText } from '../pss/evaluate.ts';
import { type Judged, type LabelPlan, labelPlan } from '../pss/labels.ts';
import { type Level, levels, type Version } from '../pss/level.ts';
import { readPod } from '../pss/pod.ts';
import { sourceText } from '../pss/report/finding.ts';
import type { Authorizer } from '../rbac/authorizer.ts';
import type { PodSource } from '../workloads.ts';
import { refusals } from './admit.ts';
import { allowedBeyond } from './beyond.ts';
import { mutations } from './mutate.ts';
import { type PspPod, readFields } from './pod.ts';
import { type AdmissionPolicy, admissionPolicy } from './policies.ts';
import { type Psp, pspGroups } from './psp.ts';

export interface Given {
  readonly psps: readonly Psp[];
  /** Null where no roles and bindings are known. */
  readonly authorizer: Authorizer | null;
  readonly namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, unknown>> }[];
  readonly pods: readonly PodSource[];
  /** Where manifests leave it out. */
  readonly defaultNamespace: string;
}

/** What a policy would have written into pods of a template: without it, they need it written down. */
export interface Patch {
  readonly source: PodSource;
  readonly psp: string;
  readonly changes: readonly Edit[];
  readonly before: unknown;
  readonly after: unknown;
}

export interface Migration {
  readonly namespace: string;
  readonly plan: LabelPlan;
  /** Policies that may be used here, by name, with what each allows beyond the level. */
  readonly policies: readonly { readonly name: string; readonly beyond: readonly string[] }[];
  readonly patches: readonly Patch[];
  readonly admission: readonly AdmissionPolicy[];
  readonly notes: readonly string[];
}

/** Throws `UnreadablePod` and `UnreadableFields` for pods that no API server would take. */
export function migrate(given: Given, version: Version): Migration[] {
  const byNamespace = Map.groupBy(given.pods, ({ namespace }) => namespace ?? given.defaultNamespace);
  for (const { name } of given.namespaces) if (!byNamespace.has(name)) byNamespace.set(name, []);
  return [...byNamespace]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, pods]) => ofNamespace(namespace, pods, given, version));
}

interface Placed {
  readonly source: PodSource;
  readonly fields: PspPod;
  readonly account: string;
}

function ofNamespace(namespace: string, sources: readonly PodSource[], given: Given, version: Version): Migration {
  const notes: string[] = [];
  const placed = sources.map((source): Placed => {
    const fields = readFields(source.pod);
    const { serviceAccountName } = fields.spec;
    return {
      source,
      fields,
      account: (serviceAccountName ?? '') === '' ? 'default' : (serviceAccountName ?? 'default'),
    };
  });
  const usable = usableIn(namespace, placed, given);
  if (given.authorizer === null)
    notes.push(
      'no roles and bindings are known: which account may use which policy is not, and no policy takes its place',
    );
  const patches: Patch[] = [];
  const judged = placed.map(({ source, fields, account }): Judged => {
    const chosen = choose(source, fields, usable.of(account), notes);
    const patch = chosen === null ? null : patchOf(source, fields, chosen);
    if (patch !== null) patches.push(patch);
    return judgedOf(source, patch?.after ?? source.pod, version);
  });
  const labels = given.namespaces.find(({ name }) => name === namespace)?.labels ?? {};
  const plan = labelPlan(namespace, judged, labels);
  const admission = given.authorizer === null ? [] : policiesOf(namespace, usable, plan.enforce, notes);
  return {
    namespace,
    plan,
    policies: usable.all.map((psp) => ({ name: psp.name, beyond: allowedBeyond(psp, plan.enforce) })),
    patches,
    admission,
    notes: [...new Set(notes)],
  };
}

interface Usable {
  readonly all: readonly Psp[];
  /** Accounts that may use others than every account of the namespace may. */
  readonly special: readonly string[];
  readonly everybody: readonly Psp[];
  of(account: string): readonly Psp[];
}

const admittedBy = 'kubernetes.io/psp';
/** No account is called so: it has what groups give. */
const nobody = '-';

/** By the account's own rights, and by the annotation of pods that run: whoever made them may have had the right instead. */
function usableIn(namespace: string, pods: readonly Placed[], { psps, authorizer }: Given): Usable {
  const may = (account: string, { name }: Psp): boolean =>
    authorizer !== null &&
    pspGroups.some(
      (apiGroup) =>
        authorizer.authorize({
          user: {
            name: `system:serviceaccount:${namespace}:${account}`,
            groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
          },
          verb: 'use',
          resourceRequest: true,
          apiGroup,
          resource: 'podsecuritypolicies',
          subresource: '',
          namespace,
          name,
          path: '',
        }).allowed,
    );
  const admitted = (account: string): readonly string[] =>
    pods.flatMap((each) => (each.account === account ? [each.fields.annotations[admittedBy] ?? ''] : []));
  const sorted = psps.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const of = (account: string): readonly Psp[] => {
    const names = admitted(account);
    return sorted.filter((psp) => may(account, psp) || names.includes(psp.name));
  };
  const everybody = of(nobody);
  const accounts = [...new Set(pods.map(({ account }) => account))].toSorted();
  const special = accounts.filter((account) => of(account).length !== everybody.length);
  const names = new Set([...everybody, ...accounts.flatMap(of)].map(({ name }) => name));
  return { all: sorted.filter(({ name }) => names.has(name)), special, everybody, of };
}

/** As the admission plugin chose: one that lets the pod in as it is, else the first by name that does after its changes. */
function choose(source: PodSource, fields: PspPod, usable: readonly Psp[], notes: string[]): Psp | null {
  const named = usable.find(({ name }) => name === fields.annotations[admittedBy]);
  if (named !== undefined) return named;
  const asItIs = usable.find((psp) => mutations(psp, fields).length === 0 && refusals(psp, fields).length === 0);
  if (asItIs !== undefined) return asItIs;
  const changing = usable.find(
    (psp) => refusals(psp, readFields(changed(source.pod, mutations(psp, fields)))).length === 0,
  );
  if (changing === undefined && usable.length > 0)
    notes.push(`${sourceText(source)} is let in by none of the policies that its account may use`);
  return changing ?? null;
}

/** Null for pods that run, which were changed when they were made, and where there is nothing to write. */
function patchOf(source: PodSource, fields: PspPod, psp: Psp): Patch | null {
  if (admittedBy in fields.annotations) return null;
  const changes = mutations(psp, fields);
  if (changes.length === 0) return null;
  return { source, psp: psp.name, changes, before: source.pod, after: changed(source.pod, changes) };
}

function judgedOf(source: PodSource, pod: unknown, version: Version): Judged {
  const view = defaulted(readPod(pod));
  const level = strictestLevel(view, version);
  const next = levels[levels.indexOf(level) + 1];
  return {
    what: sourceText(source),
    level,
    refused: next === undefined ? '' : violations(view, next, version).map(violationText).join(', '),
  };
}

function policiesOf(namespace: string, usable: Usable, level: Level, notes: string[]): AdmissionPolicy[] {
  const groups = [
    { accounts: { names: usable.special, but: true }, psps: usable.everybody },
    ...usable.special.map((name) => ({ accounts: { names: [name], but: false }, psps: usable.of(name) })),
  ];
  return groups.flatMap(({ accounts, psps }) => {
    const whose = accounts.but ? 'other accounts' : `account ${accounts.names.join()}`;
    if (psps.length === 0) {
      notes.push(`${whose}: no policy may be used, so no pods were let in by one; none is written`);
      return [];
    }
    const made = admissionPolicy(namespace, accounts, psps, level);
    if (made !== null) return [made];
    notes.push(`${whose}: ${psps.map(({ name }) => name).join(', ')} hold back nothing that ${level} does not`);
    return [];
  });
}
