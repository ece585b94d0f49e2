/** What an edge becomes, by its peer and by the type of policy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Seen, written } from './shop.cases.ts';

type Type = 'kubernetes' | 'cilium' | 'calico';
interface Case {
  readonly title: string;
  readonly seen: readonly Seen[];
  readonly options?: Record<string, unknown>;
  /** The one rule of api's egress, or of web's ingress. */
  readonly rule: Partial<Record<Type, object>>;
}

const tcp = (port: number) => [{ protocol: 'TCP', port }];
const toPort = (port: string, protocol = 'TCP') => [{ ports: [{ port, protocol }] }];
const node = { type: 'node', node: 'n2', ip: '172.18.0.3' } as const;
const bothNodes = ['172.18.0.2/32', '172.18.0.3/32', 'fd00::3/128'];

const egress: readonly Case[] = [
  {
    title: 'a workload of the own namespace',
    seen: [['api-1', 'egress', 'web', 8080]],
    rule: {
      kubernetes: { to: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: tcp(8080) },
      cilium: { toEndpoints: [{ matchLabels: { app: 'web' } }], toPorts: toPort('8080') },
      calico: { action: 'Allow', protocol: 'TCP', destination: { selector: "app == 'web'", ports: [8080] } },
    },
  },
  {
    title: 'a workload of another namespace carries it',
    seen: [['api-1', 'egress', 'db', 5432]],
    rule: {
      kubernetes: {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'data' } },
            podSelector: { matchLabels: { app: 'db' } },
          },
        ],
        ports: tcp(5432),
      },
      cilium: {
        toEndpoints: [{ matchLabels: { app: 'db', 'k8s:io.kubernetes.pod.namespace': 'data' } }],
        toPorts: toPort('5432'),
      },
      calico: {
        action: 'Allow',
        protocol: 'TCP',
        destination: { selector: "app == 'db'", namespaceSelector: "projectcalico.org/name == 'data'", ports: [5432] },
      },
    },
  },
  {
    title: 'DNS over UDP is DNS over TCP too',
    seen: [['api-1', 'egress', 'coredns', 53, 'udp']],
    rule: {
      cilium: {
        toEndpoints: [{ matchLabels: { 'k8s-app': 'kube-dns', 'k8s:io.kubernetes.pod.namespace': 'kube-system' } }],
        toPorts: [
          {
            ports: [
              { port: '53', protocol: 'TCP' },
              { port: '53', protocol: 'UDP' },
            ],
          },
        ],
      },
    },
  },
  {
    title: 'the API server',
    seen: [['api-1', 'egress', { type: 'api-server', ip: '172.18.0.2' }, 6443]],
    rule: {
      kubernetes: { to: [{ ipBlock: { cidr: '172.18.0.2/32' } }], ports: tcp(6443) },
      cilium: { toEntities: ['kube-apiserver'], toPorts: toPort('6443') },
      calico: { action: 'Allow', protocol: 'TCP', destination: { nets: ['172.18.0.2/32'], ports: [6443] } },
    },
  },
  {
    title: 'a node, or a pod with its network: all nodes, since pods move',
    seen: [['api-1', 'egress', node, 9100]],
    rule: {
      kubernetes: { to: bothNodes.map((cidr) => ({ ipBlock: { cidr } })), ports: tcp(9100) },
      cilium: { toEntities: ['host', 'remote-node'], toPorts: toPort('9100') },
      calico: { action: 'Allow', protocol: 'TCP', destination: { nets: bothNodes, ports: [9100] } },
    },
  },
  {
    title: 'NodeLocal DNSCache',
    seen: [['api-1', 'egress', '169.254.20.10', 53, 'udp']],
    rule: {
      kubernetes: {
        to: [{ ipBlock: { cidr: '169.254.20.10/32' } }],
        ports: [
          { protocol: 'TCP', port: 53 },
          { protocol: 'UDP', port: 53 },
        ],
      },
      cilium: {
        toEntities: ['host'],
        toPorts: [
          {
            ports: [
              { port: '53', protocol: 'TCP' },
              { port: '53', protocol: 'UDP' },
            ],
          },
        ],
      },
    },
  },
  {
    title: "the cloud's metadata service",
    seen: [['api-1', 'egress', '169.254.169.254', 80]],
    rule: {
      kubernetes: { to: [{ ipBlock: { cidr: '169.254.169.254/32' } }], ports: tcp(80) },
      cilium: { toCIDR: ['169.254.169.254/32'], toPorts: toPort('80') },
    },
  },
  {
    title: 'addresses of both families with the same ports share a rule, of their own length each',
    seen: [
      ['api-1', 'egress', '2001:db8::7', 443],
      ['api-1', 'egress', '192.0.2.1', 443],
    ],
    rule: {
      kubernetes: {
        to: [{ ipBlock: { cidr: '192.0.2.1/32' } }, { ipBlock: { cidr: '2001:db8::7/128' } }],
        ports: tcp(443),
      },
      cilium: { toCIDR: ['192.0.2.1/32', '2001:db8::7/128'], toPorts: toPort('443') },
    },
  },
  {
    title: 'many addresses become their network when asked for',
    options: { external: 'aggregate' },
    seen: Array.from({ length: 8 }, (_, at): Seen => ['api-1', 'egress', `192.0.2.${at * 9}`, 443]),
    rule: {
      kubernetes: { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: tcp(443) },
      cilium: { toCIDR: ['192.0.2.0/24'], toPorts: toPort('443') },
    },
  },
  {
    title: 'names where the type has them, addresses elsewhere',
    options: { external: 'fqdn' },
    seen: [['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names: ['api.example.com'] }, 443]],
    rule: {
      kubernetes: { to: [{ ipBlock: { cidr: '192.0.2.1/32' } }], ports: tcp(443) },
      cilium: { toFQDNs: [{ matchName: 'api.example.com' }], toPorts: toPort('443') },
    },
  },
  {
    title: 'SCTP',
    seen: [['api-1', 'egress', 'db', 3868, 'sctp']],
    rule: {
      cilium: {
        toEndpoints: [{ matchLabels: { app: 'db', 'k8s:io.kubernetes.pod.namespace': 'data' } }],
        toPorts: toPort('3868', 'SCTP'),
      },
    },
  },
  {
    title: 'ICMP by its type, where the type of policy can tell',
    seen: [['api-1', 'egress', 'db', null, 'icmp', { icmpType: 8 }]],
    rule: {
      cilium: {
        toEndpoints: [{ matchLabels: { app: 'db', 'k8s:io.kubernetes.pod.namespace': 'data' } }],
        icmps: [{ fields: [{ family: 'IPv4', type: 8 }] }],
      },
      calico: {
        action: 'Allow',
        protocol: 'ICMP',
        icmp: { type: 8 },
        destination: { selector: "app == 'db'", namespaceSelector: "projectcalico.org/name == 'data'" },
      },
    },
  },
];

for (const { title, seen, options = {}, rule } of egress) {
  for (const [type, wanted] of Object.entries(rule)) {
    test(`${type}: ${title}`, () => {
      const { objects } = written(seen, { ...options, type });
      const own = Object.values(objects).find(({ metadata }) => metadata.name === 'api')?.spec.egress;
      // Cilium's rule for names stands beside the DNS that it needs, if there was any.
      assert.deepEqual(own, type === 'cilium' || type === 'calico' || type === 'kubernetes' ? [wanted] : []);
    });
  }
}
