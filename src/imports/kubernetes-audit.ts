/**
 * Kubernetes audit logs (audit.k8s.io/v1, at level Metadata or more) → who used which right, and who was refused. Lines as an
 * API server writes them, as a webhook sends them (EventList), as OpenShift prints them (a host's name in front), and as EKS
 * (CloudWatch), AKS (Azure Monitor) and GKE (Cloud Logging) wrap them. Memory is bounded, however long the log.
 */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { gatheringUses } from './api-uses.ts';
import type { AuditEvent } from './kubernetes-audit-fields.ts';
import { eventsIn } from './kubernetes-audit-line.ts';
import { recentIds } from './recent-ids.ts';

export interface KubernetesAuditReader {
  /** Null, or why the line is none. */
  add(line: string): string | null;
  end(): {
    readonly uses: readonly ApiUse[];
    /** Without repeats. */
    readonly events: number;
    /** Of the first and the last event, milliseconds since the epoch; null for a log without any. */
    readonly window: { readonly from: number; readonly to: number } | null;
    readonly notes: readonly string[];
  };
}

export function readingKubernetesAudit(): KubernetesAuditReader {
  const gathered = gatheringUses();
  const isNew = recentIds();
  let events = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;

  function take(event: AuditEvent): void {
    const { auditId, stage, at } = event;
    // The end of a request tells the same as its beginning, and a long watch or exec may have none in this log.
    if (stage !== 'ResponseComplete' && stage !== 'ResponseStarted') return;
    // Clients may choose ids: what looks like a repeat counts no more, and is evidence all the same.
    const counts = auditId === '' || isNew(auditId);
    if (counts) events += 1;
    if (at > 0 && at < from) from = at;
    if (at > to) to = at;
    gathered.add(event, counts);
  }

  return {
    add(line) {
      if (isBlank(line)) return null;
      const found = eventsIn(line);
      if (typeof found === 'string') return found;
      for (const event of found) take(event);
      return null;
    },
    end: () => ({ ...gathered.end(), events, window: to > 0 ? { from, to } : null }),
  };
}

function isBlank(line: string): boolean {
  return line.charCodeAt(0) !== 0x7b && line.trim() === '';
}
