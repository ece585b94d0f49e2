/** Which rights were used: from audit logs in files, or what the broker keeps of the audit webhook. */
import { duration } from '#observation/duration.ts';
import { readingKubernetesAudit } from '#imports/kubernetes-audit.ts';
import type { ApiUse } from '#kubernetes/api-use.ts';
import type { Broker } from './cluster/broker.ts';
import type { ClusterFlags } from './cluster/flags.ts';
import { openCluster } from './cluster/open.ts';
import { Failure, systemReason } from './failure.ts';
import { eachLine } from './long-lines.ts';
import { count, tell } from './story.ts';

export interface UseFlags extends ClusterFlags {
  readonly auditLog?: readonly string[];
  readonly since?: string;
}

const logs = "an API server's log with --audit-log FILE";
const toldFaults = 10;

/** Of all files together; a broken line is told by its number, and the rest is done with exit code 2. */
export async function usesIn(files: readonly string[]): Promise<readonly ApiUse[]> {
  const reader = readingKubernetesAudit();
  let broken = 0;
  for (const file of files) {
    let number = 0;
    try {
      await eachLine(file, (line) => {
        number += 1;
        const fault = line === null ? 'too long to be an event' : reader.add(line);
        if (fault === null) return;
        broken += 1;
        if (broken <= toldFaults) tell(`${file}:${number}: ${fault}; passed over`);
      });
    } catch (error) {
      throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
    }
  }
  const { uses, events, window, notes } = reader.end();
  if (broken > toldFaults) tell(`${broken - toldFaults} more lines passed over`);
  for (const note of notes) tell(note);
  const over = window === null ? '' : ` over ${duration(window.to - window.from)}`;
  tell(`${count(events, 'event')}${over}, ${count(uses.length, 'different right')} used or refused`);
  if (broken > 0) process.exitCode = 2;
  return uses;
}

/** Of service accounts of one namespace, or of everybody for null. */
export function usesToldTo(
  broker: Broker,
  namespace: string | null,
  since: string | undefined,
): Promise<readonly ApiUse[]> {
  return broker.apiUses({
    ...(namespace === null ? {} : { namespace }),
    ...(since === undefined ? {} : { since }),
  });
}

/** The same of the broker that is found, with a word of how long it was told. */
export async function usesOfBroker(flags: UseFlags, namespace: string | null): Promise<readonly ApiUse[]> {
  const cluster = openCluster(flags, logs);
  try {
    const uses = await usesToldTo(await cluster.broker(), namespace, flags.since);
    if (uses.length > 0) {
      const first = Math.min(...uses.map((use) => use.first));
      const last = Math.max(...uses.map((use) => use.last));
      tell(
        `${count(uses.length, 'different right')} used or refused over ${duration(last - first)}, as the audit webhook told the broker`,
      );
    }
    return uses;
  } finally {
    cluster.close();
  }
}

/** `-n`, else the context's; null with `-A`. */
export function namespaceOf(flags: ClusterFlags): string | null {
  if (flags.allNamespaces === true) return null;
  if (flags.namespace !== undefined) return flags.namespace;
  const cluster = openCluster(flags, logs);
  try {
    return cluster.api().namespace;
  } finally {
    cluster.close();
  }
}
