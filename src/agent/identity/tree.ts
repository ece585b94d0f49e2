/** Where in the v2 tree the pods are. */
import { readdirSync } from 'node:fs';

const rootName = /^(?:kubepods|kubelet)(?:\.slice)?$/;

/**
 * Where network programs attach: the pods' own root, so that other processes of the node pay nothing. Where it is
 * not made yet, or there are two (one for each driver that was ever used), the folder above.
 */
export function attachFolder(base: string): string {
  const roots = readdirSync(base, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && rootName.test(entry.name),
  );
  const [root] = roots;
  return root !== undefined && roots.length === 1 ? `${base}/${root.name}` : base;
}
