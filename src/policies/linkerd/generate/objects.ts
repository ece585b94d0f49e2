/** Ports → Servers, routes and who may take them. The webhook's bounds are kept: see `judge/schema.ts`. */
import { evidenceLine } from '#baseline/evidence.ts';
import type { LabelSelector } from '#kubernetes/selectors.ts';
import { commented, type YamlMap } from '#kubernetes/yaml-text.ts';
import type { Options } from '../options.ts';
import type { Admitted, Port, Route } from './ports.ts';

const own = 'policy.linkerd.io';
/** The schema of HTTPRoute. */
const mostMatches = 8;
const mostRules = 16;

export interface Place {
  readonly namespace: string;
  /** Of the workload, safe as the name of an object. */
  readonly name: string;
  readonly selector: LabelSelector;
}

/** Never two Servers for one port of a pod: which of them would hold is not stated. */
export function objectsOf(place: Place, { port, admitted, routes }: Port, options: Options): YamlMap[] {
  const { namespace, selector } = place;
  const name = `${place.name}-${port}`;
  const server: YamlMap = {
    apiVersion: `${own}/v1beta3`,
    kind: 'Server',
    metadata: { name, namespace },
    spec: {
      podSelector: selectorOf(selector),
      port,
      accessPolicy: options.mode === 'audit' ? 'audit' : 'deny',
    },
  };
  const target = { group: own, kind: 'Server', name };
  return [
    server,
    ...authorizations(namespace, name, target, admitted),
    ...routes.flatMap((route, at) => routeObjects(namespace, name, `${name}-${at + 1}`, route)),
    // What no other route takes is refused without an answer of its policy, and never told by an audit: this one takes it.
    ...(routes.length > 0
      ? [httpRoute(namespace, `${name}-rest`, name, [{ path: { type: 'PathPrefix', value: '/' } }])]
      : []),
  ];
}

function routeObjects(namespace: string, server: string, name: string, { matches, admitted }: Route): YamlMap[] {
  const most = mostMatches * mostRules;
  return Array.from({ length: Math.ceil(matches.length / most) }, (_, at) =>
    matches.slice(at * most, (at + 1) * most),
  ).flatMap((some, at) => {
    const part = at === 0 ? name : `${name}-${at + 1}`;
    const written = some.map(({ path, method }) => ({ path: { ...path }, method }));
    return [
      httpRoute(namespace, part, server, written),
      ...authorizations(namespace, part, { group: own, kind: 'HTTPRoute', name: part }, admitted),
    ];
  });
}

function httpRoute(namespace: string, name: string, server: string, matches: readonly YamlMap[]): YamlMap {
  const rules = Array.from({ length: Math.ceil(matches.length / mostMatches) }, (_, at) => ({
    matches: matches.slice(at * mostMatches, (at + 1) * mostMatches),
  }));
  return {
    apiVersion: `${own}/v1beta3`,
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: { parentRefs: [{ group: own, kind: 'Server', name: server }], rules },
  };
}

/** Accounts, other identities and networks are alternatives: requirements of one policy would all have to hold. */
function authorizations(namespace: string, name: string, target: YamlMap, admitted: readonly Admitted[]): YamlMap[] {
  const accounts = admitted.flatMap(({ client, ...more }) =>
    client.type === 'account'
      ? [item(more, { kind: 'ServiceAccount', name: client.account.name, namespace: client.account.namespace })]
      : [],
  );
  const identities = admitted.flatMap(({ client }) => (client.type === 'identity' ? client.identity : []));
  const networks = admitted.flatMap(({ client, ...more }) =>
    client.type === 'addresses'
      ? client.networks.map((cidr, at) => {
          const network = { cidr, ...(client.except.length > 0 ? { except: client.except } : {}) };
          return at === 0 ? item(more, network) : network;
        })
      : [],
  );
  return [
    ...(accounts.length > 0
      ? pair(namespace, `${name}-accounts`, target, 'MeshTLSAuthentication', { identityRefs: accounts })
      : []),
    ...(identities.length > 0
      ? pair(namespace, `${name}-identities`, target, 'MeshTLSAuthentication', { identities })
      : []),
    ...(networks.length > 0 ? pair(namespace, `${name}-networks`, target, 'NetworkAuthentication', { networks }) : []),
  ];
}

function item({ remarks, evidence }: Omit<Admitted, 'client'>, value: YamlMap): ReturnType<typeof commented> {
  return commented([...remarks, ...(evidence === null ? [] : [evidenceLine(evidence)])], value);
}

function pair(namespace: string, name: string, targetRef: YamlMap, kind: string, spec: YamlMap): YamlMap[] {
  return [
    { apiVersion: `${own}/v1alpha1`, kind, metadata: { name, namespace }, spec },
    {
      apiVersion: `${own}/v1alpha1`,
      kind: 'AuthorizationPolicy',
      metadata: { name, namespace },
      spec: { targetRef, requiredAuthenticationRefs: [{ group: own, kind, name }] },
    },
  ];
}

function selectorOf({ matchLabels, matchExpressions }: LabelSelector): YamlMap {
  return {
    ...(matchLabels ? { matchLabels } : {}),
    ...((matchExpressions ?? []).length > 0
      ? {
          matchExpressions: (matchExpressions ?? []).map(({ key, operator, values }) => ({
            key,
            operator,
            ...((values ?? []).length > 0 ? { values: values ?? [] } : {}),
          })),
        }
      : {}),
  };
}
