/**
 * An API server for tests: a real HTTP(S) server that speaks the traffic recorded in shared/kubernetes, over a
 * state that the test gives and changes. It keeps no more of Kubernetes than clients can tell: lists in pages,
 * watches with bookmarks, reviews, RBAC, discovery, and their failures.
 *
 *   const server = await startApiServer({ objects, tokens: { 'agent-1': { username: '…' } } });
 *   server.store.put(pod);            // ADDED or MODIFIED to every watch
 *   server.faults.add({ match: /watch=true/, answer: 410 });
 *   server.breakConnections();
 */
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Asked, audiencesOf, ownAudience, permits, type User } from './api-server/access.ts';
import { Collections } from './api-server/collection.ts';
import { discovery } from './api-server/discovery.ts';
import { Faults } from './api-server/faults.ts';
import { objectRequest } from './api-server/objects.ts';
import { builtIn, qualifiedName, type Resource, type Target, targetOf } from './api-server/resources.ts';
import { servePortForwards } from './api-server/port-forward.ts';
import { review } from './api-server/reviews.ts';
import { Refused } from './api-server/status.ts';
import { Store } from './api-server/store.ts';

export { allow, type User } from './api-server/access.ts';

export interface ApiServerState {
  /** Manifests, as kubectl would apply them; lists' items need their kind and apiVersion. */
  readonly objects?: readonly object[];
  /** Bearer tokens and whose they are. A user in `system:masters` may do everything; others what RBAC objects say. */
  readonly tokens?: Readonly<Record<string, User>>;
  /** Custom resources, beside the built-in ones. */
  readonly resources?: readonly Resource[];
  /** Ports of loopback that stand for pods', by `namespace/pod:port`, for `kubectl port-forward`. */
  readonly forwards?: Readonly<Record<string, number>>;
  /** PEM; without it the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Request {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly user: string | null;
  readonly body: unknown;
}

export interface ApiServer {
  readonly url: string;
  readonly store: Store;
  readonly tokens: Map<string, User>;
  readonly faults: Faults;
  /** All that was asked, in order. */
  readonly requests: readonly Request[];
  /** A kubeconfig's text for one of the tokens. */
  kubeconfig(token: string, namespace?: string): string;
  /** Every watch gets a bookmark now; otherwise each second. */
  bookmark(): void;
  /** Ends every open connection without a word. */
  breakConnections(): void;
  close(): Promise<void>;
}

export async function startApiServer(state: ApiServerState = {}): Promise<ApiServer> {
  const resources = [...builtIn, ...(state.resources ?? [])];
  const store = new Store(resources, state.objects ?? []);
  const tokens = new Map(Object.entries(state.tokens ?? {}));
  const faults = new Faults();
  const collections = new Collections(store);
  const requests: Request[] = [];
  const bookmarks = new Set<() => void>();
  const sockets = new Set<Socket>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const { pathname, searchParams: query } = new URL(url, 'http://api');
    const text = (await buffer(request)).toString('utf8');
    const body: unknown = text === '' ? null : JSON.parse(text);
    const user = tokens.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '') ?? null;
    requests.push({ method, path: url, user: user?.username ?? null, body });
    if (faults.strike(`${method} ${url}`, response)) return;
    if (['/healthz', '/livez', '/readyz'].includes(pathname)) return void response.end('ok');
    if (user === null || !audiencesOf(user).includes(ownAudience)) throw new Refused(401, 'Unauthorized');
    const known = discovery(pathname, resources);
    if (known !== null) return send(response, 200, known);
    const target = targetOf(pathname, resources);
    if (target === null) throw new Refused(404, 'the server could not find the requested resource');
    const watch = ['true', '1'].includes(query.get('watch') ?? '');
    authorise(store, user, method, target, watch);
    if (target.resource.kind.endsWith('Review') && method === 'POST') {
      return send(response, 201, review(body, store, tokens, user));
    }
    if (method === 'GET' && watch) {
      const push = collections.watch(target, query, response);
      bookmarks.add(push);
      response.once('close', () => bookmarks.delete(push));
      return;
    }
    if (method === 'GET' && target.name === null) return send(response, 200, collections.list(target, query));
    const { code, body: done } = objectRequest(method, target, body, store);
    send(response, code, done);
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => {
      const { status } = error instanceof Refused ? error : new Refused(500, String(error));
      send(response, status.code, status);
    });
  };
  const server = state.tls === undefined ? createPlainServer(listener) : createTlsServer(state.tls, listener);
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('connection', track);
  servePortForwards(server, {
    authorise(authorization, namespace, name) {
      const user = tokens.get(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '');
      if (user === undefined) throw new Refused(401, 'Unauthorized');
      const asked = { verb: 'create', group: '', resource: 'pods/portforward', namespace, name };
      if (!permits(store, user, asked)) throw new Refused(403, 'Forbidden');
    },
    portOf: (namespace, pod, port) => state.forwards?.[`${namespace}/${pod}:${port}`] ?? null,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${state.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const breakConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url,
    store,
    tokens,
    faults,
    requests,
    kubeconfig: (token, namespace = 'default') => kubeconfig(url, state.tls?.cert, token, namespace),
    bookmark() {
      for (const push of bookmarks) push();
    },
    breakConnections,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      breakConnections();
      await closed;
    },
  };
}

function authorise(store: Store, user: User, method: string, target: Target, watch: boolean): void {
  const { resource, namespace, name, subresource } = target;
  const reading = watch ? 'watch' : name === null ? 'list' : 'get';
  const verb = { GET: reading, POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? method;
  const of = subresource === null ? resource.plural : `${resource.plural}/${subresource}`;
  const asked: Asked = { verb, group: resource.group, resource: of, namespace, name };
  if (permits(store, user, asked)) return;
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw new Refused(
    403,
    `${qualifiedName(resource)}${name === null ? '' : ` "${name}"`} is forbidden: User "${user.username}" cannot ${verb} resource "${of}" in API group "${resource.group}" ${where}`,
    { ...(name === null ? {} : { name }), group: resource.group, kind: resource.plural },
  );
}

function send(response: ServerResponse, code: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.end(JSON.stringify(body));
}

function kubeconfig(server: string, ca: string | undefined, token: string, namespace: string): string {
  const authority = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, ...authority } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
  });
}
