/** RBAC below `gen`, `evaluate` and `audit`: rights come from an API server's log, not from recordings. */
import { type Command, Option } from 'commander';
import { addClusterFlags } from './cluster/flags.ts';
import { collect, command } from './command.ts';
import { auditLogOption } from './evidence-flags.ts';

const since = (): Option =>
  new Option('--since <time>', 'of what the broker was told only what was used from then on: 7d, 12h, or a time');
const maxNames = (): Option =>
  new Option('--max-names <number>', 'at most this many names become resourceNames').default('3');
const rbac = (help: string): Option => new Option('--rbac <file>', help).argParser(collect);

export function addRbac(root: Command): void {
  const below = (name: string): Command => {
    const found = root.commands.find((each) => each.name() === name);
    if (found === undefined) throw new Error(`there is no command ${name}`);
    return found;
  };
  addGenerate(below('gen'));
  addAudit(below('audit'));
  command(below('evaluate'), 'rbac [queries]', 'rights in the cluster: requests against roles and bindings', [
    'rbac --rbac roles.yaml requests.jsonl',
    'rbac --rbac roles.yaml < requests.jsonl',
  ])
    .addOption(rbac('roles and bindings; repeat for more').makeOptionMandatory())
    .action(async (queries: string | undefined, options) =>
      (await import('./commands/rbac/evaluate.ts')).evaluateRbac(queries ?? '-', options),
    );
}

function addGenerate(gen: Command): void {
  const one = command(
    gen,
    'rbac [account]',
    'rights in the cluster: Role, ClusterRole and bindings, from what was used',
    ['rbac app -n shop', 'rbac --audit-log kube-audit.log --output-dir policies'],
  );
  one
    .addOption(auditLogOption())
    .addOption(since())
    .addOption(new Option('--subject <user>', 'only this user; repeat for more').argParser(collect))
    .addOption(new Option('--group <name>', 'for the group, what its members used; repeat for more').argParser(collect))
    .option('--people', 'users that are no service account, too')
    .option('--include-denied', 'requests that were refused are needed, too')
    .addOption(new Option('--widen <what>', 'informers: who lists may watch, and the reverse').choices(['informers']))
    .addOption(maxNames())
    .option('--output-dir <dir>', 'write files there instead of standard output')
    .addOption(
      new Option('-o, --output <form>', 'yaml, or one JSON object a line').choices(['yaml', 'json']).default('yaml'),
    );
  addClusterFlags(one).action(async (account: string | undefined, options) =>
    (await import('./commands/rbac/generate.ts')).genRbac(account, options),
  );
}

function addAudit(audit: Command): void {
  const one = command(audit, 'rbac [subject]', 'rights in the cluster: what is granted, what of it was used', [
    'rbac -n shop',
    'rbac --rbac roles.yaml --audit-log kube-audit.log -o sarif',
  ]);
  one
    .addOption(rbac('roles and bindings instead of the cluster, - for standard input; repeat for more'))
    .addOption(auditLogOption())
    .addOption(since())
    .option('--defaults', 'what Kubernetes gives its own components, too')
    .addOption(maxNames())
    .addOption(
      new Option('-o, --output <form>', 'table, json, yaml or sarif')
        .choices(['table', 'json', 'yaml', 'sarif'])
        .default('table'),
    )
    .addOption(
      new Option(
        '--fail-on <finding>',
        'exit with 1 when a rule carries a risk, was not wholly used (unused), or carries one and never was (unused-risk)',
      ).choices(['risk', 'unused', 'unused-risk']),
    );
  addClusterFlags(one).action(async (subject: string | undefined, options) =>
    (await import('./commands/rbac/audit.ts')).audit(subject, options),
  );
}
