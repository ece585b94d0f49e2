/** `kguardian record`, apart from the rest: its process stays beside the workload, and loads nothing that it does not need. */
import type { Command } from 'commander';
import { command } from './command.ts';

export function addRecord(root: Command): void {
  command(root, 'record [command...]', 'observe a command on this host, a process or a cgroup', [
    'record --name listing -o listing.jsonl -- ls -l /',
    'record --pid 1 --duration 2s -o pid1.jsonl',
  ])
    .option('--name <name>', "the workload's name; by default the command's")
    .option(
      '-o, --output <file>',
      'where the recording goes (.zst and .gz compress; - for standard output); by default NAME.jsonl',
    )
    .option('--duration <time>', 'end after this time, 30s or 5m; a command started here is ended too')
    .option('--pid <pid>', 'observe this process and its children')
    .option('--cgroup <path>', 'observe what runs in this cgroup v2 folder, or will')
    .passThroughOptions()
    .action(async (argv: string[], options) => (await import('./commands/record.ts')).record(argv, options));
}
