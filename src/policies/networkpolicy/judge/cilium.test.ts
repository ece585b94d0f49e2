/** CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, sentence by sentence. */
import { type Case, check, cilium, clusterwide, networkPolicy } from './semantics.cases.ts';

const a = { matchLabels: { app: 'a' } };
const b = { matchLabels: { app: 'b' } };
const all = { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'y' } };
const ports = (...list: string[]) => [{ ports: list.map((port) => ({ port, protocol: 'TCP' })) }];

const cases: readonly Case[] = [
  {
    title: 'a rule that says nothing lets nobody in, and isolates',
    policies: [cilium({ endpointSelector: a, ingress: [{}] })],
    flows: {
      'x/b → x/a 80/TCP': 'deny',
      '8.8.8.8 → x/a 80/TCP': 'deny',
      'x/a → x/b 80/TCP': 'allow',
      '172.18.0.2 → x/a 80/TCP': 'allow',
    },
  },
  {
    title: 'an empty section counts as none',
    policies: [cilium({ endpointSelector: a, ingress: [] })],
    flows: { 'x/b → x/a 80/TCP': 'allow' },
  },
  {
    title: 'fromEndpoints: empty means nobody, {} everybody of the own namespace, never the world or a node',
    policies: [
      cilium({ endpointSelector: a, ingress: [{ fromEndpoints: [] }] }),
      cilium({ endpointSelector: b, ingress: [{ fromEndpoints: [{}] }] }, 'x', 'q'),
    ],
    flows: {
      'x/b → x/a 80/TCP': 'deny',
      'x/c → x/b 80/TCP': 'allow',
      'y/c → x/b 80/TCP': 'deny',
      '8.8.8.8 → x/b 80/TCP': 'deny',
      '172.18.0.3 → x/b 80/TCP': 'deny',
    },
  },
  {
    title: 'ports without peers are for everybody',
    policies: [cilium({ endpointSelector: a, ingress: [{ toPorts: ports('80') }] })],
    flows: { '8.8.8.8 → x/a 80/TCP': 'allow', 'y/c → x/a 80/TCP': 'allow', 'x/b → x/a 81/TCP': 'deny' },
  },
  {
    title: 'the own namespace is implied, unless a label of namespaces is asked for',
    policies: [
      cilium({
        endpointSelector: a,
        egress: [
          { toEndpoints: [b] },
          { toEndpoints: [all] },
          { toEndpoints: [{ matchLabels: { 'io.cilium.k8s.namespace.labels.team': 'blue', app: 'c' } }] },
        ],
      }),
    ],
    flows: { 'x/a → x/b 80/TCP': 'allow', 'x/a → y/a 80/TCP': 'allow', 'x/a → x/c 80/TCP': 'deny' },
  },
  {
    title: 'a clusterwide policy speaks of pods of every namespace',
    policies: [clusterwide({ endpointSelector: a, ingress: [{ fromEndpoints: [b] }] })],
    flows: {
      'y/b → x/a 80/TCP': 'allow',
      'x/b → y/a 80/TCP': 'allow',
      'x/c → y/a 80/TCP': 'deny',
      '8.8.8.8 → y/a 80/TCP': 'deny',
    },
  },
  {
    title: 'keys may name their source; accounts, clusters and namespaces are labels',
    policies: [
      cilium({
        endpointSelector: { matchLabels: { 'k8s:app': 'a' } },
        ingress: [
          {
            fromEndpoints: [
              {
                matchLabels: {
                  'any:app': 'b',
                  'io.cilium.k8s.policy.serviceaccount': 'b',
                  'io.cilium.k8s.policy.cluster': 'default',
                },
              },
            ],
          },
        ],
      }),
    ],
    flows: { 'x/b → x/a 80/TCP': 'allow', 'x/c → x/a 80/TCP': 'deny' },
  },
  {
    title: 'a protocol that is not named is any; port 0 is every port; ANY is any',
    policies: [
      cilium({
        endpointSelector: a,
        ingress: [
          {
            toPorts: [
              {
                ports: [
                  { port: '53' },
                  { port: '0', protocol: 'SCTP' },
                  { port: '100', endPort: 110, protocol: 'ANY' },
                ],
              },
            ],
          },
        ],
      }),
    ],
    flows: {
      'x/b → x/a 53/UDP': 'allow',
      'x/b → x/a 53/TCP': 'allow',
      'x/b → x/a 9/SCTP': 'allow',
      'x/b → x/a 110/UDP': 'allow',
      'x/b → x/a 111/UDP': 'deny',
    },
  },
  {
    title: 'deny beats allow, and a deny alone isolates',
    policies: [
      cilium({
        endpointSelector: a,
        ingress: [{ fromEndpoints: [{}] }],
        ingressDeny: [{ fromEndpoints: [b], toPorts: ports('22') }],
      }),
      cilium({ endpointSelector: b, ingressDeny: [{ fromEntities: ['world'] }] }, 'x', 'q'),
    ],
    flows: {
      'x/b → x/a 22/TCP': 'deny',
      'x/b → x/a 80/TCP': 'allow',
      'x/c → x/a 22/TCP': 'allow',
      'x/a → x/b 80/TCP': 'deny',
      '8.8.8.8 → x/b 80/TCP': 'deny',
    },
  },
  {
    title: 'without default deny on every policy the rest is let through, and denies still hold',
    policies: [
      cilium({
        endpointSelector: a,
        enableDefaultDeny: { ingress: false },
        ingress: [{ fromEndpoints: [b] }],
        ingressDeny: [{ toPorts: ports('22') }],
      }),
    ],
    flows: { 'x/c → x/a 80/TCP': 'allow', 'x/b → x/a 22/TCP': 'deny' },
  },
  {
    title: 'one policy with default deny is enough',
    policies: [
      cilium({ endpointSelector: a, enableDefaultDeny: { ingress: false }, ingress: [{ fromEndpoints: [b] }] }),
      networkPolicy({ podSelector: {}, policyTypes: ['Ingress'] }),
    ],
    flows: { 'x/c → x/a 80/TCP': 'deny', 'x/b → x/a 80/TCP': 'allow' },
  },
  {
    title: 'several specs are several rules of one policy',
    policies: [
      {
        ...clusterwide({}),
        spec: undefined,
        specs: [
          { endpointSelector: a, ingress: [{ fromEndpoints: [b] }] },
          { endpointSelector: b, egress: [{ toEndpoints: [a] }] },
        ],
      },
    ],
    flows: { 'x/b → x/a 80/TCP': 'allow', 'x/b → x/c 80/TCP': 'deny', 'x/c → x/a 80/TCP': 'deny' },
  },
  {
    title: 'what is asked over HTTP: whole path and method; without a request it is not known',
    policies: [
      cilium({
        endpointSelector: a,
        ingress: [{ toPorts: [{ ...ports('80')[0], rules: { http: [{ method: 'GET', path: '/public/.*' }] } }] }],
      }),
    ],
    flows: {
      'x/b → x/a 80/TCP GET /public/x': 'allow',
      'x/b → x/a 80/TCP GET /a/public/x': 'deny',
      'x/b → x/a 80/TCP POST /public/x': 'deny',
      'x/b → x/a 80/TCP': 'unknown',
      'x/b → x/a 81/TCP': 'deny',
    },
  },
  {
    title: 'a rule for the port without HTTP lets every request through',
    policies: [
      cilium({
        endpointSelector: a,
        ingress: [{ toPorts: [{ ...ports('80')[0], rules: { http: [{ method: 'GET' }] } }] }],
      }),
      cilium({ endpointSelector: a, ingress: [{ toPorts: ports('80') }] }, 'x', 'q'),
    ],
    flows: { 'x/b → x/a 80/TCP POST /': 'allow' },
  },
  {
    title: 'names that are asked of DNS',
    policies: [
      cilium({
        endpointSelector: a,
        egress: [
          {
            toEndpoints: [b],
            toPorts: [
              { ports: [{ port: '53', protocol: 'UDP' }], rules: { dns: [{ matchPattern: '*.example.com' }] } },
            ],
          },
        ],
      }),
    ],
    flows: {
      'x/a → x/b 53/UDP asks www.example.com.': 'allow',
      'x/a → x/b 53/UDP asks example.org': 'deny',
      'x/a → x/b 53/UDP': 'unknown',
    },
  },
  {
    title: 'ICMP by type, and not by ports',
    policies: [
      cilium({
        endpointSelector: a,
        ingress: [
          { icmps: [{ fields: [{ type: 8 }, { family: 'IPv6', type: 'EchoRequest' }] }] },
          { toPorts: ports('80') },
        ],
      }),
    ],
    flows: {
      'x/b → x/a ICMP/8': 'allow',
      'x/b → x/a ICMP/3': 'deny',
      'x/b → x/a ICMPv6/128': 'allow',
      'x/b → x/a ICMP': 'unknown',
    },
  },
];

check(cases);
