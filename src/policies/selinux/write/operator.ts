/** A draft as an object of the Security Profiles Operator (v1, cluster-scoped). */
import { stringify } from 'yaml';
import { objectName } from '#kubernetes/names.ts';
import type { Draft } from '../generate/draft.ts';
import { cilBody } from './cil.ts';

const apiVersion = 'security-profiles-operator.x-k8s.io/v1';

/** The operator makes a block of the object's name, in which a dot would end a word. */
export function profileName(name: string): string {
  const safe = objectName(name).replaceAll('.', '-');
  return /^[a-z]/.test(safe) ? safe : `kg-${safe}`;
}

export function selinuxProfile(draft: Draft, name: string, comments: readonly string[]): string {
  const allow: Record<string, Record<string, readonly string[]>> = {};
  for (const { source, target, class: kind, permissions } of draft.allow) {
    // The form knows one source: the program. What others may do to it comes with the inherited block.
    if (source !== '@process') continue;
    const to = target === source || target === '@self' ? '@self' : target;
    allow[to] = { ...allow[to], [kind]: [...new Set([...(allow[to]?.[kind] ?? []), ...permissions])].toSorted() };
  }
  return withComments(
    {
      apiVersion,
      kind: 'SelinuxProfile',
      metadata: { name: profileName(name) },
      spec: {
        inherit: draft.inherit.map((each) => ({ kind: 'System', name: each })),
        mode: draft.permissive ? 'Permissive' : 'Enforcing',
        allow,
      },
    },
    comments,
  );
}

export function rawSelinuxProfile(draft: Draft, name: string, comments: readonly string[]): string {
  const policy = `${cilBody(draft).join('\n')}\n`;
  return withComments(
    { apiVersion, kind: 'RawSelinuxProfile', metadata: { name: profileName(name) }, spec: { policy } },
    comments,
  );
}

/** A strategic merge patch: the type of one container's process, or of the pod where it has but one. */
export function seLinuxPatch(container: string, type: string, kind: string | undefined): string {
  const pod = { containers: [{ name: container, securityContext: { seLinuxOptions: { type } } }] };
  const template = kind === 'Pod' ? pod : { template: { spec: pod } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: template } } : template;
  return withComments({ spec }, [
    'kubectl patch --patch-file; user, role and level are left to the runtime, so that categories keep containers apart',
  ]);
}

function withComments(object: object, comments: readonly string[]): string {
  return `${comments.map((each) => `# ${each}\n`).join('')}${stringify(object, { lineWidth: 0 })}`;
}
