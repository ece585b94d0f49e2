/** One Event of audit.k8s.io → what authorizers were asked for. */
import { type AuditEvent, type Json, nameless, text, texts, timeOf } from './kubernetes-audit-fields.ts';
import { impersonations } from './kubernetes-audit-impersonation.ts';

/** Of one Event of audit.k8s.io: what was asked for, and with impersonation the rights that that took before. */
export function eventsOf(event: Json): readonly AuditEvent[] {
  const user = objectOf(event['user']);
  const impersonated = event['impersonatedUser'] as Json | null | undefined;
  const effective = impersonated ?? user;
  const verb = text(event['verb']);
  const uri = text(event['requestURI']);
  const reference = objectOf(event['objectRef']);
  const resource = text(reference['resource']);
  const subresource = text(reference['subresource']);
  const namespace = text(reference['namespace']);
  const name = text(reference['name']);
  const said = objectOf(event['annotations'])['authorization.k8s.io/decision'];
  const own: AuditEvent = {
    auditId: text(event['auditID']),
    stage: text(event['stage']),
    at: timeOf(event['requestReceivedTimestamp'] ?? event['stageTimestamp']),
    user: text(effective['username']),
    groups: texts(effective['groups']),
    decision: said === 'allow' || said === 'forbid' ? said : null,
    verb,
    resourceRequest: resource !== '',
    apiGroup: text(reference['apiGroup']),
    resource,
    subresource,
    // A Namespace's own object is logged with itself as namespace.
    namespace,
    name: name !== '' && isSeen({ resource, namespace, name }, verb, subresource, uri) ? name : '',
    path: resource === '' ? pathOf(uri) : '',
  };
  if (impersonated === undefined || impersonated === null) return [own];
  const constraint = text(objectOf(event['authenticationMetadata'])['impersonationConstraint']);
  return [own, ...impersonations(own, user, impersonated, constraint)];
}

function pathOf(uri: string): string {
  const query = uri.indexOf('?');
  return query === -1 ? uri : uri.slice(0, query);
}

/**
 * Authorizers see names that stand in the URL: the log adds those of objects that are sent (k8s.io/apiserver RequestInfo).
 * So the name counts where it follows its resource, and where it is asked for as `fieldSelector=metadata.name=…`.
 */
function isSeen(
  { resource, namespace, name }: { resource: string; namespace: string; name: string },
  verb: string,
  subresource: string,
  uri: string,
): boolean {
  if (uri === '') return !nameless.has(verb) || subresource !== '';
  const place =
    namespace === '' || resource === 'namespaces' ? `/${resource}/` : `/namespaces/${namespace}/${resource}/`;
  if (stands(place + name, uri)) return true;
  if (/[^\w.~-]/.test(name) && stands(place + encodeURIComponent(name), uri)) return true;
  const query = uri.indexOf('?');
  return query !== -1 && /[?&]fieldSelector=[^&]*metadata\.name(=|%3D)/i.test(uri.slice(query));
}

/** As whole segments of the path. */
function stands(segments: string, uri: string): boolean {
  const query = uri.indexOf('?');
  const end = query === -1 ? uri.length : query;
  for (let at = uri.indexOf(segments); at !== -1; at = uri.indexOf(segments, at + 1)) {
    const next = at + segments.length;
    if (next > end) return false;
    if (next === end || uri.charCodeAt(next) === 0x2f) return true;
  }
  return false;
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
