/** All PolicyAudits, again and again: their statuses say what their policies would do to what is recorded. */
import { momentOf } from '#api/scope.ts';
import {
  auditGroup,
  auditKind,
  auditStatus,
  type AuditStatus,
  auditVersion,
  policyAudit,
  type PolicyAudit,
} from '#api/policy-audit.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterKinds, clusterOfObjects } from '#kubernetes/cluster-objects.ts';
import { typesOf } from '#observation/sensor-of.ts';
import { deployedObjects, type Manifest } from '#policies/in-force.ts';
import type { PolicyKind } from '#policies/kind.ts';
import { Refusal } from '../access/refusal.ts';
import type { Context } from '../http/context.ts';
import { queryOf, recordings } from '../http/reading.ts';
import { named } from '../storage/reading.ts';
import { keepingTime } from '../timers.ts';
import type { Audits } from './audits.ts';
import { evaluated, kindOf, Unanswerable, unanswered } from './evaluate.ts';

/** A status whose numbers stand is written again after this time, so that its reader sees that somebody looks. */
const renewMs = 600_000;

export function keepAudits(context: Context, audits: Audits, everyMs: number): () => void {
  const { log } = context;
  return keepingTime(
    { everyMs, againMs: Math.min(everyMs, 10_000) },
    async () => {
      const written = await round(context, audits);
      if (written > 0) log.info({ written }, 'policy audits brought up to date');
    },
    (error) => log.error({ reason: error.message }, 'policy audits could not be brought up to date'),
  );
}

/** The number of statuses that were written. */
async function round(context: Context, audits: Audits): Promise<number> {
  const given = await audits.list(`${auditGroup}/${auditVersion}`, auditKind);
  if (given === null)
    throw new Error(`the cluster has no ${auditKind}; install its definition (the chart's broker.policyAudits)`);
  const all = given.flatMap((each) => {
    const parsed = policyAudit.safeParse(
      Object.assign({ apiVersion: `${auditGroup}/${auditVersion}`, kind: auditKind }, each),
    );
    if (!parsed.success)
      context.log.warn({ reason: parsed.error.issues[0]?.message }, 'a policy audit is not as its definition says');
    return parsed.success ? [parsed.data] : [];
  });
  if (all.length === 0) return 0;
  // Once a round, whatever the number of audits.
  const read = surroundings(audits);
  let written = 0;
  for (const each of all) {
    const status = await statusOf(context, each, read);
    if (!isNews(each, status, context.now())) continue;
    await audits.writeStatus(each.metadata.namespace, each.metadata.name, whole(status));
    written += 1;
  }
  return written;
}

interface Read {
  cluster(): Promise<Cluster>;
  deployed(kind: PolicyKind): Promise<Manifest[]>;
}

function surroundings({ list, apis }: Audits): Read {
  let cluster: Promise<Cluster> | null = null;
  const deployed = new Map<PolicyKind, Promise<Manifest[]>>();
  async function readCluster(): Promise<Cluster> {
    const lists: object[] = [];
    for (const { apiVersion, kind } of clusterKinds) {
      const items = await list(apiVersion, kind);
      if (items === null) throw new Error(`the API server serves no ${kind} (${apiVersion})`);
      lists.push({ kind: `${kind}List`, items });
    }
    return clusterOfObjects([...lists, await apis()]);
  }
  return {
    cluster: () => (cluster ??= readCluster()),
    deployed(kind) {
      const known = deployed.get(kind) ?? deployedObjects(kind, list);
      deployed.set(kind, known);
      return known;
    },
  };
}

async function statusOf(context: Context, given: PolicyAudit, read: Read): Promise<AuditStatus> {
  const now = context.now();
  try {
    const kind = kindOf(given);
    const { namespace } = given.metadata;
    const query = queryOf(context, { namespace, since: given.spec.since, type: typesOf(kind.sensors) });
    const seen = await recordings(context, await named(context.storage, query), query);
    if (seen.length === 0) {
      const since = new Date(momentOf(given.spec.since, now)).toISOString();
      throw new Unanswerable(
        'NothingRecorded',
        `nothing is recorded in the namespace ${namespace} since ${since.slice(0, 10)}`,
      );
    }
    return evaluated(
      given,
      { recordings: seen, cluster: await read.cluster(), deployed: await read.deployed(kind) },
      now,
    );
  } catch (error) {
    if (error instanceof Unanswerable) return unanswered(given, error.reason, error.message, now);
    if (error instanceof Refusal) return unanswered(given, 'TooMuch', error.message, now);
    throw error;
  }
}

/** Times and counts alone are no news. */
function isNews({ status: before }: PolicyAudit, after: AuditStatus, now: number): boolean {
  if (before === undefined || lasting(before) !== lasting(after)) return true;
  return before.evaluated !== undefined && now - Date.parse(before.evaluated) > renewMs;
}

/** Parsed once more: the schema's order of fields, whoever wrote them. */
function lasting(status: AuditStatus): string {
  const { evaluated: _, findings = [], ...rest } = auditStatus.parse(status);
  return JSON.stringify({ ...rest, findings: findings.map(({ about, verdict, rule }) => [about, verdict, rule]) });
}

/** In a merge patch what is absent stays: what is not said any more is taken away. */
function whole(status: AuditStatus): object {
  return { evaluated: null, allowed: null, denied: null, unknown: null, findings: null, ...status };
}
