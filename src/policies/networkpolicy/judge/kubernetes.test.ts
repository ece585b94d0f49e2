/** NetworkPolicy v1, sentence by sentence. */
import { type Case, check, networkPolicy as policy } from './semantics.cases.ts';

const a = { matchLabels: { app: 'a' } };
const front = { matchLabels: { tier: 'front' } };

const cases: readonly Case[] = [
  {
    title: 'without a policy everything is let through',
    policies: [],
    flows: { 'x/a → y/b 1/TCP': 'allow', '8.8.8.8 → x/a 1/UDP': 'allow' },
  },
  {
    title: 'no policyTypes: ingress always, egress only with an entry',
    policies: [policy({ podSelector: a })],
    flows: { 'x/b → x/a 80/TCP': 'deny', 'x/a → x/b 80/TCP': 'allow', 'y/b → y/a 80/TCP': 'allow' },
  },
  {
    title: 'no policyTypes with egress: both directions',
    policies: [policy({ podSelector: a, egress: [{}] })],
    flows: { 'x/b → x/a 80/TCP': 'deny', 'x/a → 8.8.8.8 80/TCP': 'allow' },
  },
  {
    title: 'policyTypes alone decide: an ingress section without Ingress is inert',
    policies: [policy({ podSelector: a, policyTypes: ['Egress'], ingress: [] })],
    flows: { 'x/b → x/a 80/TCP': 'allow', 'x/a → x/b 80/TCP': 'deny' },
  },
  {
    title: 'an empty rule lets everybody in, an empty list nobody',
    policies: [
      policy({ podSelector: a, ingress: [{}] }),
      policy({ podSelector: { matchLabels: { app: 'b' } }, ingress: [] }, 'x', 'q'),
    ],
    flows: { '8.8.8.8 → x/a 1/SCTP': 'allow', 'x/a → x/b 80/TCP': 'deny' },
  },
  {
    title: 'absent and empty peers are anybody, absent and empty ports every port',
    policies: [
      policy({
        podSelector: a,
        ingress: [
          { from: [], ports: [{ port: 80 }] },
          { from: [{ podSelector: front }], ports: [] },
        ],
      }),
    ],
    flows: { '8.8.8.8 → x/a 80/TCP': 'allow', '8.8.8.8 → x/a 81/TCP': 'deny', 'x/b → x/a 81/TCP': 'deny' },
  },
  {
    title: 'a podSelector means the own namespace, a namespaceSelector all its pods, both together both',
    policies: [
      policy({ podSelector: a, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'b' } } }] }] }),
      policy(
        {
          podSelector: { matchLabels: { app: 'b' } },
          ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }],
        },
        'x',
        'q',
      ),
      policy(
        {
          podSelector: { matchLabels: { app: 'c' } },
          ingress: [
            { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } }, podSelector: a }] },
          ],
        },
        'x',
        'r',
      ),
    ],
    flows: {
      'x/b → x/a 80/TCP': 'allow',
      'y/b → x/a 80/TCP': 'deny',
      'y/c → x/b 80/TCP': 'allow',
      'x/c → x/b 80/TCP': 'deny',
      'y/a → x/c 80/TCP': 'allow',
      'y/b → x/c 80/TCP': 'deny',
      'x/a → x/c 80/TCP': 'deny',
    },
  },
  {
    title: 'namespaceSelector {} is every namespace and no address outside',
    policies: [policy({ podSelector: a, ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    flows: { 'y/c → x/a 80/TCP': 'allow', '8.8.8.8 → x/a 80/TCP': 'deny' },
  },
  {
    title: 'NotIn and DoesNotExist hold where the key is absent',
    policies: [
      policy({
        podSelector: a,
        ingress: [
          {
            from: [
              {
                podSelector: {
                  matchExpressions: [
                    { key: 'none', operator: 'NotIn', values: ['v'] },
                    { key: 'none', operator: 'DoesNotExist' },
                    { key: 'app', operator: 'In', values: ['b', 'c'] },
                  ],
                },
              },
            ],
          },
        ],
      }),
    ],
    flows: { 'x/b → x/a 80/TCP': 'allow', 'x/dual → x/a 80/TCP': 'deny' },
  },
  {
    title: 'ipBlock: exceptions, host bits, and one family alone',
    policies: [
      policy({
        podSelector: a,
        ingress: [
          {
            from: [
              { ipBlock: { cidr: '192.0.2.7/24', except: ['192.0.2.128/25'] } },
              { ipBlock: { cidr: '0.0.0.0/0', except: ['0.0.0.0/1', '128.0.0.0/1'] } },
            ],
          },
        ],
      }),
    ],
    flows: {
      '192.0.2.1 → x/a 80/TCP': 'allow',
      '192.0.2.200 → x/a 80/TCP': 'deny',
      '2001:db8::1 → x/a 80/TCP': 'deny',
      '::ffff:192.0.2.9 → x/a 80/TCP': 'allow',
    },
  },
  {
    title: 'ipBlock covers pods in one dialect',
    policies: [policy({ podSelector: a, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] })],
    flows: { 'y/a → x/a 80/TCP': 'allow', 'x/dual → x/a 80/TCP': 'unknown' },
  },
  {
    title: 'and not in the other',
    dialect: 'ipblock-external-only',
    policies: [policy({ podSelector: a, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] })],
    flows: { 'y/a → x/a 80/TCP': 'deny', '10.200.0.1 → x/a 80/TCP': 'allow' },
  },
  {
    title:
      'a port without protocol is TCP, an endPort is included, a rule without a port is every port of its protocol',
    policies: [policy({ podSelector: a, ingress: [{ ports: [{ port: 80, endPort: 82 }, { protocol: 'UDP' }] }] })],
    flows: {
      'x/b → x/a 82/TCP': 'allow',
      'x/b → x/a 83/TCP': 'deny',
      'x/b → x/a 80/SCTP': 'deny',
      'x/b → x/a 4000/UDP': 'allow',
    },
  },
  {
    title: 'a rule for SCTP alone isolates TCP',
    policies: [policy({ podSelector: a, ingress: [{ ports: [{ protocol: 'SCTP', port: 80 }] }] })],
    flows: { 'x/b → x/a 80/TCP': 'deny', 'x/b → x/a 80/SCTP': 'allow' },
  },
  {
    title: "a named port is the destination's, with its protocol; nothing but a pod has one",
    policies: [
      policy({
        podSelector: a,
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 'web' }, { port: 'dns', protocol: 'UDP' }, { port: 'dns' }] }],
      }),
    ],
    flows: {
      'x/a → x/b 8001/TCP': 'allow',
      'x/a → x/c 8002/TCP': 'allow',
      'x/a → x/c 8001/TCP': 'deny',
      'x/a → x/b 53/UDP': 'allow',
      'x/a → x/b 53/TCP': 'deny',
      'x/a → 8.8.8.8 8000/TCP': 'deny',
    },
  },
  {
    title: 'policies add up, and both ends must agree',
    policies: [
      policy({ podSelector: a, policyTypes: ['Egress'], egress: [{ ports: [{ port: 80 }] }] }),
      policy({ podSelector: a, policyTypes: ['Egress'], egress: [{ ports: [{ port: 81 }] }] }, 'x', 'q'),
      policy({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 81 }] }] }, 'y', 'r'),
    ],
    flows: {
      'x/a → x/b 80/TCP': 'allow',
      'x/a → x/b 81/TCP': 'allow',
      'x/a → y/b 80/TCP': 'deny',
      'x/a → y/b 81/TCP': 'allow',
    },
  },
  {
    title: 'traffic to itself and from the own node is let through, from another node not',
    policies: [policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
    flows: {
      'x/a → x/a 80/TCP': 'allow',
      '172.18.0.2 → x/a 80/TCP': 'allow',
      '172.18.0.3 → x/a 80/TCP': 'deny',
      'x/host → x/a 80/TCP': 'allow',
      'x/host → x/c 80/TCP': 'deny',
    },
  },
  {
    title: "pods with their node's network are neither selected nor meant by selectors",
    policies: [
      policy({ podSelector: a, policyTypes: ['Ingress', 'Egress'] }),
      policy({ podSelector: { matchLabels: { app: 'c' } }, ingress: [{ from: [{ podSelector: a }] }] }, 'x', 'q'),
    ],
    flows: { 'x/b → x/host 80/TCP': 'allow', 'x/host → 8.8.8.8 80/TCP': 'allow', 'x/host → x/c 80/TCP': 'deny' },
  },
  {
    title: 'ICMP against rules about ports is not defined, and goes where there are none',
    policies: [
      policy({
        podSelector: a,
        ingress: [
          { from: [{ podSelector: front }] },
          { from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ port: 80 }] },
        ],
      }),
    ],
    flows: { 'x/b → x/a ICMP': 'unknown', 'x/c → x/a ICMP': 'deny' },
  },
  {
    title: 'an end that nobody can name leaves it open, unless nothing depends on it',
    policies: [policy({ podSelector: a, ingress: [{ from: [{ podSelector: front }] }] })],
    flows: {
      'x/gone → x/a 80/TCP': 'unknown',
      '10.0.99.99 → x/a 80/TCP': 'unknown',
      'x/b → 10.96.0.7 80/TCP': 'unknown',
      'x/gone → 8.8.8.8 80/TCP': 'unknown',
    },
  },
];

check(cases);
