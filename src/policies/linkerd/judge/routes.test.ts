/** Which route a request takes, and who may take it; probes. */
import {
  get,
  identities,
  ids,
  judgedAs,
  outsider,
  policy,
  route,
  server,
  toRoute,
  toServer,
  web,
  webIdentity,
  db,
} from './judge.cases.ts';

const path = (value: string, type = 'Exact'): object => ({ path: { type, value } });
const who = identities({ identities: [webIdentity] });
const onRoute = (...matches: object[]): object[] => [server(), route(matches), policy(toRoute, [ids]), who];
const probed = server({ podSelector: { matchLabels: { app: 'web' } }, port: 8080 }, 'web');
const toWeb = { dst: { pod: 'shop/web-1' }, port: 8080 };
const kubelet = { src: { ip: '172.18.0.2' } };

judgedAs([
  ['a route that the request takes', onRoute(path('/a')), { ...web, ...get('/a') }, 'allow'],
  ['a query is no part of the path', onRoute(path('/a')), { ...web, ...get('/a?x=1') }, 'allow'],
  ['for another client', onRoute(path('/a')), { ...db, ...get('/a') }, 'deny'],
  ['a request that no route takes', onRoute(path('/a')), { ...web, ...get('/b') }, 'deny'],
  ['whoever asks', [...onRoute(path('/a')), policy(toServer, [], 'all')], { ...outsider, ...get('/b') }, 'deny'],
  [
    'what a Server lets in holds on its routes',
    [server(), route([path('/a')]), policy(toServer, [ids]), who],
    { ...web, ...get('/a') },
    'allow',
  ],
  ['a route without authorizations', [server(), route([path('/a')])], { ...web, ...get('/a') }, 'deny'],
  ['a prefix', onRoute(path('/a', 'PathPrefix')), { ...web, ...get('/a/b') }, 'allow'],
  ['a prefix of whole segments', onRoute(path('/a', 'PathPrefix')), { ...web, ...get('/ab') }, 'deny'],
  ['a slash at its end is none', onRoute(path('/a/', 'PathPrefix')), { ...web, ...get('/a') }, 'allow'],
  ['everything', onRoute(path('/', 'PathPrefix')), { ...web, ...get('/x') }, 'allow'],
  [
    'no match at all is everything',
    [server(), route([]), policy(toRoute, [ids]), who],
    { ...web, ...get('/x') },
    'allow',
  ],
  ['a regular expression', onRoute(path('/a/[0-9]+', 'RegularExpression')), { ...web, ...get('/a/17') }, 'allow'],
  [
    'marks that Rust lets escape',
    onRoute(path('/my\\-api\\&\\#\\~/[0-9]+', 'RegularExpression')),
    { ...web, ...get('/my-api&~/17') },
    'deny',
  ],
  [
    'marks that Rust lets escape, as they stand',
    onRoute(path('/my\\-api\\&\\~/[0-9]+', 'RegularExpression')),
    { ...web, ...get('/my-api&~/17') },
    'allow',
  ],
  ['over the whole path', onRoute(path('/a/[0-9]+', 'RegularExpression')), { ...web, ...get('/a/17/x') }, 'deny'],
  ['the first alternative that fits', onRoute(path('/a|/ab', 'RegularExpression')), { ...web, ...get('/ab') }, 'deny'],
  [
    'an expression that engines read differently',
    onRoute(path('(?i)/a', 'RegularExpression')),
    { ...web, ...get('/a') },
    'unknown',
  ],
  ['a method', onRoute({ ...path('/a'), method: 'GET' }), { ...web, ...get('/a') }, 'allow'],
  ['another method', onRoute({ ...path('/a'), method: 'POST' }), { ...web, ...get('/a') }, 'deny'],
  [
    'a header',
    onRoute({ ...path('/a'), headers: [{ name: 'X-A', value: '1' }] }),
    { ...web, ...get('/a', { headers: { 'x-a': '1' } }) },
    'allow',
  ],
  [
    'a header that nobody told',
    onRoute({ ...path('/a'), headers: [{ name: 'X-A', value: '1' }] }),
    { ...web, ...get('/a') },
    'unknown',
  ],
  [
    'a parameter',
    onRoute({ ...path('/a'), queryParams: [{ name: 'x', value: '1' }] }),
    { ...web, ...get('/a?x=1') },
    'allow',
  ],
  [
    'another parameter',
    onRoute({ ...path('/a'), queryParams: [{ name: 'x', value: '1' }] }),
    { ...web, ...get('/a?x=2') },
    'deny',
  ],
  [
    'a host',
    [server(), route([path('/a')], 'r', { hostnames: ['api.shop'] }), policy(toRoute, [ids]), who],
    { ...web, ...get('/a', { host: 'api.shop:80' }) },
    'allow',
  ],
  [
    'another host',
    [server(), route([path('/a')], 'r', { hostnames: ['api.shop'] }), policy(toRoute, [ids]), who],
    { ...web, ...get('/a', { host: 'b' }) },
    'deny',
  ],
  [
    'the longer path wins',
    [...onRoute(path('/', 'PathPrefix')), route([path('/a', 'PathPrefix')], 'long')],
    { ...web, ...get('/a/b') },
    'deny',
  ],
  [
    'a method wins over none',
    [...onRoute(path('/a')), route([{ ...path('/a'), method: 'GET' }], 'm')],
    { ...web, ...get('/a') },
    'deny',
  ],
  ['two equals', [...onRoute(path('/a')), route([path('/a')], 'twin')], { ...web, ...get('/a') }, 'unknown'],
  ['two equals that agree', [...onRoute(path('/a')), route([path('/a')], 'twin')], { ...db, ...get('/a') }, 'deny'],
  ['a request that nobody told', onRoute(path('/a')), web, 'unknown'],
  ['whom no route is for', onRoute(path('/a')), outsider, 'deny'],
  [
    'whom the Server lets in, with a route for everything',
    [server(), route([path('/', 'PathPrefix')]), policy(toServer, [ids]), who],
    web,
    'allow',
  ],
  ['another connection than HTTP takes no route', onRoute(path('/', 'PathPrefix')), { ...web, http: null }, 'deny'],
  [
    'a route of another Server',
    [
      server(),
      route([path('/a')], 'r', { parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'x' }] }),
      policy(toServer, []),
    ],
    { ...web, ...get('/b') },
    'allow',
  ],
  [
    'a route of a Service is for clients',
    [
      server(),
      route([path('/a')], 'r', { parentRefs: [{ group: 'core', kind: 'Service', name: 'api' }] }),
      policy(toServer, []),
    ],
    { ...web, ...get('/b') },
    'allow',
  ],
  ['a probe of its own node', [probed], { ...kubelet, ...toWeb }, 'allow'],
  ['the request of a probe, whoever asks', [probed], { ...outsider, ...toWeb, ...get('/healthz') }, 'allow'],
  ['another request', [probed], { ...outsider, ...toWeb, ...get('/secret') }, 'deny'],
  [
    'with routes there is none for probes',
    [probed, route([path('/a')], 'r', { parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'web' }] })],
    { ...kubelet, ...toWeb, ...get('/healthz') },
    'deny',
  ],
]);
