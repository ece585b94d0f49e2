/** One line of a Kubernetes audit log, whoever wrapped it → the events in it, as authorizers saw them. */

import type { ApiRight } from '#kubernetes/api-use.ts';

export interface AuditEvent extends ApiRight {
  readonly auditId: string;
  readonly stage: string;
  readonly at: number;
  /** The effective one: whom an impersonator spoke as. */
  readonly user: string;
  readonly groups: readonly string[];
  /** Null where no authorizer's word is in the event. */
  readonly decision: 'allow' | 'forbid' | null;
  /** Empty where the authorizer is not shown one: of create and deletecollection, whatever the log adds. */
  readonly name: string;
}

type Json = Readonly<Record<string, unknown>>;

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

function unwrapped(value: unknown): AuditEvent[] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Json;
  if (typeof object['auditID'] === 'string') return eventOf(object);
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

const nameless = new Set(['create', 'deletecollection']);

function eventOf(event: Json): AuditEvent[] {
  const reference = event['objectRef'] as Json | undefined;
  const impersonated = event['impersonatedUser'] as Json | undefined;
  const user = (event['user'] ?? {}) as Json;
  const effective = impersonated ?? user;
  const verb = text(event['verb']);
  const common = {
    auditId: text(event['auditID']),
    stage: text(event['stage']),
    at: timeOf(event['requestReceivedTimestamp'] ?? event['stageTimestamp']),
    decision: decisionOf(event),
  };
  const own: AuditEvent = {
    ...common,
    user: text(effective['username']),
    groups: texts(effective['groups']),
    verb,
    ...targetOf(reference, verb, text(event['requestURI'])),
  };
  if (impersonated === undefined) return [own];
  // Who speaks as another needs the right to do so, and was asked for it before.
  const name = text(impersonated['username']);
  const [, account] = /^system:serviceaccount:([^:]+:[^:]+)$/.exec(name) ?? [];
  const [namespace = '', plain = name] = account?.split(':') ?? [];
  return [
    own,
    {
      ...common,
      auditId: `${common.auditId}/impersonate`,
      decision: 'allow',
      user: text(user['username']),
      groups: texts(user['groups']),
      verb: 'impersonate',
      resourceRequest: true,
      apiGroup: '',
      resource: account === undefined ? 'users' : 'serviceaccounts',
      subresource: '',
      namespace: account === undefined ? '' : namespace,
      name: account === undefined ? name : plain,
      path: '',
    },
  ];
}

type Target = Omit<ApiRight, 'verb'> & Pick<AuditEvent, 'name'>;

function targetOf(reference: Json | undefined, verb: string, uri: string): Target {
  if (reference === undefined || text(reference['resource']) === '') {
    const [path = ''] = uri.split('?');
    return { resourceRequest: false, apiGroup: '', resource: '', subresource: '', namespace: '', name: '', path };
  }
  const subresource = text(reference['subresource']);
  const resource = text(reference['resource']);
  return {
    resourceRequest: true,
    apiGroup: text(reference['apiGroup']),
    resource,
    subresource,
    // A Namespace's own object is logged with itself as namespace.
    namespace: text(reference['namespace']),
    name: isSeen(text(reference['name']), verb, subresource, uri) ? text(reference['name']) : '',
    path: '',
  };
}

/** Authorizers see names that stand in the URL: the log adds those of objects that are sent (k8s.io/apiserver RequestInfo). */
function isSeen(name: string, verb: string, subresource: string, uri: string): boolean {
  if (uri === '') return !nameless.has(verb) || subresource !== '';
  const [path = '', query = ''] = uri.split('?');
  if (path.split('/').some((part) => part === name || part === encodeURIComponent(name))) return true;
  return /(^|&)fieldSelector=[^&]*metadata\.name(=|%3D)/i.test(query);
}

function decisionOf(event: Json): AuditEvent['decision'] {
  const annotations = (event['annotations'] ?? {}) as Json;
  const said = annotations['authorization.k8s.io/decision'];
  return said === 'allow' || said === 'forbid' ? said : null;
}

/** GKE: `methodName` io.k8s.core.v1.pods.list, `resourceName` core/v1/namespaces/shop/pods/web/exec. */
function cloudEvent(entry: Json): AuditEvent[] {
  const payload = entry['protoPayload'] as Json;
  const [, verb = ''] = /\.([a-z]+)$/.exec(text(payload['methodName'])) ?? [];
  const asked = (payload['authorizationInfo'] as readonly Json[] | undefined) ?? [];
  const granted = asked[0]?.['granted'];
  const who = (payload['authenticationInfo'] ?? {}) as Json;
  if (verb === '' || !text(payload['methodName']).startsWith('io.k8s.')) return [];
  const parts = text(payload['resourceName']).split('/');
  const [group = '', , ...rest] = parts;
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
      decision:
        granted === true
          ? 'allow'
          : granted === false || asked.length === 0
            ? asked.length === 0
              ? null
              : 'forbid'
            : 'forbid',
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

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function timeOf(value: unknown): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? 0 : at;
}
