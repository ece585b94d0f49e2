/**
 * What every authenticated subject may do anyway, and nobody writes a role for: Kubernetes' default role system:discovery.
 * Reviews of one's own rights (system:basic-user) are not taken for given: hardened clusters unbind them.
 */
import type { RbacObject } from './objects.ts';

const paths = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];

export const everybodys: readonly RbacObject[] = [
  {
    kind: 'ClusterRole',
    metadata: { name: 'system:discovery' },
    rules: [{ verbs: ['get'], nonResourceURLs: paths }],
  },
  {
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:discovery' },
    subjects: [{ kind: 'Group', name: 'system:authenticated' }],
    roleRef: { kind: 'ClusterRole', name: 'system:discovery' },
  },
];
