/** Cloud Logging's form of an audit event, as GKE writes it. */
import { type AuditEvent, type Json, nameless, text, timeOf } from './kubernetes-audit-fields.ts';

/** `methodName` io.k8s.core.v1.pods.list, `resourceName` core/v1/namespaces/shop/pods/web/exec. */
export function cloudEvent(entry: Json): AuditEvent[] {
  const payload = (entry['protoPayload'] ?? {}) as Json;
  const [, verb = ''] = /\.([a-z]+)$/.exec(text(payload['methodName'])) ?? [];
  if (verb === '' || !text(payload['methodName']).startsWith('io.k8s.')) return [];
  const who = (payload['authenticationInfo'] ?? {}) as Json;
  const [group = '', , ...rest] = text(payload['resourceName']).split('/');
  const within = rest[0] === 'namespaces' && rest.length > 2;
  const [resource = '', name = '', subresource = ''] = within ? rest.slice(2) : rest;
  const operation = (entry['operation'] ?? {}) as Json;
  return [
    {
      auditId: text(operation['id']) || text(entry['insertId']),
      stage: 'ResponseComplete',
      at: timeOf(entry['timestamp']),
      user: text(who['principalEmail']),
      groups: [],
      decision: decisionOf(payload),
      verb,
      resourceRequest: true,
      apiGroup: group === 'core' ? '' : group,
      resource,
      subresource,
      namespace: within ? (rest[1] ?? '') : '',
      name: nameless.has(verb) && subresource === '' ? '' : name,
      path: '',
    },
  ];
}

/** Nobody was asked where there is no word of it; a word that is not `true` is a refusal: Cloud Logging leaves false out. */
function decisionOf(payload: Json): AuditEvent['decision'] {
  const [first] = (payload['authorizationInfo'] as readonly Json[] | undefined) ?? [];
  if (first === undefined) return null;
  return first['granted'] === true ? 'allow' : 'forbid';
}
