/** A profile as the text that a node or a cluster takes. */
import { stringify } from 'yaml';
import { objectName } from '#kubernetes/names.ts';
import type { Draft } from './generate.ts';

const EPERM = 1;
const ENOSYS = 38;

interface Entry {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
}

export function write(draft: Draft, form: 'json' | 'yaml', name: string): string {
  return form === 'json' ? oci(draft) : operatorObject(draft, name);
}

/** `linux.seccomp` of the OCI runtime specification. */
function oci(draft: Draft): string {
  const errno = draft.defaultAction === 'SCMP_ACT_ERRNO';
  const profile = {
    defaultAction: draft.defaultAction,
    // What nobody had heard of when this was written.
    ...(errno ? { defaultErrnoRet: ENOSYS } : {}),
    architectures: draft.architectures,
    syscalls: entries([
      { names: draft.allowed, action: 'SCMP_ACT_ALLOW' },
      { names: draft.refused, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      // With an errno as the default these need no entry of their own.
      { names: errno ? [] : draft.absent, action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    ]),
  };
  return `${JSON.stringify(profile, null, 2)}\n`;
}

/** security-profiles-operator.x-k8s.io/v1, cluster-scoped. Its default errno is the runtime's, EPERM. */
function operatorObject(draft: Draft, name: string): string {
  const object = {
    apiVersion: 'security-profiles-operator.x-k8s.io/v1',
    kind: 'SeccompProfile',
    metadata: { name: objectName(name) },
    spec: {
      defaultAction: draft.defaultAction,
      architectures: draft.architectures,
      syscalls: entries([
        { names: draft.allowed, action: 'SCMP_ACT_ALLOW' },
        { names: draft.absent, action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      ]),
    },
  };
  return stringify(object, { lineWidth: 0 });
}

function entries(all: readonly Entry[]): Entry[] {
  return all.filter(({ names }) => names.length > 0);
}
