/**
 * What a meshed pod's proxy says of a call: the Server of its port, the route that a request takes, and the
 * authorizations of both (linkerd2-proxy linkerd/app/inbound/src/policy).
 */
import type { Probe } from '#kubernetes/cluster.ts';
import { selects } from '#kubernetes/selectors.ts';
import type { CallJudge } from '../../call-evaluator.ts';
import type { Call, Called } from '../../calls.ts';
import type { Verdict } from '../../kind.ts';
import { any, type Truth } from '../../three-valued.ts';
import type { AccessPolicy, Reading } from '../options.ts';
import { type Authorization, authorizationText, type Client, identityOf, passes } from './authentications.ts';
import { callersOf, pathKeyOf, requestsOf } from './landmarks.ts';
import type { BoundRoute, Server } from './read.ts';
import { routesFor, takesAll } from './routes.ts';

/** Connections of other kinds than HTTP pass routes by, where a Server finds out by itself what is spoken. */
const detecting = 'unknown';
const opaque: readonly string[] = ['opaque', 'TLS'];

export function judgeOf(servers: readonly Server[], reading: Reading): CallJudge {
  const { defaultInboundPolicy } = reading;
  const byNamespace = Map.groupBy(servers, ({ namespace }) => namespace);
  const serversOf = (called: Called, port: number): Server[] =>
    (byNamespace.get(called.namespace) ?? []).filter(
      (each) => each.selector !== null && selects(each.selector, called.labels) && isPort(each, called, port),
    );

  function judge(call: Call): Verdict {
    const { called, port } = call;
    if (!called.member) return { verdict: 'allow', rule: 'the pod is not in the mesh' };
    const found = serversOf(called, port);
    if (found.length === 0) return withoutServer(call);
    const [first, ...others] = found.map((server) => atServer(server, call));
    if (first === undefined) throw new Error('there is a Server');
    // The controller takes one of them, and nothing says which.
    return others.every(({ verdict }) => verdict === first.verdict)
      ? first
      : {
          verdict: 'unknown',
          rule: `${found.map(({ name }) => name).join(' and ')} select one port: which holds is not stated`,
        };
  }

  function withoutServer(call: Call): Verdict {
    if (defaultInboundPolicy === undefined)
      return { verdict: 'unknown', rule: 'no Server selects the port, and the default inbound policy is not known' };
    const open = beside(defaultInboundPolicy, clientOf(call, reading), reading.mode);
    const rule = `no Server selects the port: default inbound policy ${defaultInboundPolicy}`;
    if (open !== 'yes' && isHttpProbe(call)) return probe;
    return { verdict: open === 'yes' ? 'allow' : open === 'no' ? 'deny' : 'unknown', rule };
  }

  function atServer(server: Server, call: Call): Verdict {
    const client = clientOf(call, reading);
    const { http } = call;
    if (beside(server.accessPolicy, client, reading.mode) === 'yes')
      return { verdict: 'allow', rule: `${server.name} accessPolicy ${server.accessPolicy}` };
    if (server.routes.length === 0 && isHttpProbe(call)) return probe;
    if (isFromKubelet(call)) return probing(server, call);
    const own = granted(server.name, server.authorizations, client);
    const answer =
      opaque.includes(server.protocol) || http === null ? plain(server, own) : routed(server, own, call, client);
    const open = beside(server.accessPolicy, client, reading.mode);
    if (answer.verdict !== 'deny') return answer;
    if (open === 'maybe') return { verdict: 'unknown', rule: `${server.name} accessPolicy ${server.accessPolicy}` };
    if (server.unread.length > 0)
      return { verdict: 'unknown', rule: `${server.unread.join(', ')} may let it through: not read here` };
    return answer;
  }

  /** Kubelet asks for what the pod specifies, whether or not anybody saw the request. */
  function probing(server: Server, call: Call): Verdict {
    const paths = probesAt(call).flatMap(({ path }) => path ?? []);
    const asked = paths.map((path) => atServer(server, { ...call, http: { method: 'GET', path } }));
    return asked.find(({ verdict }) => verdict !== 'allow') ?? asked[0] ?? probe;
  }

  function plain(server: Server, own: Granted): Verdict {
    const { protocol } = server;
    return protocol !== detecting && !opaque.includes(protocol)
      ? { verdict: 'deny', rule: `${server.name} takes ${protocol} alone` }
      : verdictOf(own, `no authorization of ${server.name} is for it`);
  }

  function routed(server: Server, own: Granted, { http }: Call, client: Client): Verdict {
    const { routes } = server;
    if (routes.length === 0) return verdictOf(own, `no authorization of ${server.name} is for it`);
    // Without the request any route may be taken.
    const { routes: taken, certain } =
      http === undefined || http === null ? { routes, certain: routes.some(takesAll) } : routesFor(routes, http);
    const none = `no route of ${server.name} matches, which is refused whoever asks`;
    if (taken.length === 0) return { verdict: 'deny', rule: none };
    const each = taken.map((route) => atRoute(server, route, own, client));
    const [first] = each;
    if (first === undefined) return { verdict: 'deny', rule: none };
    if (each.every(({ verdict }) => verdict === 'deny')) return first;
    if (certain && each.every(({ verdict }) => verdict === 'allow')) return first;
    return {
      verdict: 'unknown',
      rule: `${taken.map(({ name }) => name).join(', ')}: the request decides, and is not known`,
    };
  }

  /** A Server's authorizations hold on all of its routes. */
  function atRoute(server: Server, route: BoundRoute, own: Granted, client: Client): Verdict {
    if (own.truth === 'yes') return verdictOf(own, '');
    const more = granted(route.name, route.authorizations, client);
    const refused = `no authorization of ${route.name} or ${server.name} is for it`;
    return verdictOf(more.truth === 'no' ? own : more, refused);
  }

  return {
    judge,
    identityOf: (namespace, account) => identityOf(namespace, account, reading),
    callers: () => callersOf(servers),
    about(called) {
      const own = (byNamespace.get(called.namespace) ?? []).filter(
        ({ selector }) => selector !== null && selects(selector, called.labels),
      );
      const { beyond, ...requests } = requestsOf(own, called);
      return {
        policies: JSON.stringify(own),
        // Those of a Server by name are the pod's own.
        ports: own.flatMap(({ port }) => (typeof port === 'number' ? port : [])),
        requests,
        pathKey: pathKeyOf(own, called),
        direct: false,
        beyond,
      };
    },
    governs: (called, port) =>
      called.member && (serversOf(called, port).length > 0 || defaultInboundPolicy !== undefined),
  };
}

