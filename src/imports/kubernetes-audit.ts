/**
 * Kubernetes audit logs (audit.k8s.io/v1, at level Metadata or more) → who used which right, and who was refused. Lines as an
 * API server writes them, as a webhook sends them (EventList), as OpenShift prints them (a host's name in front), and as EKS
 * (CloudWatch), AKS (Azure Monitor) and GKE (Cloud Logging) wrap them. Memory is bounded, however long the log.
 */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { gatheringUses } from './api-uses.ts';
import type { AuditEvent } from './kubernetes-audit-fields.ts';
import { eventsIn } from './kubernetes-audit-line.ts';

export interface KubernetesAuditReader {
  /** Null, or why the line is none. */
  add(line: string): string | null;
  end(): {
    readonly uses: readonly ApiUse[];
    readonly events: number;
    /** Of the first and the last event, milliseconds since the epoch; null for a log without any. */
    readonly window: { readonly from: number; readonly to: number } | null;
    readonly notes: readonly string[];
  };
}

/** Audit ids that a repeat is told by, twice as many at most, and events whose end may still come. */
const idsAtOnce = 100_000;
const mostOpen = 20_000;

export function readingKubernetesAudit(): KubernetesAuditReader {
  const gathered = gatheringUses();
  // Two generations: the older one is let go of as a whole.
  let told = new Set<string>();
  let before = new Set<string>();
  const open = new Map<string, AuditEvent>();
  let events = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;

  function take(event: AuditEvent): void {
    const { auditId, stage } = event;
    if (stage === 'ResponseComplete') {
      if (open.size > 0) open.delete(auditId);
      return settle(event);
    }
    // Its end, if it comes, tells the same: a long watch or exec may have none in this log.
    if (stage !== 'ResponseStarted' || isTold(auditId)) return;
    open.set(auditId, event);
    if (open.size <= mostOpen) return;
    const [oldest] = open.values();
    if (oldest === undefined) return;
    open.delete(oldest.auditId);
    settle(oldest);
  }

  function isTold(auditId: string): boolean {
    return auditId !== '' && (told.has(auditId) || before.has(auditId));
  }

  /** Whether it was told before. */
  function remember(auditId: string): boolean {
    if (auditId === '') return false;
    if (before.size > 0 && before.has(auditId)) return true;
    const { size } = told;
    told.add(auditId);
    if (told.size === size) return true;
    if (told.size >= idsAtOnce) {
      before = told;
      told = new Set();
    }
    return false;
  }

  function settle(event: AuditEvent): void {
    if (remember(event.auditId)) return;
    const { at } = event;
    events += 1;
    if (at > 0 && at < from) from = at;
    if (at > to) to = at;
    gathered.add(event);
  }

  return {
    add(line) {
      if (isBlank(line)) return null;
      const found = eventsIn(line);
      if (typeof found === 'string') return found;
      for (const event of found) take(event);
      return null;
    },
    end() {
      for (const event of open.values()) settle(event);
      open.clear();
      return { ...gathered.end(), events, window: to > 0 ? { from, to } : null };
    },
  };
}

function isBlank(line: string): boolean {
  return line.charCodeAt(0) !== 0x7b && line.trim() === '';
}
