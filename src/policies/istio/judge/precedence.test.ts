/** Which policies decide, and in which order. */
import { allowWeb, db, from, judgedAs, policy, to, web } from './judge.cases.ts';

judgedAs([
  ['DENY goes before ALLOW', [policy({ rules: [{}] }), policy({ action: 'DENY', ...allowWeb }, 'd')], web, 'deny'],
  [
    'a DENY that may match',
    [policy({ rules: [{}] }), policy({ action: 'DENY', ...to({ paths: ['/x'] }) }, 'd')],
    web,
    'unknown',
  ],
  [
    'what no ALLOW matches is refused, whatever may deny it',
    [policy({}), policy({ action: 'DENY', ...to({ paths: ['/x'] }) }, 'd')],
    web,
    'deny',
  ],
  ['AUDIT decides nothing', [policy({ action: 'AUDIT', rules: [{}] })], web, 'allow'],
  ['CUSTOM asks a provider', [policy({ action: 'CUSTOM', provider: { name: 'ext' }, rules: [{}] })], web, 'unknown'],
  [
    'DENY goes before what a provider lets through',
    [
      policy({ action: 'CUSTOM', provider: { name: 'ext' }, rules: [{}] }),
      policy({ action: 'DENY', rules: [{}] }, 'd'),
    ],
    web,
    'deny',
  ],
  [
    'CUSTOM for others',
    [policy({ action: 'CUSTOM', provider: { name: 'ext' }, ...from({ namespaces: ['data'] }) })],
    web,
    'allow',
  ],
  ['policies that let through add up', [policy(allowWeb), policy(from({ principals: ['*/sa/db'] }), 'q')], db, 'allow'],
  ['a selector of another workload', [policy({ selector: { matchLabels: { app: 'web' } } })], web, 'allow'],
  ['a selector', [policy({ selector: { matchLabels: { app: 'api' } } })], web, 'deny'],
  ['another namespace', [policy({}, 'p', { namespace: 'data' })], web, 'allow'],
  ['the root namespace speaks for all', [policy({}, 'p', { namespace: 'istio-system' })], web, 'deny'],
  ['another root namespace', [policy({}, 'p', { namespace: 'istio-system' })], web, 'allow', { rootNamespace: 'mesh' }],
  ['targetRefs are not for workloads', [policy({ targetRefs: [{ kind: 'Service', name: 'api' }] })], web, 'allow'],
]);
