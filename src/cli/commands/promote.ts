/** `kguardian audit promote NAME`: from what was only looked at to what is in force, when nothing speaks against it. */
import { stringify } from 'yaml';
import {
  auditGroup,
  auditPlural,
  auditVersion,
  candidateOf,
  isEvaluated,
  policyAudit,
  type PolicyAudit,
} from '#api/policy-audit.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import { collectionPath } from '../cluster/discovery.ts';
import { openCluster } from '../cluster/open.ts';
import { Failure } from '../failure.ts';
import { tell } from '../story.ts';

interface Flags extends ClusterFlags {
  readonly apply?: boolean;
  readonly force?: boolean;
}

/** Exit code 1 when the audit speaks against it. */
export async function promote(name: string, flags: Flags): Promise<void> {
  const cluster = openCluster(flags);
  try {
    const api = cluster.api();
    const place = `/apis/${auditGroup}/${auditVersion}/namespaces/${api.namespace}/${auditPlural}/${encodeURIComponent(name)}`;
    const object = await api.get(place);
    if (object === null) throw new Failure(`no PolicyAudit ${JSON.stringify(name)} in the namespace ${api.namespace}`);
    const parsed = policyAudit.safeParse(object);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new Failure(
        `the PolicyAudit ${JSON.stringify(name)} is not as its definition says: ${issue?.path.join('.')}: ${issue?.message}`,
      );
    }
    const against = objection(parsed.data);
    if (against !== null && flags.force !== true)
      throw new Failure(`${name} is not promoted: ${against}; --force does it all the same`, 1);
    if (against !== null) tell(`promoted all the same: ${against}`);
    const policy = candidateOf(parsed.data);
    if (flags.apply !== true) {
      process.stdout.write(stringify(policy, { lineWidth: 0 }));
      return;
    }
    const { apiVersion, kind, metadata } = policy;
    const collection = await collectionPath(api, apiVersion, kind, metadata.namespace ?? null);
    await api.apply(`${collection}/${metadata.name}`, policy);
    tell(
      `${kind} ${metadata.namespace}/${metadata.name} is in force; kubectl delete policyaudit ${name} when it is not needed any more`,
    );
  } finally {
    cluster.close();
  }
}

/** Null when nothing speaks against it. */
function objection(given: PolicyAudit): string | null {
  const condition = given.status?.conditions?.find(({ type }) => type === 'Evaluated');
  if (!isEvaluated(given))
    return condition === undefined
      ? 'no broker has looked at it yet (chart: broker.policyAudits)'
      : `${condition.reason}: ${condition.message}`;
  const { denied = 0, unknown = 0, findings = [] } = given.status ?? {};
  if (denied + unknown === 0) return null;
  const [first] = findings;
  const example = first === undefined ? '' : `, ${first.about} (${first.rule}) among them`;
  return `it would refuse ${denied} of what was observed, ${unknown} not certain${example}`;
}
