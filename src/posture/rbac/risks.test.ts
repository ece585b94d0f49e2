/** Every risk with a rule that carries it, and rules that carry none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from './request.ts';
import { risks, risksOf } from './risks.ts';

const carriers: readonly (readonly [id: string, rule: Rule, namespace?: string])[] = [
  ['everything', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  ['escalate', { verbs: ['escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] }, 'shop'],
  ['bind', { verbs: ['bind'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] }, 'shop'],
  ['impersonate', { verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['bob'] }],
  ['nodes-proxy', { verbs: ['get'], apiGroups: [''], resources: ['nodes/proxy'] }],
  [
    'approve-certificates',
    {
      verbs: ['approve'],
      apiGroups: ['certificates.k8s.io'],
      resources: ['signers'],
      resourceNames: ['example.com/x'],
    },
  ],
  [
    'admission-webhooks',
    {
      verbs: ['patch'],
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['mutatingwebhookconfigurations'],
    },
  ],
  ['tokens', { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] }, 'shop'],
  ['secrets', { verbs: ['list'], apiGroups: [''], resources: ['secrets'] }, 'shop'],
  ['exec', { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }, 'shop'],
  ['workloads', { verbs: ['create'], apiGroups: ['apps'], resources: ['deployments'] }, 'shop'],
  ['persistent-volumes', { verbs: ['create'], apiGroups: [''], resources: ['persistentvolumes'] }],
  ['namespaces', { verbs: ['patch'], apiGroups: [''], resources: ['namespaces'] }],
  ['roles', { verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'] }, 'shop'],
  ['endpoints', { verbs: ['update'], apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] }, 'shop'],
  ['port-forward', { verbs: ['create'], apiGroups: [''], resources: ['pods/portforward'] }, 'shop'],
  ['wildcard', { verbs: ['*'], apiGroups: ['example.org'], resources: ['things'] }],
];
for (const [id, rule, namespace = null] of carriers) {
  test(`a rule carries the risk ${id}`, () => {
    const [found] = risksOf(rule, namespace);
    assert.equal(found?.id, id);
    assert.match(found.source, /^https:\/\//);
  });
}

test('every risk has its case above; harmless rules carry none', () => {
  assert.deepEqual(
    carriers.map(([id]) => id),
    risks.map(({ id }) => id),
  );
  const none = (rule: Rule, namespace: string | null = null) =>
    assert.deepEqual(risksOf(rule, namespace), [], JSON.stringify(rule));
  none({ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods', 'services', 'configmaps'] });
  none({ verbs: ['get'], apiGroups: ['example.org'], resources: ['secrets'] });
  none({ verbs: ['delete'], apiGroups: [''], resources: ['secrets'] });
  none({ verbs: ['get'], nonResourceURLs: ['/metrics'] });
  // What is in no namespace is not given by a binding in one.
  none({ verbs: ['get'], apiGroups: [''], resources: ['nodes/proxy'] }, 'shop');
  none({ verbs: ['impersonate'], apiGroups: [''], resources: ['users'] }, 'shop');
  // Whoever makes an object shows no name.
  none({ verbs: ['create'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] });
});
