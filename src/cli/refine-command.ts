/** `refine` and `import`: from the log of a profile that is only watched to the next version of it. */
import { type Command, Option } from 'commander';
import type { PolicyKind } from '#policies/kind.ts';
import { collect, command } from './command.ts';

const matchOption = (): Option =>
  new Option('--match <field=value>', 'only records with this field, exe=/usr/sbin/nginx; repeat to narrow').argParser(
    collect,
  );

export function addRefine(root: Command, kinds: readonly PolicyKind[]): void {
  const refine = command(root, 'refine', 'add to an artifact what a log says that it denied, shown as a diff', [
    'refine seccomp --profile policies/demo-seccomp.json --log audit.log --match exe=/usr/sbin/nginx',
    'refine seccomp --profile policies/demo-seccomp.json --log audit.log --in-place',
  ]);
  for (const kind of kinds) {
    if (kind.refine === undefined) continue;
    const file = `policies/${kind.demoFile}`;
    const one = command(refine, kind.name, kind.summary, [
      `${kind.name} --profile ${file} --log audit.log`,
      `${kind.name} --profile ${file} --log audit.log -o text`,
    ]).aliases([...kind.aliases]);
    one
      .requiredOption('--profile <file>', 'the artifact')
      .addOption(
        new Option(
          '--log <file>',
          "audit.log, the kernel's log (dmesg, journalctl -k), - for standard input; repeat for more",
        )
          .argParser(collect)
          .makeOptionMandatory(),
      )
      .addOption(matchOption())
      .option('--in-place', 'write the artifact again')
      .addOption(
        new Option('-o, --output <form>', 'diff, the whole text, or json')
          .choices(['diff', 'text', 'json'])
          .default('diff'),
      )
      .action(async (options) => (await import('./commands/refine.ts')).refine(kind, options));
  }
}

export function addImport(root: Command): void {
  const parent = command(root, 'import', "other tools' records as a recording, which adds up with our own", [
    'import audit-log audit.log --name demo -o denials.jsonl',
    'import audit-log audit.log --name demo --match exe=/usr/sbin/nginx',
  ]);
  command(parent, 'audit-log <file>', 'denials of seccomp, AppArmor and SELinux, - for standard input', [
    'audit-log audit.log --name demo -o denials.jsonl',
    'audit-log audit.log --name demo --match exe=/usr/sbin/nginx',
  ])
    .requiredOption('--name <workload>', 'what it is called among recordings')
    .option('-c, --container <name>', "by default the workload's name")
    .addOption(matchOption())
    .option('-o, --output <file>', 'instead of standard output')
    .action(async (file: string, options) => (await import('./commands/import.ts')).importAuditLog(file, options));
  command(parent, 'mesh-metrics <file>', "a mesh's counters of calls, as proxies serve them or Prometheus answers", [
    'mesh-metrics metrics.txt --cluster cluster.json -o calls.jsonl',
    'mesh-metrics metrics.txt --cluster cluster.json > calls.jsonl',
  ])
    .requiredOption('--cluster <file>', 'the objects of the cluster, which the counters name')
    .option('-o, --output <file>', 'instead of standard output')
    .action(async (file: string, options) => (await import('./commands/import.ts')).importMeshMetrics(file, options));
}
