/** Requests and limits below `gen` and `evaluate`, from usage wherever it was measured. */
import { type Command, Option } from 'commander';
import { described, flagOf } from '#posture/resources/options.ts';
import { addClusterFlags, addSelectionFlags } from './cluster/flags.ts';
import { collect, command } from './command.ts';
import { filesOption, from } from './evidence-flags.ts';

const forms = ['table', 'yaml', 'json', 'jsonl', 'patch', 'json-patch', 'kustomize', 'vpa', 'hpa', 'namespace'];

export function addResources({ gen, evaluate }: { readonly gen: Command; readonly evaluate: Command }): void {
  const summary = 'requests and limits of CPU and memory, from measured usage';
  const one = command(gen, 'resources [workload]', summary, [
    'resources deploy/web -n shop --observation-period 7d --percentile 95',
    'resources --series usage.jsonl -o jsonl',
  ]);
  one
    .addOption(
      new Option('--series <file>', 'usage as JSON lines, - for standard input; repeat for more').argParser(collect),
    )
    .addOption(
      new Option(
        '--metrics <source...>',
        'agent (what our agents sampled), metrics-server, prometheus URL, or a file: a recording, or usage as JSON lines',
      ).default(['agent'], 'agent'),
    )
    .addOption(from())
    .addOption(filesOption('manifests of the workloads, beside the cluster; repeat for more'))
    .addOption(
      new Option(
        '-o, --output <form>',
        'table, yaml (a patch with its reasons), json, jsonl, patch (strategic), json-patch, kustomize, vpa, hpa, namespace (ResourceQuota, LimitRange); by default table, with --series jsonl',
      ).choices(forms),
    )
    .option('--output-dir <dir>', 'write files there instead of standard output')
    .addOption(
      new Option('--prometheus-header <header>', '"Name: value" of each request; repeat for more').argParser(collect),
    )
    .option('--prometheus-tenant <name>', 'X-Scope-OrgID, as Mimir, Cortex and Thanos take it')
    .option('--prometheus-token-file <file>', 'a bearer token')
    .option('--prometheus-selector <labels>', 'more labels of every series, cluster="a"')
    .option('--step <time>', 'between two samples that Prometheus is asked for', '1m')
    .option('--rate-window <time>', 'over which Prometheus makes rates of counters: two scrapes at least', '2m');
  for (const [name, { preset, help, kind }] of Object.entries(described)) {
    const option = new Option(`${flagOf(name)} <${typeof kind === 'string' ? kind : kind.join('|')}>`, help);
    one.addOption(option.default(preset).helpGroup('Figures:'));
  }
  addClusterFlags(addSelectionFlags(one)).action(async (name: string | undefined, options) =>
    (await import('./commands/resources.ts')).genResources(name, options),
  );

  command(
    evaluate,
    'resources [answers]',
    'requests and limits: what would have happened under them to usage that was measured',
    ['resources --series usage.jsonl answers.jsonl', 'resources --series usage.jsonl --last 1d < answers.jsonl'],
  )
    .addOption(new Option('--series <file>', 'usage as JSON lines').argParser(collect).makeOptionMandatory())
    .option('--last <time>', 'judge only so much before the newest sample: what figures made before it did not see')
    .action(async (answers: string | undefined, options) =>
      (await import('./commands/resources-evaluate.ts')).evaluateResources(answers ?? '-', options),
    );
}
