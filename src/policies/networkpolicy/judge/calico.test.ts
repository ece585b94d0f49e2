/** Calico's policies, sentence by sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calico, type Case, check, networkPolicy } from './semantics.cases.ts';
import { parseSelector } from './read/calico-selector.ts';

const a = "app == 'a'";
const b = "app == 'b'";
const tier = (name: string, order: number | null, defaultAction?: string) =>
  calico({ order, ...(defaultAction === undefined ? {} : { defaultAction }) }, '', name, 'Tier');
const tcp = (action: string, source: object, ...ports: (number | string)[]) => ({
  action,
  protocol: 'TCP',
  source,
  destination: ports.length === 0 ? {} : { ports },
});
const set = {
  ...calico({ nets: ['203.0.113.0/24'] }, '', 'partners', 'GlobalNetworkSet'),
  metadata: { name: 'partners', labels: { role: 'partner' } },
};

const cases: readonly Case[] = [
  {
    title: 'a policy that selects isolates; rules in order, the first match ends',
    policies: [
      calico({
        selector: a,
        types: ['Ingress'],
        ingress: [tcp('Deny', { selector: b }, 22), tcp('Allow', { selector: b })],
      }),
    ],
    flows: {
      'x/b → x/a 22/TCP': 'deny',
      'x/b → x/a 80/TCP': 'allow',
      'x/c → x/a 80/TCP': 'deny',
      'x/b → x/a 80/UDP': 'deny',
      'y/b → x/a 80/TCP': 'deny',
      'y/b → y/a 80/TCP': 'allow',
    },
  },
  {
    title: 'policies by order, and Log does not end',
    policies: [
      calico({ order: 20, selector: a, ingress: [{ action: 'Deny' }] }, 'x', 'late'),
      calico(
        { order: 10, selector: a, ingress: [{ action: 'Log' }, { action: 'Allow', source: { selector: b } }] },
        'x',
        'early',
      ),
    ],
    flows: { 'x/b → x/a 80/TCP': 'allow', 'x/c → x/a 80/TCP': 'deny' },
  },
  {
    title: 'tiers by order: Pass goes to the next, no match is refused, unless the tier passes',
    policies: [
      tier('security', 10),
      tier('platform', 20, 'Pass'),
      calico(
        { tier: 'security', selector: a, types: ['Ingress'], ingress: [tcp('Pass', {}, 80), tcp('Pass', {}, 81)] },
        'x',
        's',
      ),
      calico({ tier: 'platform', selector: a, types: ['Ingress'], ingress: [tcp('Deny', {}, 81)] }, 'x', 'p'),
      calico({ selector: a, types: ['Ingress'], ingress: [tcp('Allow', {}, 80)] }, 'x', 'd'),
    ],
    flows: { 'x/b → x/a 80/TCP': 'allow', 'x/b → x/a 81/TCP': 'deny', 'x/b → x/a 82/TCP': 'deny' },
  },
  {
    title: 'NetworkPolicies stand in the default tier with order 1000',
    policies: [
      networkPolicy({ podSelector: {}, ingress: [{}] }),
      calico({ order: 500, selector: a, ingress: [tcp('Deny', { selector: b })] }),
      calico({ order: 2000, selector: "app == 'c'", ingress: [{ action: 'Deny' }] }, 'x', 'late'),
    ],
    flows: { 'x/b → x/a 80/TCP': 'deny', 'x/c → x/a 80/TCP': 'allow', 'x/b → x/c 80/TCP': 'allow' },
  },
  {
    title: 'types by the rules that are there',
    policies: [calico({ selector: a, egress: [{ action: 'Allow' }] }), calico({ selector: b }, 'x', 'q')],
    flows: {
      'x/c → x/a 80/TCP': 'allow',
      'x/a → 8.8.8.8 80/TCP': 'allow',
      'x/a → x/b 80/TCP': 'deny',
      'x/b → x/c 80/TCP': 'allow',
    },
  },
  {
    title: 'namespaces of a peer, and everything of a global policy',
    policies: [
      calico({
        selector: a,
        types: ['Ingress'],
        ingress: [
          { action: 'Allow', source: { namespaceSelector: "team == 'blue'", selector: b } },
          { action: 'Allow', source: { namespaceSelector: "projectcalico.org/name == 'y'", selector: "app == 'c'" } },
        ],
      }),
      calico(
        {
          selector: b,
          namespaceSelector: "projectcalico.org/name in {'y'}",
          types: ['Ingress'],
          ingress: [{ action: 'Allow', source: { selector: a } }],
        },
        '',
        'g',
        'GlobalNetworkPolicy',
      ),
    ],
    flows: {
      'y/b → x/a 80/TCP': 'allow',
      'y/c → x/a 80/TCP': 'allow',
      'y/a → x/a 80/TCP': 'deny',
      'x/b → x/a 80/TCP': 'deny',
      'x/a → y/b 80/TCP': 'allow',
      'x/c → y/b 80/TCP': 'deny',
      'x/c → x/b 80/TCP': 'allow',
    },
  },
  {
    title: 'nets cover pods, notNets and notPorts exclude',
    policies: [
      calico({
        selector: a,
        types: ['Egress'],
        egress: [
          {
            action: 'Allow',
            protocol: 'TCP',
            destination: { nets: ['10.0.0.0/8', '192.0.2.0/24'], notNets: ['10.0.1.0/24'], notPorts: ['22:25'] },
          },
        ],
      }),
    ],
    flows: {
      'x/a → x/b 80/TCP': 'allow',
      'x/a → y/b 80/TCP': 'deny',
      'x/a → 192.0.2.9 26/TCP': 'allow',
      'x/a → 192.0.2.9 25/TCP': 'deny',
    },
  },
  {
    title: 'ranges and names of ports, protocols by number and by exclusion',
    policies: [
      calico({
        selector: a,
        types: ['Egress'],
        egress: [tcp('Allow', {}, '100:102', 'web'), { action: 'Allow', protocol: 132 }],
      }),
      calico({ selector: b, types: ['Egress'], egress: [{ action: 'Allow', notProtocol: 'TCP' }] }, 'x', 'q'),
    ],
    flows: {
      'x/a → x/c 101/TCP': 'allow',
      'x/a → x/c 8002/TCP': 'allow',
      'x/a → x/c 8001/TCP': 'deny',
      'x/a → x/c 5/SCTP': 'allow',
      'x/b → x/c 5/UDP': 'allow',
      'x/b → x/c 5/TCP': 'deny',
    },
  },
  {
    title: 'ICMP by type, and families',
    policies: [
      calico({ selector: a, types: ['Ingress'], ingress: [{ action: 'Allow', protocol: 'ICMP', icmp: { type: 8 } }] }),
      calico({ selector: b, types: ['Egress'], egress: [{ action: 'Allow', ipVersion: 6 }] }, 'x', 'q'),
    ],
    flows: {
      'x/b → x/a ICMP/8': 'deny',
      'x/c → x/a ICMP/8': 'allow',
      'x/c → x/a ICMP/0': 'deny',
      'x/b → 8.8.8.8 80/TCP': 'deny',
      'x/b → 2001:db8::1 80/TCP': 'allow',
    },
  },
  {
    title: 'sets of addresses by their labels',
    policies: [
      set,
      calico({
        selector: a,
        types: ['Egress'],
        egress: [{ action: 'Allow', destination: { selector: "role == 'partner'", namespaceSelector: 'global()' } }],
      }),
    ],
    flows: { 'x/a → 203.0.113.4 443/TCP': 'allow', 'x/a → 8.8.8.8 443/TCP': 'deny', 'x/a → x/b 443/TCP': 'deny' },
  },
  {
    title: 'services and accounts as peers',
    policies: [
      calico({
        selector: a,
        types: ['Egress'],
        egress: [
          { action: 'Allow', destination: { services: { name: 'b' } } },
          { action: 'Allow', destination: { serviceAccounts: { names: ['c'] } } },
        ],
      }),
    ],
    flows: {
      'x/a → x/b 443/TCP': 'allow',
      'x/a → x/c 443/TCP': 'allow',
      'x/a → x/dual 443/TCP': 'deny',
      'x/a → y/c 443/TCP': 'deny',
    },
  },
  {
    title: 'what is staged is not enforced; host policies do not hold for pods',
    policies: [
      calico({ selector: a, types: ['Ingress'], stagedAction: 'Set' }, 'x', 's', 'StagedNetworkPolicy'),
      calico(
        { selector: 'all()', preDNAT: true, applyOnForward: true, types: ['Ingress'], ingress: [{ action: 'Deny' }] },
        '',
        'h',
        'GlobalNetworkPolicy',
      ),
    ],
    flows: { 'x/b → x/a 80/TCP': 'allow' },
  },
  {
    title: 'the own node is let in, labels of accounts are not known',
    policies: [calico({ selector: 'all()', types: ['Ingress'], serviceAccountSelector: "role == 'db'", ingress: [] })],
    flows: { '172.18.0.2 → x/a 80/TCP': 'allow', 'x/b → x/a 80/TCP': 'unknown' },
  },
];

check(cases);

test('expressions over labels', () => {
  const labels = { app: 'web', 'example.com/tier': 'front-1' };
  const holds: Readonly<Record<string, boolean>> = {
    'all()': true,
    '': true,
    'global()': false,
    "app == 'web'": true,
    'app=="web" && has(example.com/tier)': true,
    "app != 'db'": true,
    "none != 'x'": true,
    "app in {'db', 'web'}": true,
    "app not in {'db'}": true,
    "none in {'x'}": false,
    '!has(none)': true,
    "example.com/tier starts with 'front' && example.com/tier ends with '1'": true,
    "example.com/tier contains 't-1'": true,
    "app == 'db' || app == 'web' && !has(none)": true,
    "(app == 'db' || app == 'web') && has(none)": false,
    '! (has(app))': false,
  };
  assert.deepEqual(Object.fromEntries(Object.keys(holds).map((text) => [text, parseSelector(text)(labels)])), holds);
  for (const broken of [
    'app ==',
    'app',
    "app = 'x'",
    "(app == 'x'",
    'nosuch()',
    "app == 'x' app",
    "app in {'x'",
    '&& app',
    'app == x',
  ])
    assert.throws(() => parseSelector(broken), /expected|unexpected|no function/, broken);
});
