/** Rights for the tree of `gen all`: the smallest roles of the service accounts that the workloads run under. */
import { type ApiUse, serviceAccountOf } from '#kubernetes/api-use.ts';
import { objectName } from '#kubernetes/names.ts';
import { yamlDocument } from '#kubernetes/yaml-text.ts';
import { type Evidence, nothing, type Written, type WrittenFile } from '../posture.ts';
import { type GeneratedRbac, generateRbac, type RbacOptions, type RbacSubject } from './generate.ts';
import { proveRbac, type RbacProof } from './prove.ts';

const rbacDefaults: RbacOptions = { maxNames: 3, includeDenied: false };

/** Why objects that were generated must not be written; null where the authorizer agrees with them. */
export function faultOf({ name }: RbacSubject, { refused, granted }: RbacProof): string | null {
  if (refused.length + granted.length === 0) return null;
  return `${name}: the authorizer refuses ${refused.length} of what was allowed (${refused[0] ?? '-'}), grants ${granted.length} of what was refused (${granted[0] ?? '-'})`;
}

export function rbacText({ type, name }: RbacSubject, { objects }: Pick<GeneratedRbac, 'objects'>): string {
  const who = type === 'group' ? `members of the group ${name} were` : `${name} was`;
  return objects.map((each) => yamlDocument([`what ${who} seen to do`], each)).join('');
}

export function writeRbac(evidence: Evidence): Written {
  const { uses } = evidence;
  if (uses.type === 'unknown') return nothing(`no RBAC, ${uses.reason}`);
  const { accounts, without } = wanted(evidence, uses.value);
  const byUser = Map.groupBy(uses.value, ({ user }) => user);
  const notes: string[] = [];
  const files: WrittenFile[] = [];
  const faults: string[] = [];
  for (const name of accounts) {
    const subject: RbacSubject = { type: 'user', name };
    const own = byUser.get(name) ?? [];
    const generated = generateRbac(subject, own, rbacDefaults);
    const proof = proveRbac(generated.objects, generated.needed, generated.refusals);
    const fault = faultOf(subject, proof);
    if (fault !== null) faults.push(fault);
    notes.push(...generated.notes.map((note) => `rights of ${name}: ${note}`));
    if (own.length === 0) without.push(`${name}: no RBAC, no request of it was seen`);
    else if (generated.objects.length === 0) without.push(`${name}: no RBAC, it needs no more than everybody has`);
    else files.push(fileOf(subject, generated, proof));
  }
  if (accounts.length + without.length === 0) without.push('no RBAC, no service account is known to be used');
  return { files, without, notes, faults };
}

function fileOf(subject: RbacSubject, generated: GeneratedRbac, { allowed }: RbacProof): WrittenFile {
  const account = serviceAccountOf(subject.name);
  const of = account === null ? subject.name : `${account.namespace}-${account.name}`;
  return {
    path: `${objectName(of)}-rbac.yaml`,
    text: rbacText(subject, generated),
    what: 'the smallest roles for what the service account was seen to do, and their bindings',
    of,
    judged: `${allowed} of ${allowed} requests allowed`,
    applied: 'object',
    refuses: false,
  };
}

/** As users. */
function wanted(
  { whole, namespace, baselines }: Evidence,
  uses: readonly ApiUse[],
): { readonly accounts: readonly string[]; readonly without: string[] } {
  const used = whole
    ? uses.flatMap(({ user }) => {
        const account = serviceAccountOf(user);
        return account === null || (namespace !== null && account.namespace !== namespace) ? [] : [user];
      })
    : [];
  const without: string[] = [];
  const own = baselines.flatMap(({ place, workload, instances }) =>
    instances.flatMap(({ pod }) => {
      if (place === null || pod === undefined) return [];
      if (pod.serviceAccount !== null) return [`system:serviceaccount:${place.namespace}:${pod.serviceAccount}`];
      without.push(`${workload}: no RBAC, its service account is not known`);
      return [];
    }),
  );
  return { accounts: [...new Set([...used, ...own])].toSorted(), without: [...new Set(without)] };
}
