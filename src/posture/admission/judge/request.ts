/** What an admission plugin is asked. */
import { z } from 'zod';
import { json, labels, text } from '#kubernetes/json.ts';
import { type Resource, resourceOf } from './resources.ts';

const object = z.record(z.string(), z.unknown());

/** One line of `kguardian evaluate vap`; other fields are passed over. */
export const question = z.object({
  object: object.nullish(),
  oldObject: object.nullish(),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']).optional(),
  /** Where the object names none. */
  namespace: z.string().optional(),
  namespaceLabels: z.record(z.string(), z.string()).default({}),
  subresource: z.string().default(''),
  user: z.string().default('kubernetes-admin'),
  groups: z.array(z.string()).default(['system:authenticated']),
  /** Of kinds that Kubernetes itself does not serve: the plural, and whether there is a namespace. */
  resource: z.string().optional(),
  namespaced: z.boolean().optional(),
});
export type Question = z.infer<typeof question>;

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly resource: Resource;
  readonly subresource: string;
  readonly name: string;
  /** Empty for objects of the cluster. */
  readonly namespace: string;
  /** Of the namespace; null where the object has none. */
  readonly namespaceLabels: Readonly<Record<string, string>> | null;
  readonly object: Readonly<Record<string, unknown>> | null;
  readonly oldObject: Readonly<Record<string, unknown>> | null;
  readonly user: string;
  readonly groups: readonly string[];
}

/** Throws an Error that says what is missing. */
export function requestOf(asked: Question): AdmissionRequest {
  const operation = asked.operation ?? (asked.oldObject ? (asked.object ? 'UPDATE' : 'DELETE') : 'CREATE');
  const own = operation === 'DELETE' ? null : (asked.object ?? null);
  const old = operation === 'DELETE' ? (asked.oldObject ?? asked.object ?? null) : (asked.oldObject ?? null);
  const about = own ?? old;
  if (about === null) throw new Error('object: is missing');
  const { apiVersion, kind, metadata } = about;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    throw new Error('object: has no apiVersion or no kind');
  const resource = resourceOf(apiVersion, kind) ?? unserved(apiVersion, kind, asked);
  const { namespace: given } = json(metadata);
  const where = text(given) ?? asked.namespace ?? 'default';
  const namespace = resource.namespaced ? where : '';
  return {
    operation,
    resource,
    subresource: asked.subresource,
    name: nameOf(about),
    namespace,
    // An API server puts this label on every namespace.
    namespaceLabels: resource.namespaced ? { ...asked.namespaceLabels, 'kubernetes.io/metadata.name': where } : null,
    object: named(inNamespace(own, namespace)),
    oldObject: inNamespace(operation === 'UPDATE' ? (old ?? own) : old, namespace),
    user: asked.user,
    groups: asked.groups,
  };
}

/** Names are generated before policies are asked, with five characters that nobody knows before. */
function nameOf(object: Readonly<Record<string, unknown>>): string {
  const { name, generateName } = json(object['metadata']);
  const prefix = text(generateName);
  return text(name) ?? (prefix === null ? '' : `${prefix}x7k2p`);
}

function named(object: AdmissionRequest['object']): AdmissionRequest['object'] {
  if (object === null || text(json(object['metadata'])['generateName']) === null) return object;
  return { ...object, metadata: { ...json(object['metadata']), name: nameOf(object) } };
}

/** A request goes to a namespace, and the object is given it before anybody judges. */
function inNamespace(value: AdmissionRequest['object'], namespace: string): AdmissionRequest['object'] {
  if (value === null || namespace === '' || json(value['metadata'])['namespace'] === namespace) return value;
  return { ...value, metadata: { ...json(value['metadata']), namespace } };
}

function unserved(apiVersion: string, kind: string, { resource, namespaced, namespace }: Question): Resource {
  if (resource === undefined)
    throw new Error(`resource: is needed, since Kubernetes itself serves no ${kind} of ${apiVersion}`);
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return { group, version: version ?? '', resource, kind, namespaced: namespaced ?? namespace !== undefined };
}

export function labelsOf(value: AdmissionRequest['object']): Readonly<Record<string, string>> {
  return labels(json(value?.['metadata'])['labels']);
}

/** As CEL's `request` shows it. */
export function requestValue(request: AdmissionRequest): object {
  const { group, version, resource, kind } = request.resource;
  return {
    uid: '00000000-0000-0000-0000-000000000000',
    kind: { group, version, kind },
    resource: { group, version, resource },
    requestKind: { group, version, kind },
    requestResource: { group, version, resource },
    subResource: request.subresource,
    requestSubResource: request.subresource,
    name: request.name,
    // API servers put a namespace into itself.
    namespace: kind === 'Namespace' && group === '' ? request.name : request.namespace,
    operation: request.operation,
    userInfo: { username: request.user, uid: '', groups: request.groups, extra: {} },
    dryRun: false,
    options: {},
  };
}
