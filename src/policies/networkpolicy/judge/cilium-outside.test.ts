/** What Cilium's policies say of entities, addresses, names, services and nodes, sentence by sentence. */
import { type Case, check, cilium, clusterwide, networkPolicy } from './semantics.cases.ts';

const a = { matchLabels: { app: 'a' } };
const b = { matchLabels: { app: 'b' } };
const group = {
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumCIDRGroup',
  metadata: { name: 'g', labels: { of: 'us' } },
  spec: { externalCIDRs: ['203.0.113.0/24'] },
};

const cases: readonly Case[] = [
  {
    title: 'entities: world, cluster, host, remote-node, kube-apiserver, all',
    policies: [
      cilium({ endpointSelector: a, egress: [{ toEntities: ['world'] }] }),
      cilium({ endpointSelector: b, egress: [{ toEntities: ['cluster'] }] }, 'x', 'q'),
      cilium(
        { endpointSelector: { matchLabels: { app: 'c' } }, egress: [{ toEntities: ['host', 'kube-apiserver'] }] },
        'x',
        'r',
      ),
      cilium({ endpointSelector: a, egress: [{ toEntities: ['remote-node'] }] }, 'y', 's'),
      cilium({ endpointSelector: b, egress: [{ toEntities: ['all'] }] }, 'y', 't'),
    ],
    flows: {
      'x/a → 8.8.8.8 80/TCP': 'allow',
      'x/a → x/b 80/TCP': 'deny',
      'x/a → 172.18.0.3 80/TCP': 'deny',
      'x/b → 172.18.0.3 80/TCP': 'allow',
      'x/b → y/a 80/TCP': 'allow',
      'x/b → 8.8.8.8 80/TCP': 'deny',
      'x/c → 172.18.0.3 80/TCP': 'allow',
      'x/c → 172.18.0.2 6443/TCP': 'allow',
      'y/a → 172.18.0.3 80/TCP': 'allow',
      'y/a → 172.18.0.2 80/TCP': 'deny',
      'y/b → 8.8.8.8 80/TCP': 'allow',
    },
  },
  {
    title: 'addresses stand for the world alone: not for pods, nodes or the API server, in ipBlock too',
    policies: [
      cilium({ endpointSelector: a, egress: [{ toCIDR: ['0.0.0.0/0'] }] }),
      networkPolicy(
        { podSelector: b, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
        'x',
        'q',
      ),
    ],
    flows: {
      'x/a → 8.8.8.8 80/TCP': 'allow',
      'x/a → x/b 80/TCP': 'deny',
      'x/a → 172.18.0.2 6443/TCP': 'deny',
      'x/b → 8.8.8.8 80/TCP': 'allow',
      'x/b → x/a 80/TCP': 'deny',
    },
  },
  {
    title: 'sets of addresses with exceptions, and groups of them by name and label',
    policies: [
      group,
      cilium({ endpointSelector: a, egress: [{ toCIDRSet: [{ cidr: '192.0.2.0/24', except: ['192.0.2.128/25'] }] }] }),
      cilium({ endpointSelector: b, egress: [{ toCIDRSet: [{ cidrGroupRef: 'g' }] }] }, 'x', 'q'),
      cilium(
        {
          endpointSelector: { matchLabels: { app: 'c' } },
          egress: [{ toCIDRSet: [{ cidrGroupSelector: { matchLabels: { of: 'us' } } }, { cidrGroupRef: 'none' }] }],
        },
        'x',
        'r',
      ),
    ],
    flows: {
      'x/a → 192.0.2.1 80/TCP': 'allow',
      'x/a → 192.0.2.129 80/TCP': 'deny',
      'x/b → 203.0.113.9 80/TCP': 'allow',
      'x/b → 8.8.8.8 80/TCP': 'deny',
      'x/c → 203.0.113.9 80/TCP': 'allow',
    },
  },
  {
    title: 'names: exact, by pattern, and unknown where no name is known',
    policies: [
      cilium({
        endpointSelector: a,
        egress: [
          {
            toFQDNs: [
              { matchName: 'API.example.com.' },
              { matchPattern: '*.example.org' },
              { matchPattern: '**.deep.net' },
            ],
          },
        ],
      }),
    ],
    flows: {
      'x/a → 192.0.2.1=api.example.com 80/TCP': 'allow',
      'x/a → 192.0.2.1=x.api.example.com 80/TCP': 'deny',
      'x/a → 192.0.2.1=cdn.example.org 80/TCP': 'allow',
      'x/a → 192.0.2.1=a.cdn.example.org 80/TCP': 'deny',
      'x/a → 192.0.2.1=a.b.deep.net 80/TCP': 'allow',
      'x/a → 192.0.2.1= 80/TCP': 'deny',
      'x/a → 192.0.2.1 80/TCP': 'unknown',
    },
  },
  {
    title: 'services by name, with a selector and without',
    policies: [
      cilium({
        endpointSelector: a,
        egress: [
          { toServices: [{ k8sService: { serviceName: 'b', namespace: 'x' } }] },
          { toServices: [{ k8sService: { serviceName: 'outside', namespace: 'x' } }] },
        ],
      }),
    ],
    flows: {
      'x/a → x/b 80/TCP': 'allow',
      'x/a → x/c 80/TCP': 'deny',
      'x/a → 203.0.113.5 443/TCP': 'allow',
      'x/a → 203.0.113.6 443/TCP': 'deny',
    },
  },
  {
    title: 'groups of a cloud provider are its own to know',
    policies: [cilium({ endpointSelector: a, egress: [{ toGroups: [{ aws: { region: 'eu' } }] }] })],
    flows: { 'x/a → 8.8.8.8 80/TCP': 'unknown', 'x/a → x/b 80/TCP': 'deny' },
  },
  {
    title: 'nodes: as subject by nodeSelector, as peer by their labels',
    policies: [
      clusterwide({ nodeSelector: { matchLabels: { role: 'worker' } }, ingress: [{ fromEndpoints: [a] }] }),
      cilium({ endpointSelector: b, egress: [{ toNodes: [{ matchLabels: { role: 'cp' } }] }] }, 'x', 'q'),
    ],
    flows: {
      'x/a → 172.18.0.3 22/TCP': 'allow',
      'x/c → 172.18.0.3 22/TCP': 'deny',
      'x/c → 172.18.0.2 22/TCP': 'allow',
      'x/b → 172.18.0.2 22/TCP': 'allow',
      'x/b → 172.18.0.3 22/TCP': 'deny',
    },
  },
  {
    title: 'authentication and legacy requirements are not told by a flow',
    policies: [
      cilium({ endpointSelector: a, ingress: [{ fromEndpoints: [b], authentication: { mode: 'required' } }] }),
    ],
    flows: { 'x/b → x/a 80/TCP': 'unknown', 'x/c → x/a 80/TCP': 'deny' },
  },
  {
    title: 'an authentication that always fails lets nobody through',
    policies: [
      cilium({ endpointSelector: a, ingress: [{ fromEndpoints: [b], authentication: { mode: 'test-always-fail' } }] }),
    ],
    flows: { 'x/b → x/a 80/TCP': 'deny' },
  },
];

check(cases);
