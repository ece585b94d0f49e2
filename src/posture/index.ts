/** What of the cluster's posture is judged: for the README's table, beside the policy kinds. */

export interface Posture {
  readonly commands: readonly string[];
  readonly shown: { readonly generated: string; readonly judged: string; readonly enforced: string };
}

export const postures: readonly Posture[] = [
  {
    commands: ['audit pss', 'gen pss'],
    shown: {
      generated: 'labels, fixes',
      judged: "all 19 checks, versions 1.0 to 1.37; upstream's own cases",
      enforced: '– (verdicts of a real API server, recorded)',
    },
  },
  {
    commands: ['migrate psp'],
    shown: {
      generated: 'labels, patches, ValidatingAdmissionPolicies',
      judged: 'PodSecurityPolicies by cases; written policies by a CEL engine, on 3,000 random pods',
      enforced: '–',
    },
  },
  {
    commands: ['audit rbac', 'gen rbac'],
    shown: {
      generated: 'Role, ClusterRole, bindings; granted against used',
      judged: "Kubernetes' authorizer; its own tables",
      enforced: '–',
    },
  },
  {
    commands: ['gen resources'],
    shown: {
      generated: 'requests, limits, patches, VPA, HPA targets, quotas',
      judged: "replay over usage; VPA's and krr's answers by the same judge",
      enforced: 'kills and throttling by this kernel',
    },
  },
  {
    commands: ['gen vap', 'gen gatekeeper', 'gen kyverno'],
    shown: {
      generated:
        'ValidatingAdmissionPolicy, ConstraintTemplate (CEL; Rego, unproven) and Constraint, ValidatingPolicy or ClusterPolicy',
      judged:
        'their text as the API server, Gatekeeper, Kyverno read it; every existing object, a counter-example of each rule',
      enforced: '–',
    },
  },
];
