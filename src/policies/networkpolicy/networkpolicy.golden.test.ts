/** One cluster's policies in every type, kept as files: a change is read as a diff. `make golden` writes them again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Seen, written } from './generate/shop.cases.ts';
import { types } from './options.ts';

const seen: readonly Seen[] = [
  ['web-1', 'ingress', '203.0.113.7', 8080],
  ['web-1', 'ingress', { type: 'node', node: 'n2', ip: '172.18.0.3' }, 8080],
  ['web-1', 'egress', 'api', 9000, 'tcp', { service: { namespace: 'shop', name: 'api', port: 80 } }],
  ['web-2', 'egress', 'api', 9001],
  ['web-2', 'egress', 'coredns', 53, 'udp', { service: { namespace: 'kube-system', name: 'kube-dns', port: 53 } }],
  ['api-1', 'egress', 'db', 5432],
  ['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names: ['api.example.com'] }, 443],
  ['api-1', 'egress', { type: 'api-server', ip: '172.18.0.2' }, 6443],
  ['api-1', 'egress', '169.254.169.254', 80],
  ['db-1', 'ingress', 'api', 5432],
];

for (const type of types) {
  test(`${type} is what it was, and is proved`, () => {
    const { text } = written(seen, { type });
    const golden = fileURLToPath(new URL(`golden/shop-${type}.yaml`, import.meta.url));
    if (process.env['UPDATE_GOLDEN'] !== undefined) {
      mkdirSync(fileURLToPath(new URL('golden', import.meta.url)), { recursive: true });
      writeFileSync(golden, text);
    }
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}
