/** One line of a Kubernetes audit log, whoever wrapped it → the events in it, as authorizers saw them. */
import { cloudEvent } from './kubernetes-audit-cloud.ts';
import { eventsOf } from './kubernetes-audit-event.ts';
import type { AuditEvent, Json } from './kubernetes-audit-fields.ts';

/** A sentence where the line holds no event. */
export function eventsIn(line: string): readonly AuditEvent[] | string {
  // `oc adm node-logs` puts the node's name in front.
  const start = line.indexOf('{');
  let value: unknown;
  try {
    value = JSON.parse(start > 0 ? line.slice(start) : line);
  } catch {
    return 'not JSON';
  }
  const found = unwrapped(value);
  return found.length === 0 ? 'no event of a Kubernetes audit log' : found;
}

function unwrapped(value: unknown): readonly AuditEvent[] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Json;
  if (typeof object['auditID'] === 'string') return eventsOf(object);
  // EventList of a webhook; records of Azure Monitor; logEvents of CloudWatch.
  for (const list of ['items', 'records', 'logEvents']) {
    const items = object[list];
    if (Array.isArray(items)) return items.flatMap(unwrapped);
  }
  const azure = object['properties'] as Json | undefined;
  // EKS in `message` or `@message`, AKS in `properties.log`: the event as a text within.
  for (const inner of [object['message'], object['@message'], azure?.['log'], object['log']]) {
    if (typeof inner === 'string' && inner.trimStart().startsWith('{')) {
      try {
        return unwrapped(JSON.parse(inner));
      } catch {
        return [];
      }
    }
    if (typeof inner === 'object' && inner !== null) return unwrapped(inner);
  }
  return 'protoPayload' in object ? cloudEvent(object) : [];
}
