/** Fields that several kinds of policy share, with the API server's checks. */
import { z } from 'zod';
import { covers, type Network, parseNetwork } from '#kubernetes/addresses.ts';
import { labelSelector } from '#kubernetes/selectors.ts';
import { UnreadableArtifact } from '../../../kind.ts';

export const metadata = z.looseObject({
  name: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'not an object name'),
});
export const namespacedMetadata = metadata.extend({ namespace: z.string().default('default') });

export const portNumber = z.int().min(1).max(65_535);
/** An IANA service name: lower case, at least one letter. */
export const portName = z
  .string()
  .max(15)
  .regex(/^(?=.*[a-z])[a-z0-9](-?[a-z0-9])*$/, 'not a port name');
export const transport = z.enum(['TCP', 'UDP', 'SCTP']);
export const cidr = z.string().refine((text) => parseNetwork(text) !== null, 'not a network, such as 192.0.2.0/24');

/** An exception must lie within its network. */
export function within(outer: string, inner: string): boolean {
  const [wide, narrow] = [parseNetwork(outer), parseNetwork(inner)];
  return wide !== null && narrow !== null && covers(wide, narrow) && wide.bits < narrow.bits;
}

export function networkOf(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === null) throw new Error(`${text} passed the schema and is no network`);
  return parsed;
}

/**
 * The subject and peers of the cluster-wide kinds: whole namespaces, or pods of them. The schema requires both
 * selectors; clients written in Go send an empty one for an absent one, so that is what an absent one means here.
 */
export const scoped = {
  namespaces: labelSelector.optional(),
  pods: z
    .strictObject({ namespaceSelector: labelSelector.optional(), podSelector: labelSelector.optional() })
    .optional(),
};

/** How many of the named members a value has. */
export function members(value: object, names: readonly string[]): string[] {
  return names.filter(
    (name) =>
      (value as Record<string, unknown>)[name] !== undefined && (value as Record<string, unknown>)[name] !== null,
  );
}

/** Throws `UnreadableArtifact` with the path below `where`. */
export function read<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues.reduce((deepest, each) => (depth(each) > depth(deepest) ? each : deepest));
  throw new UnreadableArtifact(joined(where, pathOf(innermost(issue))), messageOf(innermost(issue)));
}

type Issue = z.core.$ZodIssue;

function depth(issue: Issue): number {
  return innermost(issue).path.length;
}

/** Of a union's faults the one that came farthest, or the first. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const all = issue.errors.flat();
  const [first] = all;
  if (first === undefined) return issue;
  const deepest = all.reduce((best, each) => (each.path.length > best.path.length ? each : best), first);
  return { ...deepest, path: [...issue.path, ...deepest.path] };
}

function messageOf(issue: Issue): string {
  return issue.code === 'unrecognized_keys' ? `no such field: ${issue.keys.join(', ')}` : issue.message;
}

function pathOf({ path }: Issue): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`),
    '',
  );
}

export function joined(where: string, path: string): string {
  return where === '' || path === '' ? `${where}${path}` : `${where}.${path}`;
}
