/** RBAC below `gen`, `evaluate` and `audit`: rights come from an API server's log, not from recordings. */
import { type Command, Option } from 'commander';
import { collect, command } from './command.ts';

const log = (): Option =>
  new Option('--audit-log <file>', "an API server's audit log, - for standard input; repeat for more")
    .argParser(collect)
    .makeOptionMandatory();

export function addRbac({ gen, evaluate }: { readonly gen: Command; readonly evaluate: Command }): void {
  command(gen, 'rbac', 'rights in the cluster: Role, ClusterRole and bindings, from an audit log', [
    'rbac --audit-log kube-audit.log -n shop',
    'rbac --audit-log kube-audit.log --subject system:serviceaccount:shop:app --output-dir policies',
  ])
    .addOption(log())
    .addOption(new Option('--subject <user>', 'only this user; repeat for more').argParser(collect))
    .option('-n, --namespace <name>', 'only service accounts of this namespace')
    .option('--people', 'users that are no service account, too')
    .option('--include-denied', 'requests that were refused are needed, too')
    .option('--max-names <number>', 'up to so many names become resourceNames', '3')
    .option('--output-dir <dir>', 'write files there instead of standard output')
    .addOption(
      new Option('-o, --output <form>', 'yaml, or one JSON object a line').choices(['yaml', 'json']).default('yaml'),
    )
    .action(async (options) => (await import('./commands/rbac.ts')).genRbac(options));

  command(evaluate, 'rbac [queries]', 'rights in the cluster: requests against roles and bindings', [
    'rbac --rbac roles.yaml requests.jsonl',
    'rbac --rbac roles.yaml < requests.jsonl',
  ])
    .addOption(
      new Option('--rbac <file>', 'roles and bindings; repeat for more').argParser(collect).makeOptionMandatory(),
    )
    .action(async (queries: string | undefined, options) =>
      (await import('./commands/rbac.ts')).evaluateRbac(queries ?? '-', options),
    );
}
