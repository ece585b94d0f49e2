/** Rules of admission, below `gen` and `evaluate`: from the objects that are there, in three languages. */
import { type Command, Option } from 'commander';
import { addClusterFlags } from './cluster/flags.ts';
import { collect, command } from './command.ts';
import { from, manifestsOption } from './evidence-flags.ts';

const forms = [
  ['vap', 'rules of admission as ValidatingAdmissionPolicies: what the objects have in common'],
  ['gatekeeper', 'rules of admission for Gatekeeper: ConstraintTemplates (CEL) and Constraints'],
  ['kyverno', 'rules of admission for Kyverno: ValidatingPolicies'],
] as const;

export function addAdmission({ gen, evaluate }: { readonly gen: Command; readonly evaluate: Command }): void {
  for (const [name, summary] of forms) {
    const one = command(gen, name, summary, [
      `${name} -f manifests.yaml --min-objects 1`,
      `${name} -n shop --output-dir policies`,
    ]);
    one
      .addOption(manifestsOption())
      .addOption(from())
      .option('--min-support <share>', 'of the objects for which a pattern must hold, 0.8 or 1', '0.8')
      .option('--min-objects <number>', 'a pattern needs this many objects', '5')
      .option('--min-uses <number>', 'a value that fewer objects use is an exception, no pattern', '2')
      .option('--max-exceptions <number>', 'a pattern has no more of them', '20')
      .addOption(
        new Option(
          '--exclude-namespace <name>',
          'left out of the rules; repeat for more. By default kube-system, kube-public and kube-node-lease',
        ).argParser(collect),
      )
      .addOption(new Option('--rule <id>', 'only this one; repeat for more').argParser(collect))
      .addOption(
        new Option('--stage <stage>', 'watch: warn and audit; enforce: refuse')
          .choices(['watch', 'enforce'])
          .default('watch'),
      );
    if (name === 'kyverno')
      one.addOption(
        new Option('--form <form>', 'validating: ValidatingPolicy; cluster: the older ClusterPolicy')
          .choices(['validating', 'cluster'])
          .default('validating'),
      );
    if (name === 'gatekeeper')
      one.option(
        '--rego',
        'besides, the rules as Rego for servers that run no CEL: not proved, since it is not run here',
      );
    one.option('--output-dir <dir>', 'write files there instead of standard output');
    addClusterFlags(one).action(async (options) =>
      (await import('./commands/admission/gen.ts')).genAdmission(name, options),
    );

    command(evaluate, `${name} [queries]`, summary, [
      `${name} --policy policies/${name}.yaml objects.jsonl`,
      `${name} --policy policies/${name}.yaml < objects.jsonl`,
    ])
      .addOption(new Option('--policy <file>', 'policies; repeat for more').argParser(collect).makeOptionMandatory())
      .option('--as-enforced', 'as if what only warns or audits refused')
      .action(async (queries: string | undefined, options) =>
        (await import('./commands/admission/evaluate.ts')).evaluateAdmission(name, queries ?? '-', options),
      );
  }
}
