/** The fields of a pod that PodSecurityPolicies speak of, in the pod as the API server stores it. */
import { z } from 'zod';

const word = z.string().nullish();
const int = z.int().nullish();
const flag = z.boolean().nullish();
const profile = z.object({ type: word, localhostProfile: word }).nullish();
const seLinuxOptions = z.object({ user: word, role: word, type: word, level: word }).nullish();

const identity = {
  runAsUser: int,
  runAsGroup: int,
  runAsNonRoot: flag,
  seLinuxOptions,
  seccompProfile: profile,
  appArmorProfile: profile,
};

const container = z.object({
  name: z.string(),
  securityContext: z
    .object({
      ...identity,
      privileged: flag,
      allowPrivilegeEscalation: flag,
      readOnlyRootFilesystem: flag,
      procMount: word,
      capabilities: z.object({ add: z.array(z.string()).nullish(), drop: z.array(z.string()).nullish() }).nullish(),
    })
    .nullish(),
  ports: z.array(z.object({ hostPort: int, containerPort: int })).nullish(),
  volumeMounts: z.array(z.object({ name: z.string(), readOnly: flag })).nullish(),
});
const containers = z.array(container).nullish();

const volume = z.looseObject({
  name: z.string(),
  hostPath: z.object({ path: z.string() }).nullish(),
  flexVolume: z.object({ driver: z.string() }).nullish(),
  csi: z.object({ driver: z.string() }).nullish(),
  projected: z.object({ sources: z.array(z.looseObject({})).nullish() }).nullish(),
});

const pod = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }).nullish(),
  spec: z
    .object({
      serviceAccountName: word,
      runtimeClassName: word,
      hostNetwork: flag,
      hostPID: flag,
      hostIPC: flag,
      securityContext: z
        .object({
          ...identity,
          fsGroup: int,
          supplementalGroups: z.array(z.int()).nullish(),
          sysctls: z.array(z.object({ name: z.string() })).nullish(),
        })
        .nullish(),
      volumes: z.array(volume).nullish(),
      initContainers: containers,
      containers,
      ephemeralContainers: containers,
    })
    .nullish(),
});

export type PspVolume = z.infer<typeof volume>;
export type Identity = z.infer<z.ZodObject<typeof identity>>;
export const containerFields = ['initContainers', 'containers', 'ephemeralContainers'] as const;

export interface PspContainer {
  readonly field: (typeof containerFields)[number];
  readonly index: number;
  readonly container: z.infer<typeof container>;
  readonly security: NonNullable<z.infer<typeof container>['securityContext']>;
}

export interface PspPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: NonNullable<z.infer<typeof pod>['spec']>;
  readonly security: NonNullable<NonNullable<z.infer<typeof pod>['spec']>['securityContext']>;
  readonly volumes: readonly PspVolume[];
  readonly containers: readonly PspContainer[];
}

export class UnreadableFields extends Error {}

/** Throws `UnreadableFields` for what an API server would refuse to read. */
export function readFields(object: unknown): PspPod {
  const parsed = pod.safeParse(object);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableFields(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const { metadata, spec } = parsed.data;
  return {
    annotations: metadata?.annotations ?? {},
    spec: spec ?? {},
    security: spec?.securityContext ?? {},
    volumes: spec?.volumes ?? [],
    containers: containerFields.flatMap((field) =>
      (spec?.[field] ?? []).map((each, index) => ({
        field,
        index,
        container: each,
        security: each.securityContext ?? {},
      })),
    ),
  };
}

/** Of a container, or what the pod says for all of them; null where neither does. */
export function effective<K extends keyof Identity>(
  { security }: PspContainer,
  pod: PspPod,
  field: K,
): NonNullable<Identity[K]> | null {
  return security[field] ?? pod.security[field] ?? null;
}

/** The key beside its name; an emptyDir where there is none, as the API server makes it. */
export function volumeType(volume: PspVolume): string {
  return (
    Object.keys(volume).find((key) => key !== 'name' && volume[key] !== null && volume[key] !== undefined) ?? 'emptyDir'
  );
}

/** A projected volume that holds what every pod gets: its account's token, the cluster's authorities, its own namespace. */
export function isTokenVolume({ projected }: PspVolume): boolean {
  const sources = projected?.sources ?? [];
  return (
    sources.some((source) => 'serviceAccountToken' in source) &&
    sources.every((source) =>
      Object.keys(source).every((key) => ['serviceAccountToken', 'configMap', 'downwardAPI'].includes(key)),
    )
  );
}

/** As annotations write it: `runtime/default`, `unconfined`, `localhost/NAME`; empty where none is set. */
export function profileName(
  given: { type?: string | null | undefined; localhostProfile?: string | null | undefined } | null,
): string {
  switch (given?.type) {
    case 'RuntimeDefault':
      return 'runtime/default';
    case 'Unconfined':
      return 'unconfined';
    case 'Localhost':
      return `localhost/${given.localhostProfile ?? ''}`;
    default:
      return '';
  }
}
