/** The policy kinds. A kind is a folder and a line here. */
import { apparmor } from './apparmor/index.ts';
import { falco } from './falco/index.ts';
import { istio } from './istio/index.ts';
import type { PolicyKind } from './kind.ts';
import { linkerd } from './linkerd/index.ts';
import { networkpolicy } from './networkpolicy/index.ts';
import { seccomp } from './seccomp/index.ts';
import { selinux } from './selinux/index.ts';

export const kinds: readonly PolicyKind[] = [apparmor, falco, istio, linkerd, networkpolicy, seccomp, selinux];

/** The kind of that name or alias. */
export function kindNamed(word: string): PolicyKind | undefined {
  return kinds.find(({ name, aliases }) => name === word || aliases.includes(word));
}
