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
    commands: ['gen rbac'],
    shown: {
      generated: 'Role, ClusterRole, bindings',
      judged: "Kubernetes' authorizer; its own tables",
      enforced: '–',
    },
  },
];
