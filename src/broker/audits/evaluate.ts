/** One PolicyAudit against what is recorded in its namespace → its status. */
import { type AuditStatus, candidateOf, maxRows, type PolicyAudit } from '#api/policy-audit.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import { applied, listText, type Manifest } from '#policies/in-force.ts';
import { kinds } from '#policies/index.ts';
import { type PolicyKind, UnreadableArtifact } from '#policies/kind.ts';
import { audit } from '#proof/audit.ts';

export interface Surroundings {
  readonly recordings: readonly Recording[];
  readonly cluster: Cluster;
  /** What is in force, of the policy's own kind. */
  readonly deployed: readonly Manifest[];
}

/** Why an audit cannot be answered; its reader can do something about it. */
export class Unanswerable extends Error {
  /** A condition's reason, in CamelCase. */
  readonly reason: string;
  constructor(reason: string, what: string) {
    super(what);
    this.name = 'Unanswerable';
    this.reason = reason;
  }
}

/** The kind whose object the policy is. An audit speaks for its own namespace, so its policy must, too. */
export function kindOf({ metadata, spec: { policy } }: PolicyAudit): PolicyKind {
  for (const kind of kinds) {
    const found = kind.deployed.find((each) => each.apiVersion === policy.apiVersion && each.kind === policy.kind);
    if (found === undefined) continue;
    if (!found.namespaced)
      throw new Unanswerable(
        'ClusterWide',
        `${policy.kind} is about the whole cluster; audit it with kguardian audit ${kind.name} -f`,
      );
    const named = policy.metadata.namespace ?? metadata.namespace;
    if (named !== metadata.namespace)
      throw new Unanswerable(
        'OtherNamespace',
        `the policy is of the namespace ${named}, the audit of ${metadata.namespace}`,
      );
    return kind;
  }
  throw new Unanswerable('UnknownKind', `no policy kind has ${policy.kind} (${policy.apiVersion})`);
}

/** The policy is judged as if it were applied, beside all that is in force. `now` in milliseconds since the epoch. */
export function evaluated(
  given: PolicyAudit,
  { recordings, cluster, deployed }: Surroundings,
  now: number,
): AuditStatus {
  const kind = kindOf(given);
  // Its own shape is checked by the evaluator.
  const candidate = candidateOf(given) as unknown as Manifest;
  try {
    const { rows } = audit(kind.evaluator(listText(applied(deployed, [candidate])), {}, cluster), recordings);
    const of = (verdict: string): number => rows.filter((row) => row.verdict === verdict).length;
    const findings = rows.flatMap(({ about, verdict, count, last, rule }) =>
      verdict === 'allow' ? [] : [{ about, verdict, count, last: iso(last), rule }],
    );
    const numbers = { allowed: of('allow'), denied: of('deny'), unknown: of('unknown') };
    const message = `${numbers.allowed} allowed, ${numbers.denied} refused, ${numbers.unknown} unknown`;
    return {
      ...statusOf(given, now, { status: 'True', reason: 'Evaluated', message }),
      evaluated: iso(now),
      ...numbers,
      findings: findings.slice(0, maxRows),
    };
  } catch (error) {
    if (error instanceof UnreadableArtifact) throw new Unanswerable('Invalid', error.message);
    throw error;
  }
}

/** The numbers of an earlier generation would be read as this one's: they go. */
export function unanswered(given: PolicyAudit, reason: string, message: string, now: number): AuditStatus {
  return statusOf(given, now, { status: 'False', reason, message });
}

function statusOf(
  { metadata: { generation }, status: before }: PolicyAudit,
  now: number,
  said: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string },
): AuditStatus {
  const known = before?.conditions?.find(({ type }) => type === 'Evaluated');
  const of = generation === undefined ? {} : { observedGeneration: generation };
  const since = known !== undefined && known.status === said.status ? known.lastTransitionTime : iso(now);
  return { ...of, conditions: [{ type: 'Evaluated', ...said, lastTransitionTime: since, ...of }] };
}

function iso(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
