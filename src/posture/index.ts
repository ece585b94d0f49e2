/** What of the cluster's posture is judged, beside the kinds of policies. In the order of the tree's README. */
import { writeAdmission } from './admission/written.ts';
import type { Posture } from './posture.ts';
import { writePss } from './pss/written.ts';
import { writeRbac } from './rbac/written.ts';
import { writeResources } from './resources/written.ts';

export const postures: readonly Posture[] = [
  {
    name: 'pss',
    commands: ['audit pss', 'gen pss'],
    shown: {
      generated: 'labels, fixes',
      judged: "all 19 checks, versions 1.0 to 1.37; upstream's own cases",
      enforced: '– (verdicts of a real API server, recorded)',
    },
    tree: {
      rollout: {
        watches: true,
        look: 'labels audit and warn: look for `pod-security.kubernetes.io/audit-violations` in the audit log, for warnings of kubectl; try the fixes on a copy of the workload.',
        enforce:
          'patch the workloads with the fixes, then the namespaces with the labels of the second stage: they refuse nothing that is there.',
        undo: 'patch the namespace with `pod-security.kubernetes.io/enforce: privileged`; take the fixes out of the workloads.',
      },
      write: writePss,
    },
  },
  {
    name: 'psp',
    commands: ['migrate psp'],
    shown: {
      generated: 'labels, patches, ValidatingAdmissionPolicies',
      judged: 'PodSecurityPolicies by cases; written policies by a CEL engine, on 3,000 random pods',
      enforced: '–',
    },
  },
  {
    name: 'rbac',
    commands: ['audit rbac', 'gen rbac'],
    shown: {
      generated: 'Role, ClusterRole, bindings; granted against used',
      judged: "Kubernetes' authorizer; its own tables",
      enforced: '–',
    },
    tree: {
      rollout: {
        watches: true,
        look: 'roles add no right that was not used; `kguardian audit rbac` lists what is granted besides.',
        enforce:
          'apply them, then delete the bindings that `kguardian audit rbac` finds unused or too wide. What is asked for seldom (a job a month) is missing where the log is shorter.',
        undo: 'apply the old bindings again: keep them (`kubectl get rolebindings,clusterrolebindings -A -o yaml`) before you delete any.',
      },
      write: writeRbac,
    },
  },
  {
    name: 'resources',
    commands: ['gen resources'],
    shown: {
      generated: 'requests, limits, patches, VPA, HPA targets, quotas',
      judged: "replay over usage; VPA's and krr's answers by the same judge",
      enforced: 'kills and throttling by this kernel',
    },
    tree: {
      rollout: {
        watches: false,
        look: 'compare with what is requested now; each figure says what it rests on.',
        enforce:
          'patch the workload: it is rolled out anew. A memory limit kills; look for OOMKilled and for throttling afterwards.',
        undo: 'roll the workload back (`kubectl rollout undo`).',
      },
      write: writeResources,
    },
  },
  {
    name: 'admission',
    commands: ['gen vap', 'gen gatekeeper', 'gen kyverno'],
    shown: {
      generated:
        'ValidatingAdmissionPolicy, ConstraintTemplate (CEL or Rego) and Constraint, ValidatingPolicy or ClusterPolicy',
      judged:
        'their text as the API server, Gatekeeper, Kyverno read it; every existing object, a counter-example of each rule',
      enforced: 'Rego by Open Policy Agent; – (none of the engines of CEL)',
    },
    tree: {
      rollout: {
        watches: true,
        look: 'bindings warn and audit: look for warnings of kubectl, for `validation.policy.admission.k8s.io/validation_failure` in the audit log, for violations in the status of Constraints and in PolicyReports. A Constraint waits for its ConstraintTemplate: apply twice.',
        enforce: 'generate with `--stage enforce` and apply: what is there passes, or is an exception by name.',
        undo: 'delete the binding (`kubectl delete validatingadmissionpolicybinding`), the Constraint, or the policy.',
      },
      write: writeAdmission,
    },
  },
];
