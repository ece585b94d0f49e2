/** What is granted against what was used of it, rule by rule: what never was, and how much smaller the rule may be. */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { isSubject, isWithin } from './authorizer.ts';
import { type DraftRule, draftRules, type Scope } from './draft.ts';
import { type Grant, type Granted, grantsOf } from './grants.ts';
import type { RbacObject, Subject } from './objects.ts';
import type { Rule } from './request.ts';
import { type Risk, crowdOf, risksOf } from './risks.ts';
import { atoms, matches, uncovered } from './rules.ts';
import { requestsOf } from './uses.ts';

/**
 * - `never`: nothing of it in the log.
 * - `partly`: some of it, so a smaller rule would do.
 * - `whole`: all that it says.
 * - `unknown`: the log cannot tell, `why` says why not.
 */
export type Usage =
  | { readonly type: 'never' | 'partly' | 'whole' }
  | { readonly type: 'unknown'; readonly why: string };

export interface AuditedRule {
  readonly subject: Subject;
  /** Who a group stands for, where that is a crowd. */
  readonly crowd: string | null;
  readonly binding: string;
  readonly role: string;
  /** Null: the whole cluster. */
  readonly namespace: string | null;
  /** Of the role's rules, from 0. */
  readonly index: number;
  readonly rule: Rule;
  readonly risks: readonly Risk[];
  readonly usage: Usage;
  /** What of it was never used: one verb of one resource each, or one path. Empty where usage is not known. */
  readonly unused: readonly Rule[];
  /** What would be enough, by where it is needed. */
  readonly smaller: readonly Scope[];
  /** Of the last use, milliseconds since the epoch; null where there is none. */
  readonly last: number | null;
}

export interface RbacAudit extends Omit<Granted, 'grants'> {
  /** The worst first: by risk, the cluster before a namespace, what was never used before what was. */
  readonly rules: readonly AuditedRule[];
  /** Rules of Kubernetes' own components that were left out. */
  readonly defaults: number;
}

export interface AuditOptions {
  readonly maxNames: number;
  /** Kubernetes' own bindings to its own components, too. */
  readonly defaults: boolean;
  /** Why what a subject used is not known; null where the uses are all that he did. */
  readonly blind: (subject: Subject) => string | null;
  /** What to leave out. */
  readonly isWanted: (subject: Subject, grant: Grant) => boolean;
}

export function auditRbac(objects: readonly RbacObject[], uses: readonly ApiUse[], options: AuditOptions): RbacAudit {
  const { grants, ...rest } = grantsOf(objects);
  const allowed = uses.filter(({ decision }) => decision === 'allow');
  const refused = uses.filter(({ decision }) => decision === 'forbid');
  const knowsGroups = uses.some(({ groups }) => groups.length > 0);
  const rules: AuditedRule[] = [];
  let defaults = 0;
  for (const grant of grants)
    for (const subject of grant.subjects) {
      if (!options.isWanted(subject, grant)) continue;
      if (!options.defaults && grant.labelledDefault && isComponent(subject)) {
        defaults += grant.rules.length;
        continue;
      }
      const own = usesOf(subject, allowed);
      const against = usesOf(subject, refused);
      const unnamed = subject.kind === 'Group' && !knowsGroups ? 'the log names no groups' : null;
      const blind = options.blind(subject) ?? (uses.length === 0 ? 'there is nothing in the log' : unnamed);
      for (const [index, rule] of grant.rules.entries())
        rules.push(judged({ grant, subject, index, rule, own, against, blind, maxNames: options.maxNames }));
    }
  return { ...rest, defaults, rules: rules.toSorted(byWorst) };
}

/** Kubernetes' own: nobody else can take these names, but for service accounts of kube-system. */
function isComponent({ kind, name, namespace }: Subject): boolean {
  if (kind === 'ServiceAccount') return namespace === 'kube-system';
  return name.startsWith('system:') && crowdOf({ kind, name }) === null;
}

