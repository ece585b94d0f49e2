/**
 * The fields that patterns read, in the types of the API. A manifest with another one is refused by an API server: it must
 * not count for a pattern, nor as one that has nothing set.
 */
import { z } from 'zod';
import { json } from '#kubernetes/json.ts';
import { pathText, readPod, UnreadablePod } from '../pss/pod.ts';
import { isTarget } from './candidate.ts';
import { amountOf } from '../resources/quantity.ts';
import { targets } from './rule/rule.ts';
import { type Existing, podOf } from './subjects.ts';

const word = z.string().nullish();
const words = z.record(z.string(), z.string()).nullish();
const quantities = z
  .record(
    z.string(),
    z.union([z.string(), z.number()]).refine((value) => amountOf(value) !== null, 'not a quantity'),
  )
  .nullish();

const container = z.object({
  image: word,
  resources: z.object({ requests: quantities, limits: quantities }).nullish(),
  livenessProbe: z.record(z.string(), z.unknown()).nullish(),
  readinessProbe: z.record(z.string(), z.unknown()).nullish(),
});
const containers = z.array(container).nullish();
const pod = z.object({
  metadata: z.object({ labels: words }).nullish(),
  spec: z
    .object({
      containers,
      initContainers: containers,
      ephemeralContainers: containers,
      serviceAccountName: word,
      automountServiceAccountToken: z.boolean().nullish(),
      securityContext: z.object({ fsGroup: z.int().nullish() }).nullish(),
      volumes: z.array(z.object({ hostPath: z.object({ path: word }).nullish() })).nullish(),
    })
    .nullish(),
});

const object = z.object({
  metadata: z.object({
    labels: words,
    annotations: words,
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).nullish(),
  }),
  spec: z
    .object({
      replicas: z.int().nullish(),
      type: word,
      externalIPs: z.array(z.string()).nullish(),
      rules: z
        .array(
          z.object({ host: word, http: z.object({ paths: z.array(z.object({ path: word })).nullish() }).nullish() }),
        )
        .nullish(),
      tls: z.array(z.object({ hosts: z.array(z.string()).nullish() })).nullish(),
      ingressClassName: word,
      storageClassName: word,
      volumeClaimTemplates: z
        .array(
          z.object({
            metadata: z.object({ name: word }).nullish(),
            spec: z.object({ storageClassName: word }).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

const all = Object.values(targets).flat();

/** `Deployment/shop/web: spec.replicas: …`; null for what is as it should be, and for kinds that no pattern reads. */
export function misshapen(existing: Existing): string | null {
  if (!isTarget(all, existing)) return null;
  const { kind, namespace, name } = existing;
  const where = [kind, namespace, name].filter((each) => each !== '').join('/');
  const parts = podOf(existing.object);
  const issue =
    issueOf(object, existing.object, []) ??
    (parts === null ? null : (issueOf(pod, parts.pod, parts.path) ?? podIssue(parts.pod, parts.path)));
  return issue === null ? null : `${where}: ${issue}`;
}

function issueOf(schema: z.ZodType, value: unknown, path: readonly (string | number)[]): string | null {
  const parsed = schema.safeParse(value);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  // Paths in JSON are of keys and indexes.
  const own = (issue?.path ?? []) as readonly (string | number)[];
  return `${pathText([...path, ...own])}: ${issue?.message ?? 'not valid'}`;
}

function podIssue(value: unknown, path: readonly (string | number)[]): string | null {
  try {
    readPod(json(value));
    return null;
  } catch (error) {
    if (error instanceof UnreadablePod) return [pathText(path), error.message].filter((each) => each !== '').join('.');
    throw error;
  }
}
