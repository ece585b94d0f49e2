/** `kguardian audit rbac`: what is granted today, what of it was used, what never; risky grants first, the smaller rule beside. */
import { stringify } from 'yaml';
import type { ApiUse } from '#kubernetes/api-use.ts';
import { auditRbac, type AuditedRule, type RbacAudit } from '#posture/rbac/audit.ts';
import type { Grant } from '#posture/rbac/grants.ts';
import type { Subject } from '#posture/rbac/objects.ts';
import { rbacSarif } from '#posture/rbac/report/sarif.ts';
import {
  riskText,
  ruleObject,
  ruleText,
  scopeText,
  smallerText,
  subjectText,
  usageText,
} from '#posture/rbac/report/wording.ts';
import { openCluster } from '../../cluster/open.ts';
import { Failure } from '../../failure.ts';
import { columns, count, tell } from '../../story.ts';
import { version } from '../../version.ts';
import { fileTexts } from '../../file-texts.ts';
import { maxNamesOf } from './generate.ts';
import { type GrantedObjects, grantedIn, grantedOf } from './granted.ts';
import { namespaceOf, type UseFlags, usesIn, usesOfBroker } from '../../used-rights.ts';

export interface AuditFlags extends UseFlags {
  readonly rbac?: readonly string[];
  readonly defaults?: boolean;
  readonly maxNames: string;
  readonly output: 'table' | 'json' | 'yaml' | 'sarif';
  readonly failOn?: 'risk' | 'unused' | 'unused-risk';
}

/** Exit code 1 for what `--fail-on` names, 2 when something could not be read. */
export async function audit(name: string | undefined, flags: AuditFlags): Promise<void> {
  const maxNames = maxNamesOf(flags.maxNames);
  const fromFiles = flags.rbac !== undefined;
  const namespace = fromFiles ? (flags.namespace ?? null) : namespaceOf(flags);
  const granted = await grantedBy(flags);
  const { uses, blind } = await evidence(flags, fromFiles, namespace);
  const audited = auditRbac(granted.objects, uses, {
    maxNames,
    defaults: flags.defaults === true,
    blind,
    isWanted: (subject, grant) => isNamed(subject, name) && isIn(subject, grant, namespace),
  });
  if (name !== undefined && audited.rules.length + audited.defaults === 0)
    throw new Failure(`no binding is to a subject called ${JSON.stringify(name)}`);
  process.stdout.write(written(audited, granted, flags.output));
  told(audited, granted);
  if (granted.unread.length > 0) process.exitCode = 2;
  else if (audited.rules.some((each) => fails(each, flags.failOn))) process.exitCode = 1;
}

async function grantedBy(flags: AuditFlags): Promise<GrantedObjects> {
  if (flags.rbac !== undefined) return grantedIn(await fileTexts(flags.rbac));
  const cluster = openCluster(flags, 'roles with --rbac FILE');
  try {
    return await grantedOf(cluster.api());
  } finally {
    cluster.close();
  }
}

interface Evidence {
  readonly uses: readonly ApiUse[];
  readonly blind: (subject: Subject) => string | null;
}

