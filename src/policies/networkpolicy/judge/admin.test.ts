/** AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, sentence by sentence. */
import { admin, type Case, check, networkPolicy } from './semantics.cases.ts';

const everyone = { namespaces: {} };
const x = { namespaces: { matchLabels: { team: 'red' } } };
const podA = { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'a' } } } };
const tcp = (number: number) => [{ tcp: { destinationPort: { number } } }];
const isolateX = networkPolicy({ podSelector: {}, policyTypes: ['Ingress'], ingress: [] });

const cases: readonly Case[] = [
  {
    title: 'nothing is isolated: what no rule decides goes on, in the end through',
    policies: [admin('AdminNetworkPolicy', { priority: 1, subject: x, ingress: [{ action: 'Deny', from: [podA] }] })],
    flows: { 'y/a → x/b 80/TCP': 'deny', 'y/b → x/b 80/TCP': 'allow', '8.8.8.8 → x/b 80/TCP': 'allow' },
  },
  {
    title: 'the lower number comes first, the first match ends',
    policies: [
      admin('AdminNetworkPolicy', { priority: 5, subject: x, ingress: [{ action: 'Deny', from: [everyone] }] }, 'late'),
      admin(
        'AdminNetworkPolicy',
        {
          priority: 1,
          subject: x,
          ingress: [
            { action: 'Allow', from: [podA] },
            { action: 'Deny', from: [podA] },
          ],
        },
        'early',
      ),
    ],
    flows: { 'y/a → x/b 80/TCP': 'allow', 'y/b → x/b 80/TCP': 'deny' },
  },
  {
    title: 'an admin allow beats isolation, Pass leaves it to NetworkPolicies',
    policies: [
      isolateX,
      admin('AdminNetworkPolicy', {
        priority: 1,
        subject: x,
        ingress: [
          { action: 'Allow', from: [podA], ports: [{ portNumber: { port: 80, protocol: 'TCP' } }] },
          { action: 'Pass', from: [podA] },
        ],
      }),
    ],
    flows: { 'y/a → x/b 80/TCP': 'allow', 'y/a → x/b 81/TCP': 'deny' },
  },
  {
    title: 'the baseline is asked last, and not at all where NetworkPolicies isolate',
    policies: [
      networkPolicy({ podSelector: { matchLabels: { app: 'a' } }, ingress: [{}] }),
      admin('BaselineAdminNetworkPolicy', { subject: x, ingress: [{ action: 'Deny', from: [everyone] }] }),
    ],
    flows: { 'y/b → x/a 80/TCP': 'allow', 'y/b → x/b 80/TCP': 'deny', '8.8.8.8 → x/b 80/TCP': 'allow' },
  },
  {
    title: 'an egress that is accepted still needs its ingress',
    policies: [
      isolateX,
      admin('ClusterNetworkPolicy', {
        tier: 'Admin',
        priority: 1,
        subject: everyone,
        egress: [{ action: 'Accept', to: [everyone] }],
      }),
    ],
    flows: { 'y/a → x/b 80/TCP': 'deny', 'x/a → y/b 80/TCP': 'allow' },
  },
  {
    title: 'ports by number, range and name; no list is every port',
    policies: [
      admin('AdminNetworkPolicy', {
        priority: 1,
        subject: everyone,
        ingress: [
          {
            action: 'Deny',
            from: [everyone],
            ports: [
              { portNumber: { port: 22 } },
              { portRange: { protocol: 'UDP', start: 5, end: 7 } },
              { namedPort: 'web' },
            ],
          },
        ],
      }),
    ],
    flows: {
      'y/a → x/b 22/TCP': 'deny',
      'y/a → x/b 22/UDP': 'allow',
      'y/a → x/b 6/UDP': 'deny',
      'y/a → x/b 8001/TCP': 'deny',
      'y/a → x/b 8002/TCP': 'allow',
    },
  },
  {
    title: 'protocols of ClusterNetworkPolicy: all of one, a range, a name',
    policies: [
      admin('ClusterNetworkPolicy', {
        tier: 'Admin',
        priority: 1,
        subject: everyone,
        ingress: [
          {
            action: 'Deny',
            from: [everyone],
            protocols: [
              { sctp: {} },
              { udp: { destinationPort: { range: { start: 5, end: 7 } } } },
              { destinationNamedPort: 'web' },
              ...tcp(22),
            ],
          },
        ],
      }),
    ],
    flows: {
      'y/a → x/b 9/SCTP': 'deny',
      'y/a → x/b 7/UDP': 'deny',
      'y/a → x/b 8/UDP': 'allow',
      'y/a → x/b 8001/TCP': 'deny',
      'y/a → x/b 22/TCP': 'deny',
      'y/a → x/b 23/TCP': 'allow',
    },
  },
  {
    title: 'networks are addresses: of pods and nodes too; nodes by their labels',
    policies: [
      admin('ClusterNetworkPolicy', {
        tier: 'Admin',
        priority: 1,
        subject: x,
        egress: [
          { action: 'Accept', to: [{ nodes: { matchLabels: { role: 'cp' } } }] },
          { action: 'Deny', to: [{ networks: ['172.18.0.0/16', '10.0.1.0/24'] }] },
        ],
      }),
    ],
    flows: {
      'x/a → 172.18.0.2 80/TCP': 'allow',
      'x/a → 172.18.0.3 80/TCP': 'deny',
      'x/a → y/a 80/TCP': 'deny',
      'x/a → x/b 80/TCP': 'allow',
    },
  },
  {
    title: 'a name stands for the name and, with *., for all below it',
    policies: [
      admin('ClusterNetworkPolicy', {
        tier: 'Baseline',
        priority: 1,
        subject: x,
        egress: [
          { action: 'Accept', to: [{ domainNames: ['*.example.com'] }] },
          { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
        ],
      }),
    ],
    flows: {
      'x/a → 192.0.2.1=a.b.example.com 80/TCP': 'allow',
      'x/a → 192.0.2.1=example.com 80/TCP': 'deny',
      'x/a → 192.0.2.1 80/TCP': 'unknown',
    },
  },
  {
    title: "pods with their node's network are neither subject nor pod",
    policies: [
      admin('AdminNetworkPolicy', { priority: 1, subject: everyone, ingress: [{ action: 'Deny', from: [everyone] }] }),
    ],
    flows: { 'y/a → x/host 80/TCP': 'allow', 'x/host → x/c 80/TCP': 'allow', 'x/a → x/c 80/TCP': 'deny' },
  },
  {
    title: 'two policies of one priority that disagree leave it open; if they agree they do not',
    policies: [
      admin(
        'AdminNetworkPolicy',
        {
          priority: 1,
          subject: everyone,
          ingress: [
            { action: 'Deny', from: [podA] },
            { action: 'Deny', from: [everyone], ports: [{ portNumber: { port: 22 } }] },
          ],
        },
        'one',
      ),
      admin(
        'AdminNetworkPolicy',
        {
          priority: 1,
          subject: x,
          ingress: [{ action: 'Allow', from: [podA], ports: [{ portNumber: { port: 80 } }] }],
        },
        'two',
      ),
    ],
    flows: { 'y/a → x/b 80/TCP': 'unknown', 'y/a → y/b 80/TCP': 'deny', 'y/b → x/b 22/TCP': 'deny' },
  },
];

check(cases);
