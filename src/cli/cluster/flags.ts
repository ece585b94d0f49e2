/** kubectl's own flags, for commands that ask a cluster. */
import { type Command, Option } from 'commander';

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly server?: string;
  readonly token?: string;
  readonly certificateAuthority?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly requestTimeout?: string;
  /** Where the broker is, instead of looking for it. */
  readonly broker?: string;
  readonly brokerCa?: string;
  readonly brokerNamespace?: string;
}

/** Which of the workloads. */
export interface SelectionFlags {
  readonly all?: boolean;
  readonly selector?: string;
  readonly container?: string;
  readonly release?: string;
  readonly since?: string;
}

const group = 'Cluster:';
/** `-n=shop`, as kubectl takes short flags. */
const afterSign = (value: string): string => value.replace(/^=/, '');

export function addClusterFlags(command: Command): Command {
  for (const option of [
    new Option('-n, --namespace <name>', "the workload's namespace; by default the context's").argParser(afterSign),
    new Option('-A, --all-namespaces', 'in all namespaces'),
    new Option('--kubeconfig <file>', 'instead of $KUBECONFIG or ~/.kube/config'),
    new Option('--context <name>', 'of the kubeconfig'),
    new Option('-s, --server <url>', "the API server, instead of the kubeconfig's"),
    new Option('--token <token>', 'for the API server and the broker'),
    new Option('--certificate-authority <file>', 'of the API server'),
    new Option('--insecure-skip-tls-verify', "do not check the API server's certificate"),
    new Option('--request-timeout <time>', 'how long to wait for an answer').default('30s'),
    new Option('--broker <url>', 'the broker, instead of finding it in the cluster'),
    new Option('--broker-ca <file>', "certificate authority of the broker's URL"),
    new Option('--broker-namespace <name>', 'where the broker runs, instead of looking in all namespaces'),
  ])
    command.addOption(option.helpGroup(group));
  return command;
}

export function addSelectionFlags(command: Command): Command {
  command
    .option('--all', 'all workloads of the namespace')
    .option('-l, --selector <labels>', 'workloads of pods with these labels, app=web', afterSign)
    .option('-c, --container <name>', 'only this container', afterSign)
    .option('--release <digest>', 'only runs of this image, sha256:…: a release, to be compared with another');
  // A kind may know better what a time means to it; the broker leaves out what came before all the same.
  if (command.options.some(({ long }) => long === '--since')) return command;
  return command.option('--since <time>', 'only what was seen from then on: 7d, 12h, or a time (2026-11-26T00:00:00Z)');
}
