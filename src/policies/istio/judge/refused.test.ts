/** What istiod's webhook and the schema refuse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster } from '../../mesh.cases.ts';
import { istio } from '../index.ts';
import { from, peers, policy, to } from './judge.cases.ts';

const refused: readonly (readonly [what: string, object: object, message: RegExp])[] = [
  ['two places', policy({ selector: {}, targetRefs: [{ kind: 'Service', name: 'a' }] }), /spec: only one of selector/],
  [
    '17 targets',
    policy({ targetRefs: Array.from({ length: 17 }, () => ({ kind: 'Service', name: 'a' })) }),
    /targetRefs/,
  ],
  ['513 rules', policy({ rules: Array.from({ length: 513 }, () => ({})) }), /spec\.rules/],
  ['a port that is a number', policy(to({ ports: [80] })), /spec\.rules\[0\]\.to\[0\]\.operation\.ports\[0\]/],
  ['a port by name', policy(to({ ports: ['http'] })), /a port is a number/],
  ['text beside a template', policy(to({ paths: ['/a/x{*}'] })), /stands beside a template/],
  ['a star beside a template', policy(to({ paths: ['/a/{*}/b*'] })), /stands beside a template/],
  ['a tail that is not last', policy(to({ paths: ['/{**}/{*}'] })), /not the last operator/],
  ['an empty source', policy(from({})), /a source needs a field/],
  ['an empty operation', policy(to({})), /an operation needs a field/],
  ['no sources', policy({ rules: [{ from: [] }] }), /from/],
  ['accounts beside principals', policy(from({ serviceAccounts: ['a'], principals: ['b'] })), /do not stand beside/],
  ['an account with a star', policy(from({ serviceAccounts: ['a*'] })), /without a wildcard/],
  ['an unknown attribute', policy({ rules: [{ when: [{ key: 'source.user', values: ['a'] }] }] }), /unknown attribute/],
  ['a condition of nothing', policy({ rules: [{ when: [{ key: 'source.ip' }] }] }), /needs values or notValues/],
  ['no provider', policy({ action: 'CUSTOM', rules: [{}] }), /CUSTOM needs a provider/],
  ['no network', policy(from({ ipBlocks: ['10.0.0.0/33'] })), /neither an address nor a network/],
  ['an unknown field', policy({ rulez: [] }), /spec/],
  [
    'a port without a selector',
    peers({ portLevelMtls: { 80: { mode: 'STRICT' } } }),
    /portLevelMtls requires a selector/,
  ],
];
for (const [what, object, message] of refused)
  test(`istio refuses ${what}, with the path`, () => {
    assert.throws(() => istio.evaluator(JSON.stringify(object), {}, cluster), message);
  });
