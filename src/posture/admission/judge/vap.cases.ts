/** A ValidatingAdmissionPolicy with its binding, as text, and objects to ask about. */
import { stringify } from 'yaml';

export interface Written {
  readonly constraints?: object;
  readonly spec?: object;
  readonly actions?: readonly string[] | null;
  readonly binding?: object;
  readonly others?: readonly object[];
}

export const deployments = {
  resourceRules: [
    { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
  ],
};

export function policy({
  constraints = deployments,
  spec = {},
  actions = ['Deny'],
  binding = {},
  others = [],
}: Written): string {
  const documents: object[] = [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'p' },
      spec: { failurePolicy: 'Fail', matchConstraints: constraints, ...spec },
    },
    ...others,
  ];
  if (actions !== null)
    documents.push({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'b' },
      spec: { policyName: 'p', validationActions: actions, ...binding },
    });
  return documents.map((each) => `---\n${stringify(each)}`).join('');
}

export const deployment = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});
export const pod = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});

export const few = { validations: [{ expression: 'object.spec.replicas <= 5', message: 'at most 5' }] };