function usesOf(subject: Subject, uses: readonly ApiUse[]): readonly ApiUse[] {
  return uses.filter((use) => {
    const [first] = requestsOf(use);
    return first !== undefined && isSubject(subject, first);
  });
}

interface Judged {
  readonly grant: Grant;
  readonly subject: Subject;
  readonly index: number;
  readonly rule: Rule;
  readonly own: readonly ApiUse[];
  readonly against: readonly ApiUse[];
  readonly blind: string | null;
  readonly maxNames: number;
}

function judged({ grant, subject, index, rule, own, against, blind, maxNames }: Judged): AuditedRule {
  const { binding, role, namespace } = grant;
  const about = { subject, crowd: crowdOf(subject), binding, role, namespace, index, rule };
  const carried = risksOf(rule, namespace);
  const used = own.flatMap((use) => within(use, grant, rule));
  const last = used.length === 0 ? null : Math.max(...used.map((use) => use.last));
  if (blind !== null)
    return {
      ...about,
      risks: carried,
      usage: { type: 'unknown', why: blind },
      unused: [],
      smaller: [],
      last: null,
    };
  const unused = atoms([rule]).filter((each) => !used.some((use) => requestsOf(use).some((one) => matches(each, one))));
  const mayStream = (verb: string): boolean => rule.verbs.includes('*') || rule.verbs.includes(verb);
  const named = (rule.resourceNames ?? []).length > 0;
  const { scopes } = draftRules(used, against, { maxNames, within: { mayStream, named } });
  const isWhole =
    scopes.length > 0 && scopes.every((scope) => scope.namespace === namespace) && left(scopes, rule).length === 0;
  return {
    ...about,
    risks: carried,
    usage: { type: used.length === 0 ? 'never' : isWhole ? 'whole' : 'partly' },
    unused,
    smaller: scopes,
    last,
  };
}

/** What the rule says and the smaller ones do not. */
function left(scopes: readonly Scope[], rule: Rule): Rule[] {
  return uncovered(
    scopes.flatMap(({ rules }) => rules.map(asRule)),
    [rule],
  );
}

export function asRule({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: DraftRule): Rule {
  return nonResourceURLs.length > 0
    ? { verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] }
    : {
        verbs: [...verbs],
        apiGroups: [...apiGroups],
        resources: [...resources],
        ...(resourceNames.length === 0 ? {} : { resourceNames: [...resourceNames] }),
      };
}

/** As much of the use as the rule lets in. */
function within(use: ApiUse, { namespace }: Grant, rule: Rule): ApiUse[] {
  const taken = requestsOf(use).filter((asked) => isWithin(namespace, asked) && matches(rule, asked));
  if (taken.length === 0) return [];
  const nameless = use.nameless && taken.some(({ name }) => name === '');
  // Which of its names were among those that are not kept, nobody knows: none is called unused.
  if (use.manyNames && (rule.resourceNames ?? []).length > 0)
    return [{ ...use, names: rule.resourceNames ?? [], manyNames: false, nameless }];
  return [{ ...use, names: taken.flatMap(({ name }) => (name === '' ? [] : [name])), nameless }];
}

const order = { never: 0, unknown: 1, partly: 2, whole: 3 } as const;
const none = 1_000;

function byWorst(a: AuditedRule, b: AuditedRule): number {
  const rank = ({ risks }: AuditedRule): number => risks[0]?.rank ?? none;
  const scope = ({ namespace }: AuditedRule): number => (namespace === null ? 0 : 1);
  const text = ({ subject, binding, role, index }: AuditedRule): string =>
    JSON.stringify([subject.kind, subject.namespace ?? '', subject.name, binding, role, index]);
  return (
    rank(a) - rank(b) ||
    scope(a) - scope(b) ||
    order[a.usage.type] - order[b.usage.type] ||
    (text(a) < text(b) ? -1 : 1)
  );
}
