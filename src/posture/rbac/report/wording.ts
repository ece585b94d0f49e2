/** Rules, subjects and usage in words, as tables and reports show them. */
import { firstOf } from '#baseline/evidence.ts';
import type { AuditedRule } from '../audit.ts';
import { asRule } from '../audit.ts';
import type { Scope } from '../draft.ts';
import type { Subject } from '../objects.ts';
import type { Rule } from '../request.ts';

/** `get,list pods,deployments.apps "web"`. */
export function ruleText({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): string {
  const paths = nonResourceURLs ?? [];
  if (paths.length > 0) return `${verbs.join()} ${paths.join()}`;
  const groups = apiGroups ?? [];
  const [only] = groups;
  const many = groups.length > 1 ? ` of ${groups.map((each) => (each === '' ? 'core' : each)).join()}` : '';
  const whole = (resources ?? []).map((each) =>
    groups.length > 1 || only === '' || only === undefined ? each : `${each}.${only}`,
  );
  const names = (resourceNames ?? []).map((name) => JSON.stringify(name)).join();
  return `${verbs.join()} ${whole.join()}${many}${names === '' ? '' : ` ${names}`}`;
}

export function subjectText({ kind, namespace, name }: Subject): string {
  return `${kind} ${kind === 'ServiceAccount' && namespace !== undefined ? `${namespace}/` : ''}${name}`;
}

/** `everything`, or `secrets, exec and 3 more`. */
export function riskText({ risks }: AuditedRule): string {
  const all = risks.map(({ id }) => id);
  return all.length === 0 ? '-' : firstOf(all, 2);
}

export function scopeText(namespace: string | null): string {
  return namespace === null ? 'cluster' : namespace;
}

export function usageText({ usage }: AuditedRule): string {
  return usage.type === 'unknown' ? `not known: ${usage.why}` : usage.type;
}

/** What would be enough: `nothing`, `the same`, or rules with where they are needed. */
export function smallerText({ usage, smaller }: AuditedRule): string {
  if (usage.type === 'unknown') return 'not known';
  if (usage.type === 'whole') return 'the same';
  return smaller.length === 0 ? 'nothing' : smaller.map(smallerScope).join('; ');
}

function smallerScope({ namespace, rules }: Scope): string {
  return `${scopeText(namespace)}: ${rules.map((each) => ruleText(asRule(each))).join(', ')}`;
}

/** Machines get the same as people, in full. */
export function ruleObject(each: AuditedRule): object {
  const { subject, crowd, binding, role, namespace, index, rule, risks, usage, unused, smaller, last } = each;
  return {
    subject: { kind: subject.kind, namespace: subject.namespace, name: subject.name },
    crowd: crowd ?? undefined,
    binding,
    role,
    index,
    namespace,
    rule,
    risks: risks.map(({ id, why, source }) => ({ id, why, source })),
    usage: usage.type,
    why: usage.type === 'unknown' ? usage.why : undefined,
    lastUsed: last === null ? null : new Date(last).toISOString(),
    unused,
    smaller: smaller.map(({ namespace: where, rules }) => ({ namespace: where, rules: rules.map(asRule) })),
  };
}
