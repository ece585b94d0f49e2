/**
 * PodSecurityPolicy, policy/v1beta1 (in Kubernetes up to 1.24), with the annotations for seccomp and AppArmor, after the API
 * server's defaults. What is absent is not allowed, but for allowPrivilegeEscalation, which is.
 */
import { z } from 'zod';

export class UnreadablePsp extends Error {}

const strings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const ranges = z
  .array(z.object({ min: z.int(), max: z.int() }))
  .nullish()
  .transform((value) => value ?? []);
const groups = z
  .object({ rule: z.enum(['MustRunAs', 'MayRunAs', 'RunAsAny']).default('RunAsAny'), ranges })
  .nullish()
  .transform((value) => value ?? { rule: 'RunAsAny' as const, ranges: [] });

const seLinuxOptions = z.object({
  user: z.string().default(''),
  role: z.string().default(''),
  type: z.string().default(''),
  level: z.string().default(''),
});

const spec = z.object({
  privileged: flag,
  defaultAddCapabilities: strings,
  requiredDropCapabilities: strings,
  allowedCapabilities: strings,
  volumes: strings,
  hostNetwork: flag,
  hostPorts: ranges,
  hostPID: flag,
  hostIPC: flag,
  seLinux: z.object({
    rule: z.enum(['RunAsAny', 'MustRunAs']),
    seLinuxOptions: seLinuxOptions.nullish(),
  }),
  runAsUser: z.object({ rule: z.enum(['MustRunAs', 'MustRunAsNonRoot', 'RunAsAny']), ranges }),
  runAsGroup: groups,
  supplementalGroups: groups,
  fsGroup: groups,
  readOnlyRootFilesystem: flag,
  defaultAllowPrivilegeEscalation: z.boolean().nullish(),
  allowPrivilegeEscalation: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  allowedHostPaths: z
    .array(z.object({ pathPrefix: z.string(), readOnly: flag }))
    .nullish()
    .transform((value) => value ?? []),
  allowedFlexVolumes: z.array(z.object({ driver: z.string() })).nullish(),
  allowedCSIDrivers: z.array(z.object({ name: z.string() })).nullish(),
  allowedUnsafeSysctls: strings,
  forbiddenSysctls: strings,
  allowedProcMountTypes: strings,
  runtimeClass: z
    .object({ allowedRuntimeClassNames: strings, defaultRuntimeClassName: z.string().nullish() })
    .nullish(),
});

const podSecurityPolicy = z.object({
  apiVersion: z.enum(['policy/v1beta1', 'extensions/v1beta1']),
  kind: z.literal('PodSecurityPolicy'),
  metadata: z.object({ name: z.string().min(1), annotations: z.record(z.string(), z.string()).nullish() }),
  spec,
});

export type PspSpec = z.infer<typeof spec>;
export type GroupRule = z.infer<typeof groups>;

export interface Psp {
  readonly name: string;
  readonly spec: PspSpec;
  /** Null: no profile may be set. `*` allows any; the empty one stands for none. */
  readonly seccompProfiles: readonly string[] | null;
  readonly defaultSeccomp: string | null;
  /** Null: any. */
  readonly appArmorProfiles: readonly string[] | null;
  readonly defaultAppArmor: string | null;
}

const seccomp = 'seccomp.security.alpha.kubernetes.io/';
const appArmor = 'apparmor.security.beta.kubernetes.io/';

export function isPsp(object: unknown): boolean {
  const { kind, apiVersion } = Object(object) as { kind?: unknown; apiVersion?: unknown };
  return kind === 'PodSecurityPolicy' && typeof apiVersion === 'string' && /^(policy|extensions)\//.test(apiVersion);
}

/** Throws `UnreadablePsp` with the path of what is wrong. */
export function readPsp(object: unknown): Psp {
  const parsed = podSecurityPolicy.safeParse(object);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadablePsp(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const { metadata, spec: own } = parsed.data;
  const annotations = metadata.annotations ?? {};
  const list = (name: string): string[] | null => annotations[name]?.split(',').map((each) => each.trim()) ?? null;
  return {
    name: metadata.name,
    spec: own,
    seccompProfiles: list(`${seccomp}allowedProfileNames`),
    defaultSeccomp: annotations[`${seccomp}defaultProfileName`] ?? null,
    appArmorProfiles: list(`${appArmor}allowedProfileNames`),
    defaultAppArmor: annotations[`${appArmor}defaultProfileName`] ?? null,
  };
}

/** Rights to use it are asked for in both groups that it was served in. */
export const pspGroups = ['policy', 'extensions'] as const;
