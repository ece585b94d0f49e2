/**
 * What of a pod the standards speak of, by the names of core/v1. A field that is null counts as absent, as in the API; one
 * of another type than the API's is refused here, as an API server refuses the pod: it must not pass for one that is not set.
 */
import { z } from 'zod';

const flag = z.boolean().nullish();
const word = z.string().nullish();
const int = z.int().nullish();
const profile = z.object({ type: word }).nullish();
const seLinux = z.object({ type: word, user: word, role: word }).nullish();
const windows = z.object({ hostProcess: flag }).nullish();

const podSecurity = z
  .object({
    runAsNonRoot: flag,
    runAsUser: int,
    seccompProfile: profile,
    appArmorProfile: profile,
    seLinuxOptions: seLinux,
    windowsOptions: windows,
    sysctls: z.array(z.object({ name: z.string() })).nullish(),
  })
  .nullish();

const containerSecurity = z
  .object({
    privileged: flag,
    allowPrivilegeEscalation: flag,
    readOnlyRootFilesystem: flag,
    runAsNonRoot: flag,
    runAsUser: int,
    procMount: word,
    seccompProfile: profile,
    appArmorProfile: profile,
    seLinuxOptions: seLinux,
    windowsOptions: windows,
    capabilities: z.object({ add: z.array(z.string()).nullish(), drop: z.array(z.string()).nullish() }).nullish(),
  })
  .nullish();

const host = z.object({ host: word }).nullish();
const handler = z.object({ httpGet: host, tcpSocket: host }).nullish();

const container = z.object({
  name: word,
  securityContext: containerSecurity,
  ports: z.array(z.object({ hostPort: int, containerPort: int })).nullish(),
  livenessProbe: handler,
  readinessProbe: handler,
  startupProbe: handler,
  lifecycle: z.object({ postStart: handler, preStop: handler }).nullish(),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: flag })).nullish(),
});

const containers = z.array(container).nullish();

const pod = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }).nullish(),
  spec: z
    .object({
      os: z.object({ name: word }).nullish(),
      hostNetwork: flag,
      hostPID: flag,
      hostIPC: flag,
      hostUsers: flag,
      securityContext: podSecurity,
      // The source of a volume is the key beside its name.
      volumes: z.array(z.looseObject({ name: word })).nullish(),
      initContainers: containers,
      containers,
      ephemeralContainers: containers,
    })
    .nullish(),
});

export type Container = z.infer<typeof container>;
export type Volume = Readonly<Record<string, unknown>> & { readonly name?: string | null | undefined };
export type PodSecurity = NonNullable<z.infer<typeof podSecurity>>;
export type ContainerSecurity = NonNullable<z.infer<typeof containerSecurity>>;
export const containerFields = ['initContainers', 'containers', 'ephemeralContainers'] as const;
export type ContainerField = (typeof containerFields)[number];

/** A container and where it stands: `spec.<field>[<index>]`. */
export interface Placed {
  readonly field: ContainerField;
  readonly index: number;
  readonly name: string;
  readonly container: Container;
  readonly security: ContainerSecurity;
}

export interface PodView {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: NonNullable<z.infer<typeof pod>['spec']>;
  readonly security: PodSecurity;
  readonly volumes: readonly Volume[];
  /** Init containers, containers, ephemeral ones: in the order in which upstream visits them. */
  readonly containers: readonly Placed[];
}

/** Keys and indexes from the pod down. */
export type Path = readonly (string | number)[];

export class UnreadablePod extends Error {
  readonly where: string;
  constructor(where: string, what: string) {
    super(`${where === '' ? 'the pod' : where}: ${what}`);
    this.name = 'UnreadablePod';
    this.where = where;
  }
}

/** Throws `UnreadablePod` for what an API server would refuse to read. */
export function readPod(object: unknown): PodView {
  const parsed = pod.safeParse(object);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadablePod(pathText((issue?.path ?? []) as Path), issue?.message ?? 'not valid');
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
        name: each.name ?? '',
        container: each,
        security: each.securityContext ?? {},
      })),
    ),
  };
}

/** `spec.containers[0].securityContext.privileged`; a key that is no plain word stands in brackets and quotes. */
export function pathText(path: Path): string {
  return path
    .map((part, at) => {
      if (typeof part === 'number') return `[${part}]`;
      if (/^[A-Za-z_$][\w$]*$/.test(part)) return at === 0 ? part : `.${part}`;
      return `[${JSON.stringify(part)}]`;
    })
    .join('');
}
