/**
 * Kubernetes audit logs (audit.k8s.io/v1, at level Metadata or more) → who used which right, and who was refused. Lines as an
 * API server writes them, as a webhook sends them (EventList), as OpenShift prints them (a host's name in front), and as EKS
 * (CloudWatch), AKS (Azure Monitor) and GKE (Cloud Logging) wrap them. Memory is bounded, however long the log.
 */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { eventsIn, type AuditEvent } from './kubernetes-audit-event.ts';

export interface KubernetesAuditReader {
  /** Null, or why the line is none. */
  add(line: string): string | null;
  end(): { readonly uses: readonly ApiUse[]; readonly events: number; readonly notes: readonly string[] };
}

const mostNames = 50;
/** Audit ids that a repeat is told by, and events whose end may still come. */
const mostIds = 200_000;
const mostOpen = 20_000;

interface Gathered extends Omit<ApiUse, 'names' | 'groups' | 'manyNames' | 'nameless' | 'count' | 'first' | 'last'> {
  groups: readonly string[];
  readonly names: Set<string>;
  manyNames: boolean;
  nameless: boolean;
  count: number;
  first: number;
  last: number;
}

export function readingKubernetesAudit(): KubernetesAuditReader {
  const uses = new Map<string, Gathered>();
  const told = new Set<string>();
  const open = new Map<string, AuditEvent>();
  const notes = new Map<string, number>();
  let events = 0;

  function take(event: AuditEvent): void {
    if (event.auditId !== '' && told.has(event.auditId)) return;
    switch (event.stage) {
      case 'ResponseComplete':
        open.delete(event.auditId);
        return settle(event);
      case 'ResponseStarted': {
        // Its end, if it comes, tells the same: a long watch or exec may have none in this log.
        open.set(event.auditId, event);
        const [oldest] = open.values();
        if (open.size > mostOpen && oldest !== undefined) {
          open.delete(oldest.auditId);
          settle(oldest);
        }
        return;
      }
      default:
        return;
    }
  }

  function settle(event: AuditEvent): void {
    remember(event.auditId);
    events += 1;
    if (event.user === '') return note('without a user: nobody was authenticated');
    if (event.decision === null)
      return note('without a decision of the authorizer: the audit policy or another authorizer keeps it');
    const { user, decision, verb, resourceRequest, apiGroup, resource, subresource, namespace, path } = event;
    const right = { user, decision, verb, resourceRequest, apiGroup, resource, subresource, namespace, path };
    const key = `${user}\0${decision}\0${verb}\0${apiGroup}\0${resource}\0${subresource}\0${namespace}\0${path}`;
    let known = uses.get(key);
    if (known === undefined) {
      const fresh = { groups: event.groups, names: new Set<string>(), manyNames: false, nameless: false };
      uses.set(key, (known = { ...right, ...fresh, count: 0, first: event.at, last: event.at }));
    }
    known.count += 1;
    known.groups = event.groups;
    known.first = Math.min(known.first, event.at);
    known.last = Math.max(known.last, event.at);
    if (event.name === '') known.nameless = true;
    else if (known.names.size < mostNames) known.names.add(event.name);
    else if (!known.names.has(event.name)) known.manyNames = true;
  }

  function remember(id: string): void {
    if (id === '') return;
    told.add(id);
    const [oldest] = told;
    if (told.size > mostIds && oldest !== undefined) told.delete(oldest);
  }

  function note(what: string): void {
    notes.set(what, (notes.get(what) ?? 0) + 1);
  }

  return {
    add(line) {
      if (line.trim() === '') return null;
      const found = eventsIn(line);
      if (typeof found === 'string') return found;
      for (const event of found) take(event);
      return null;
    },
    end() {
      for (const event of open.values()) settle(event);
      open.clear();
      return {
        uses: [...uses]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([, each]) => ({ ...each, names: [...each.names].toSorted() })),
        events,
        notes: [...notes].map(([what, count]) => `${count} ${count === 1 ? 'event' : 'events'} ${what}`).toSorted(),
      };
    },
  };
}
