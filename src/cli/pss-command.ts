/** Pod Security Standards: below `audit`, `evaluate` and `gen`, beside the kinds of policies. */
import { type Command, Option } from 'commander';
import { addClusterFlags } from './cluster/flags.ts';
import { collect, command } from './command.ts';
import { from } from './evidence-flags.ts';

/** As `posture/pss/level.ts` has them: help about the whole does without loading it. */
const levels = ['privileged', 'baseline', 'restricted'];
const summary = 'Pod Security Standards: the levels of pods and templates';
const versionOption = (): Option =>
  new Option('--pss-version <version>', 'of the policy: v1.30, or latest').default('latest');
const filename = (): Option =>
  new Option(
    '-f, --filename <file>',
    'manifests instead of the cluster, - for standard input; repeat for more',
  ).argParser(collect);

/** The parents exist already. */
export function addPss(root: Command): void {
  const below = (name: string): Command => {
    const found = root.commands.find((each) => each.name() === name);
    if (found === undefined) throw new Error(`there is no command ${name}`);
    return found;
  };
  addAuditPss(below('audit'));
  command(below('evaluate'), 'pss [queries]', summary, ['pss pods.jsonl', 'pss < pods.jsonl']).action(
    async (queries: string | undefined) => (await import('./commands/pss/evaluate.ts')).evaluatePods(queries ?? '-'),
  );
}

function addAuditPss(audit: Command): void {
  const one = command(audit, 'pss [name]', summary, [
    'pss -n shop',
    'pss -f manifests.yaml --pss-version v1.30 -o sarif',
  ]);
  one
    .addOption(filename())
    .addOption(from())
    .addOption(versionOption())
    .addOption(
      new Option('--level <level>', 'whose violations are listed')
        .choices(['baseline', 'restricted'])
        .default('restricted'),
    )
    .addOption(
      new Option('-o, --output <form>', 'table, json, yaml, sarif or junit')
        .choices(['table', 'json', 'yaml', 'sarif', 'junit'])
        .default('table'),
    )
    .addOption(
      new Option('--fail-on <level>', 'exit with 1 when something does not pass this level').choices(levels.slice(1)),
    );
  addClusterFlags(one).action(async (name: string | undefined, options) =>
    (await import('./commands/pss/audit.ts')).auditPods(name, options),
  );
}
