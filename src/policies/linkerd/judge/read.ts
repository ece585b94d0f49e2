/** API objects → Servers with their routes and authorizations, as the policy controller puts them together. */
import type { LabelSelector } from '#kubernetes/selectors.ts';
import { type Given, readAs } from '../../documents.ts';
import type { AccessPolicy, Reading } from '../options.ts';
import { type AuthenticationIndex, authentications, type Authorization } from './authentications.ts';
import { httpRoute, type HttpRouteObject, type Match } from './route-schema.ts';
import type { Route } from './routes.ts';
import {
  authorizationPolicy,
  type AuthorizationPolicyObject,
  meshTlsAuthentication,
  networkAuthentication,
  server,
  type ServerObject,
} from './schema.ts';

export interface Server {
  /** `Server shop/web-8080`. */
  readonly name: string;
  readonly namespace: string;
  /** Null for external workloads, which are no pods. */
  readonly selector: LabelSelector | null;
  readonly port: number | string;
  readonly protocol: ServerObject['spec']['proxyProtocol'];
  readonly accessPolicy: AccessPolicy;
  readonly authorizations: readonly Authorization[];
  readonly routes: readonly BoundRoute[];
  /** Objects beside it that this judge does not read, and that may let more through. */
  readonly unread: readonly string[];
}

export interface BoundRoute extends Route {
  readonly authorizations: readonly Authorization[];
}

const ownApi = /^policy\.linkerd\.io\//;
const gatewayApi = /^gateway\.networking\.k8s\.io\//;

/** Throws `UnreadableArtifact` for what the API server or the webhook refuses. Objects of other APIs are passed over. */
export function readServers(objects: readonly Given[], reading: Reading): Server[] {
  const found = {
    servers: [] as ServerObject[],
    routes: [] as HttpRouteObject[],
    policies: [] as AuthorizationPolicyObject[],
  };
  const index: AuthenticationIndex = { identities: new Map(), networks: new Map() };
  const unread: { readonly namespace: string; readonly name: string }[] = [];
  for (const { object, where } of objects) {
    const { apiVersion, kind } = (object ?? {}) as { apiVersion?: unknown; kind?: unknown };
    const own = typeof apiVersion === 'string' && ownApi.test(apiVersion);
    const gateway = typeof apiVersion === 'string' && gatewayApi.test(apiVersion);
    if (own && kind === 'Server') found.servers.push(readAs(server, object, where));
    else if ((own || gateway) && kind === 'HTTPRoute') found.routes.push(readAs(httpRoute, object, where));
    else if (own && kind === 'AuthorizationPolicy') found.policies.push(readAs(authorizationPolicy, object, where));
    else if (own && kind === 'MeshTLSAuthentication') {
      const made = readAs(meshTlsAuthentication, object, where);
      index.identities.set(`${made.metadata.namespace}/${made.metadata.name}`, made);
    } else if (own && kind === 'NetworkAuthentication') {
      const made = readAs(networkAuthentication, object, where);
      index.networks.set(`${made.metadata.namespace}/${made.metadata.name}`, made);
    } else if ((own && kind === 'ServerAuthorization') || (gateway && kind === 'GRPCRoute')) {
      const { name = '', namespace = 'default' } = ((object as { metadata?: object }).metadata ?? {}) as Record<
        string,
        string
      >;
      unread.push({ namespace, name: `${kind} ${namespace}/${name}` });
    }
  }
  const granting = (policy: AuthorizationPolicyObject): Authorization[] => authentications(policy, index, reading);
  const near = {
    routes: Map.groupBy(found.routes, ({ metadata }) => metadata.namespace),
    policies: Map.groupBy(found.policies, ({ metadata }) => metadata.namespace),
  };
  return found.servers.map((each) => {
    const { namespace } = each.metadata;
    const own = { routes: near.routes.get(namespace) ?? [], policies: near.policies.get(namespace) ?? [] };
    return serverOf(each, own, granting, unread);
  });
}

function serverOf(
  { metadata: { name, namespace }, spec }: ServerObject,
  /** Of the Server's namespace: others are not about it. */
  { routes, policies }: { routes: readonly HttpRouteObject[]; policies: readonly AuthorizationPolicyObject[] },
  granting: (policy: AuthorizationPolicyObject) => Authorization[],
  unread: readonly { readonly namespace: string; readonly name: string }[],
): Server {
  const own = policies.filter(
    ({
      spec: {
        targetRef: { kind, name: target },
      },
    }) => (kind === 'Namespace' ? target === namespace : kind === 'Server' && target === name),
  );
  return {
    name: `Server ${namespace}/${name}`,
    namespace,
    selector: spec.podSelector ?? null,
    port: spec.port,
    protocol: spec.proxyProtocol,
    accessPolicy: spec.accessPolicy,
    authorizations: own.flatMap(granting),
    routes: routes
      .filter((route) => bindsTo(route, namespace, name))
      .map((object): BoundRoute => {
        const route = routeOf(object);
        const about = policies.filter(
          ({ spec: { targetRef: target } }) =>
            target.kind === 'HTTPRoute' && target.name === route.object && target.group === route.group,
        );
        return { ...route, authorizations: about.flatMap(granting) };
      }),
    unread: unread.filter((each) => each.namespace === namespace).map((each) => each.name),
  };
}

/** A route of another namespace binds to no Server. */
function bindsTo({ metadata, spec }: HttpRouteObject, namespace: string, name: string): boolean {
  return (
    metadata.namespace === namespace &&
    (spec.parentRefs ?? []).some(
      (parent) =>
        parent.kind === 'Server' &&
        (parent.group === undefined || parent.group === 'policy.linkerd.io') &&
        parent.name === name &&
        (parent.namespace === undefined || parent.namespace === namespace),
    )
  );
}

function routeOf({ apiVersion, metadata: { name, namespace }, spec }: HttpRouteObject): Route {
  const everything: Match = { path: { type: 'PathPrefix', value: '/' } };
  const matches = (spec.rules ?? [{ matches: undefined }]).flatMap((rule) =>
    (rule.matches ?? []).length === 0 ? [everything] : (rule.matches ?? []),
  );
  return {
    name: `HTTPRoute ${namespace}/${name}`,
    group: apiVersion.split('/')[0] ?? '',
    object: name,
    namespace,
    hostnames: spec.hostnames ?? [],
    matches,
  };
}
