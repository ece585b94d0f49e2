/** What the agent says at its start, in one block: what runs on which hooks, what does not, and why. */
import type { Spool } from './delivery/spool.ts';
import type { NodeAgent } from './node-agent.ts';

export interface Start {
  readonly node: string;
  readonly clusterName: string;
  readonly kernel: string;
  readonly mount: string;
  readonly broker: string;
  readonly namespaces: readonly string[];
  readonly withoutNamespaces: readonly string[];
  readonly spoolFolder: string;
  readonly spoolBytes: number;
  readonly agent: NodeAgent;
  readonly spool: Spool;
}

export function startBlock(start: Start): string[] {
  const { agent, spool, namespaces, withoutNamespaces } = start;
  const width = Math.max(...agent.states.map(({ sensor }) => sensor.length), 'containers'.length);
  const row = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  const chosen = namespaces.length === 0 ? 'all namespaces' : `namespaces ${namespaces.join(', ')}`;
  return [
    `recording node ${start.node} of cluster ${start.clusterName} (${start.kernel}), ${chosen}${withoutNamespaces.length === 0 ? '' : ` without ${withoutNamespaces.join(', ')}`}`,
    row('containers', `below ${start.mount} by ${agent.hook}; ${agent.containers.waiting} were there before`),
    ...agent.states.map(({ sensor, available, hook }) => row(sensor, available ? hook : `not recorded: ${hook}`)),
    row(
      'delivery',
      `to ${start.broker}, ${spool.files.length} recordings wait in ${start.spoolFolder} (at most ${Math.round(start.spoolBytes / (1 << 20))} MiB)`,
    ),
  ];
}
