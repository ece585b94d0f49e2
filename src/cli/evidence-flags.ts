/** Flags that say what evidence to take, for every command that takes some. */
import { type Command, Option } from 'commander';
import type { PolicyKind } from '#policies/kind.ts';
import { addClusterFlags, addSelectionFlags } from './cluster/flags.ts';
import { collect } from './command.ts';

export const from = (): Option =>
  new Option('--from <file>', 'a recording instead of the cluster, - for standard input; repeat to add up').argParser(
    collect,
  );
export const workload = (): Option =>
  new Option('-w, --workload <name>', 'only this workload: deploy/web, pod/web-5d4f-x or web');
export const asked = (one: Command): Command => addClusterFlags(addSelectionFlags(one));
export const clusterOption = (): Option =>
  new Option(
    '--cluster <file>',
    'the objects of the cluster, - for standard input: a `kubectl get -o json` list, or {namespaces, nodes, workloads, pods, services}',
  );

export const flowsOption = (): Option =>
  new Option(
    '--flows <file>',
    "a log of flows as JSON (ours, Hubble's, linkerd viz tap's, access logs of Istio's proxies), - for standard input; instead of recordings or beside them",
  );

export const filesOption = (help: string): Option => new Option('-f, --filename <file>', help).argParser(collect);
export const manifestsOption = (): Option =>
  filesOption('manifests instead of the cluster, - for standard input; repeat for more');

export const auditLogOption = (): Option =>
  new Option(
    '--audit-log <file>',
    "an API server's audit log, - for standard input; repeat for more. Without one what the broker was told",
  ).argParser(collect);

/** A log of flows shows what the network sensor sees, and nothing else. */
export const readsFlows = ({ sensors }: PolicyKind): boolean =>
  sensors.length > 0 && sensors.every((sensor) => sensor === 'network');

/** Adds a schema's fields as flags. */
export type AddOptions = (command: Command, schema: PolicyKind['options']) => Command;

/** What a kind generates from, and its own options. */
export function addEvidence(kind: PolicyKind, one: Command, addOptions: AddOptions): Command {
  if (kind.cluster === 'required') one.addOption(clusterOption());
  if (readsFlows(kind)) one.addOption(flowsOption());
  return asked(addOptions(one, kind.options));
}
