/** `kguardian agent` with its flags. By itself: an agent runs for long and carries nothing that it does not use. */
import type { Command } from 'commander';
import { collect, command } from './command.ts';

export function addAgent(root: Command): void {
  command(root, 'agent', "record every pod's containers on this node of a cluster and send what is new to the broker", [
    'agent --help',
    'agent --node node-1 --broker https://127.0.0.1:8443 --api-server https://127.0.0.1:6443 --spool /tmp/spool',
  ])
    .option('--node <name>', "this node's name in the cluster; by default NODE_NAME")
    .option('--broker <url>', 'where recordings go')
    .option('--broker-token-file <file>', 'a token for the broker, read again when the file changes')
    .option('--broker-ca-file <file>', "what signed the broker's certificate")
    .option('--cluster <name>', "the cluster's name in recordings; by default the uid of its namespace kube-system")
    .option('--namespace <name>', 'record only this namespace; repeat for several', collect)
    .option('--exclude-namespace <name>', 'leave this namespace out; repeat for several', collect)
    .option('--spool <dir>', 'where recordings wait while the broker is away', '/var/lib/kguardian/spool')
    .option('--spool-size <bytes>', 'how much may wait there', '256Mi')
    .option('--flush-interval <time>', 'how often news is sent', '10s')
    .option('--hold <time>', 'how long a container may stay without a name', '10m')
    .option('--listen <address>', 'where /metrics, /healthz and /readyz are served; none for nowhere', ':9101')
    .option('--cgroup-root <dir>', "kubelet's --cgroup-root, as a folder of the v2 tree; by default the tree's root")
    .option('--cluster-cidr <cidr>', 'a range of pods or Services that nodes do not tell; repeat for several', collect)
    .option('--api-server <url>', 'the API server; by default that of the cluster around us')
    .option('--api-token-file <file>', 'a token for it')
    .option('--api-ca-file <file>', 'what signed its certificate')
    .action(async (options) => (await import('./commands/agent.ts')).agent(options));
}
