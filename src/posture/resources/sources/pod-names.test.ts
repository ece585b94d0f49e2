import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podPattern } from './pod-names.ts';

const long = 'payments-reconciliation-worker-for-the-northern-region'; // 54 characters
const longest = 'x'.repeat(60);
/** As controllers name pods: `generateName` keeps 58 characters and adds five. */
const generated = (base: string): string => `${base.slice(0, 58)}x2z4k`;

const cases: readonly (readonly [
  kind: string | null,
  name: string,
  own: readonly string[],
  others: readonly string[],
])[] = [
  ['Deployment', 'web', ['web-7d9c8b6f5c-x2z4k'], ['web-api-7d9c8b6f5c-x2z4k', 'web-x2z4k', 'my-web-7d9c8b6f5c-x2z4k']],
  [
    'Deployment',
    long,
    [generated(`${long}-7d9c8b6f5c-`), generated(`${long}-5c4-`)],
    [generated(`${long}-canary-7d9c8b6f5c-`), `${long}-bcdfg`],
  ],
  ['Deployment', longest, [generated(`${longest}-7d9c8b6f5c-`)], [`${'x'.repeat(57)}-x2z4k`]],
  ['DaemonSet', longest, [generated(`${longest}-`)], []],
  ['StatefulSet', 'db', ['db-0', 'db-12'], ['db-x2z4k', 'db-0-1']],
  ['Job', 'load', ['load-x2z4k', 'load-7-x2z4k'], ['load-more-x2z4k']],
  ['CronJob', 'nightly', ['nightly-29000000-x2z4k', 'nightly-29000000-3-x2z4k'], ['nightly-x2z4k']],
  ['CronJob', 'n'.repeat(52), [generated(`${'n'.repeat(52)}-29000000-`)], [generated(`${'n'.repeat(52)}-api-`)]],
  ['Pod', 'one', ['one'], ['one-1']],
  ['Pod', 'a.b', ['a.b'], ['a-b']],
  // Kinds of which nothing is known, and none: all forms, but no other workload whose name begins alike.
  ['Rollout', 'web', ['web-7d9c8b6f5c-x2z4k', 'web-0'], ['web-api-7d9c8b6f5c-x2z4k', 'web-api-0']],
  ['constructor', 'web', ['web-x2z4k'], []],
  [null, 'web', ['web', 'web-7d9c8b6f5c-x2z4k', 'web-x2z4k', 'web-3'], ['web-api-0']],
];
for (const [kind, name, own, others] of cases)
  test(`pods of ${kind ?? 'no known kind'} ${name} are told from others`, () => {
    const pattern = new RegExp(`^(?:${podPattern({ kind, name })})$`);
    for (const pod of own) assert.match(pod, pattern);
    for (const pod of others) assert.doesNotMatch(pod, pattern);
  });