interface Granted {
  readonly truth: Truth;
  readonly grant: string;
}

function granted(place: string, authorizations: readonly Authorization[], client: Client): Granted {
  const each = authorizations.map((authorization) => ({ authorization, truth: passes(authorization, client) }));
  const found = each.find(({ truth }) => truth === 'yes') ?? each.find(({ truth }) => truth === 'maybe');
  return {
    truth: any(each.map(({ truth }) => truth)),
    grant: found === undefined ? '' : grantText(place, found.authorization),
  };
}

/** A permission: whom an object lets in. */
export function grantText(place: string, authorization: Authorization): string {
  return `${place}: ${authorizationText(authorization)}`;
}

function verdictOf({ truth, grant }: Granted, refused: string): Verdict {
  if (truth === 'yes') return { verdict: 'allow', rule: grant, permissions: [grant] };
  if (truth === 'maybe') return { verdict: 'unknown', rule: `${grant}: the client's identity or address is not known` };
  return { verdict: 'deny', rule: refused };
}

const probe: Verdict = {
  verdict: 'allow',
  rule: 'a probe of the pod, which the default route for probes lets through',
};

/**
 * Without routes of its own a Server lets GET of the pod's HTTP probes through, whoever asks. Other probes are
 * connections that the proxy accepts before it asks anybody; what was not told of comes from kubelet on its own node.
 */
function isHttpProbe(call: Call): boolean {
  const { http } = call;
  if (http === undefined || http === null) return isFromKubelet(call);
  return http.method === 'GET' && probesAt(call).some(({ path }) => path === http.path.split(/[?#]/)[0]);
}

function isFromKubelet(call: Call): boolean {
  const { caller, called, http } = call;
  return http === undefined && caller.node !== null && caller.node === called.node && probesAt(call).length > 0;
}

function probesAt({ called, port }: Call): readonly Probe[] {
  return (called.probes ?? []).filter((each) => each.port === port);
}

function isPort({ port }: Server, { ports }: Called, asked: number): boolean {
  return typeof port === 'number'
    ? port === asked
    : ports.some(({ name, containerPort }) => name === port && containerPort === asked);
}

/** What an access policy lets through by itself. Which networks are the cluster's is the installation's to say. */
function beside(policy: AccessPolicy, { identity }: Client, mode: Reading['mode']): Truth {
  const authenticated: Truth = identity === undefined ? 'maybe' : identity === null ? 'no' : 'yes';
  switch (policy) {
    case 'deny':
      return 'no';
    case 'audit':
      // Asked what it would do once it is enforced, or what is let through today.
      return mode === 'audit' ? 'no' : 'yes';
    case 'all-unauthenticated':
      return 'yes';
    case 'all-authenticated':
      return authenticated;
    case 'cluster-unauthenticated':
      return 'maybe';
    case 'cluster-authenticated':
      return authenticated === 'no' ? 'no' : 'maybe';
  }
}

function clientOf({ caller, identity }: Call, reading: Reading): Client {
  const { ips, member, account, namespace } = caller;
  if (identity !== undefined) return { identity, ips };
  if (member === false) return { identity: null, ips };
  if (member === null || account === null || namespace === null) return { identity: undefined, ips };
  return { identity: identityOf(namespace, account, reading), ips };
}
