/**
 * PolicyAudit, a custom resource (chart/templates/policyaudit.yaml): a policy that is not in force yet, whose effect on
 * what is recorded the broker writes into its status until somebody promotes it.
 */
import { z } from 'zod';

export const auditGroup = 'kguardian.dev';
export const auditVersion = 'v1alpha1';
export const auditKind = 'PolicyAudit';
export const auditPlural = 'policyaudits';

/** Rows of a status: what is refused first. An object of an API server must stay small. */
export const maxRows = 50;

const condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string(),
  observedGeneration: z.int().optional(),
});

export const auditStatus = z.object({
  observedGeneration: z.int().optional(),
  /** When the numbers were last seen to hold. */
  evaluated: z.string().optional(),
  /** Different things that were observed, by what the policy does to them. */
  allowed: z.int().nonnegative().optional(),
  denied: z.int().nonnegative().optional(),
  unknown: z.int().nonnegative().optional(),
  /** What is not allowed, up to `maxRows`. */
  findings: z
    .array(
      z.object({
        about: z.string(),
        verdict: z.enum(['deny', 'unknown']),
        count: z.int().positive(),
        last: z.string(),
        rule: z.string(),
      }),
    )
    .optional(),
  conditions: z.array(condition).optional(),
});

export const policyAudit = z.object({
  apiVersion: z.literal(`${auditGroup}/${auditVersion}`),
  kind: z.literal(auditKind),
  metadata: z.object({ name: z.string(), namespace: z.string(), generation: z.int().optional() }),
  spec: z.object({
    policy: z.looseObject({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
    }),
    /** How far back it looks, `7d`. */
    since: z
      .string()
      .regex(/^[1-9]\d{0,5}[smhd]$/)
      .default('7d'),
  }),
  status: auditStatus.optional(),
});

export type PolicyAudit = Readonly<z.infer<typeof policyAudit>>;
export type AuditStatus = Readonly<z.infer<typeof auditStatus>>;

/** The policy as it would be applied: in the audit's own namespace, which is all that it may speak for. */
export function candidateOf({ metadata, spec }: PolicyAudit): PolicyAudit['spec']['policy'] {
  return { ...spec.policy, metadata: { namespace: metadata.namespace, ...spec.policy.metadata } };
}

/** Whether the numbers are of the policy as it stands. */
export function isEvaluated({ metadata, status }: PolicyAudit): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.conditions ?? []).some(({ type, status: holds }) => type === 'Evaluated' && holds === 'True')
  );
}
