/** `migrate`: what an API server no longer knows, as what it knows now. */
import { type Command, Option } from 'commander';
import { addClusterFlags } from './cluster/flags.ts';
import { command } from './command.ts';
import { filesOption } from './evidence-flags.ts';

export function addMigrate(root: Command): void {
  const migrate = command(root, 'migrate', 'what API servers no longer know, as what they know now', [
    'migrate psp -f psps.yaml -f roles.yaml -f pods.yaml',
    'migrate psp --cluster -n shop --output-dir migrated',
  ]);
  const one = command(
    migrate,
    'psp',
    'PodSecurityPolicies: levels of namespaces, patches of what passed by mutation, admission policies for the rest',
    ['psp -f psps.yaml -f roles.yaml -f pods.yaml', 'psp --cluster -n shop --output-dir migrated'],
  );
  one
    .addOption(
      filesOption(
        'PodSecurityPolicies, roles, bindings, namespaces, pods and templates, - for standard input; repeat for more',
      ),
    )
    .option('--cluster', 'what runs in the cluster; its policies too, unless files have them')
    .option('--pss-version <version>', 'of the levels: v1.30, or latest', 'latest')
    .addOption(
      new Option('-o, --output <form>', 'table, yaml (labels and policies), or json')
        .choices(['table', 'yaml', 'json'])
        .default('yaml'),
    )
    .option('--output-dir <dir>', 'labels, policies and patches as files there');
  addClusterFlags(one).action(async (options) => (await import('./commands/migrate.ts')).migratePsp(options));
}