/** Where nobody can tell what was used, risks are told all the same. */
async function evidence(flags: AuditFlags, fromFiles: boolean, namespace: string | null): Promise<Evidence> {
  const { auditLog = [] } = flags;
  if (auditLog.length > 0) return { uses: await usesIn(auditLog), blind: () => null };
  const unknown = (why: string): Evidence => {
    tell(`what was used is not known: ${why}`);
    return { uses: [], blind: () => 'no log' };
  };
  if (fromFiles && flags.broker === undefined) return unknown('give --audit-log FILE, or --broker URL');
  try {
    // Subjects of all namespaces, and people, may be bound in one.
    const uses = await usesOfBroker(flags, null);
    return uses.length === 0 ? unknown(nothingTold) : { uses, blind: () => null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (namespace === null) return unknown(error.message);
  }
  // Who may not read all namespaces reads his own.
  try {
    const uses = await usesOfBroker(flags, namespace);
    if (uses.length === 0) return unknown(nothingTold);
    const blind = (subject: Subject): string | null =>
      subject.kind === 'ServiceAccount' && subject.namespace === namespace ? null : 'not of this namespace';
    return { uses, blind };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return unknown(error.message);
  }
}

const nothingTold = 'no audit webhook has told the broker anything (docs/audit-webhook.md)';

function isNamed({ name }: Subject, wanted: string | undefined): boolean {
  return (
    wanted === undefined || name === wanted || name === wanted.replace(/^(sa|serviceaccounts?|users?|groups?)\//, '')
  );
}

function isIn(subject: Subject, grant: Grant, namespace: string | null): boolean {
  return namespace === null || grant.namespace === namespace || subject.namespace === namespace;
}

/** Where it is not known whether something was used, nobody can say that all is. */
function fails({ risks, usage }: AuditedRule, failOn: AuditFlags['failOn']): boolean {
  const isUnused = usage.type === 'never' || usage.type === 'unknown';
  switch (failOn) {
    case 'risk':
      return risks.length > 0;
    case 'unused':
      return isUnused || usage.type === 'partly';
    case 'unused-risk':
      return risks.length > 0 && isUnused;
    default:
      return false;
  }
}

function written(audited: RbacAudit, { originOf, unread }: GrantedObjects, output: AuditFlags['output']): string {
  const { rules, dangling, openAggregations } = audited;
  if (output === 'sarif') {
    const sarif = rbacSarif(rules, unread, ({ role, index }) => originOf(role, index), version);
    return `${JSON.stringify(sarif, null, 2)}\n`;
  }
  const whole = { rules: rules.map(ruleObject), dangling, openAggregations, unread };
  if (output === 'json') return `${JSON.stringify(whole, null, 2)}\n`;
  if (output === 'yaml') return stringify(JSON.parse(JSON.stringify(whole)), { lineWidth: 0 });
  if (rules.length === 0) return '';
  const heads = ['SUBJECT', 'RISK', 'WHERE', 'GRANTED', 'USED', 'SMALLER', 'BY'];
  return `${columns(heads, rules.map(line))}\n`;
}

function line(each: AuditedRule): string[] {
  const { subject, namespace, rule, binding, role, index } = each;
  return [
    subjectText(subject),
    riskText(each),
    scopeText(namespace),
    ruleText(rule),
    usageText(each),
    smallerText(each),
    `${binding} of ${role}, rules[${index}]`,
  ];
}

function told({ rules, defaults, dangling, openAggregations }: RbacAudit, { unread, others }: GrantedObjects): void {
  for (const { file, line: at, what } of unread) tell(`${file ?? 'cluster'}${at === null ? '' : `:${at}`}: ${what}`);
  for (const [kind, number] of others) tell(`${number} ${kind} passed over: it grants nothing`);
  for (const what of [...dangling, ...openAggregations]) tell(what);
  for (const [crowd, subject] of new Map(
    rules.flatMap((each) => (each.crowd === null ? [] : [[each.crowd, subjectText(each.subject)] as const])),
  ))
    tell(`${subject} is ${crowd}`);
  if (defaults > 0) tell(`${count(defaults, 'rule')} of Kubernetes' own components left out (--defaults shows them)`);
  const of = (...types: AuditedRule['usage']['type'][]): number =>
    rules.filter(({ usage }) => types.includes(usage.type)).length;
  const risky = rules.filter(({ risks }) => risks.length > 0);
  const bad = unread.length === 0 ? '' : `, ${count(unread.length, 'document')} could not be read`;
  tell(
    `${count(rules.length, 'granted rule')}: ${of('whole')} wholly used, ${of('partly')} partly, ${of('never')} never, ${of('unknown')} not known; ${risky.length} carry a risk, ${risky.filter(({ usage }) => usage.type === 'never').length} of them never used${bad}`,
  );
}
