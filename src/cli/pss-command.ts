/** Pod Security Standards: below `audit`, `evaluate` and `gen`, beside the kinds of policies. */
import { type Command, Option } from 'commander';
import { addClusterFlags } from './cluster/flags.ts';
import { command } from './command.ts';
import { from, manifestsOption } from './evidence-flags.ts';

/** As `posture/pss/level.ts` has them: help about the whole does without loading it. */
const levels = ['privileged', 'baseline', 'restricted'];
const summary = 'Pod Security Standards: the levels of pods and templates';
const versionOption = (): Option =>
  new Option('--pss-version <version>', 'of the policy: v1.30, or latest').default('latest');
/** The parents exist already. */
export function addPss(root: Command): void {
  const below = (name: string): Command => {
    const found = root.commands.find((each) => each.name() === name);
    if (found === undefined) throw new Error(`there is no command ${name}`);
    return found;
  };
  addAuditPss(below('audit'));
  addGenPss(below('gen'));
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
    .addOption(manifestsOption())
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

function addGenPss(gen: Command): void {
  const pss = command(gen, 'pss', 'Pod Security Standards: labels of namespaces, fixes of pods and templates', [
    'pss labels -n shop',
    'pss fix -f manifests.yaml',
  ]);
  const labels = command(
    pss,
    'labels',
    'labels of namespaces that refuse nothing that is there, and tell of the next level',
    ['labels -n shop', 'labels -f manifests.yaml --pss-version v1.30'],
  );
  labels
    .addOption(manifestsOption())
    .addOption(
      new Option('--pss-version <version>', "of the policy: v1.30, or latest; by default the cluster's own, pinned"),
    )
    .option('--admission-config <file>', "the API server's AdmissionConfiguration: its defaults, and whom it exempts");
  addClusterFlags(labels).action(async (options) =>
    (await import('./commands/pss/labels.ts')).labelNamespaces(options),
  );
  const fix = command(pss, 'fix [name]', 'manifests and patches that make pods and templates compliant, judged again', [
    'fix -f manifests.yaml',
    'fix deploy/web -n shop -o strategic',
  ]);
  fix
    .addOption(manifestsOption())
    .addOption(from())
    .addOption(versionOption())
    .addOption(
      new Option(
        '--level <level>',
        'to reach, whatever that breaks; by default the strictest that what was observed allows',
      ).choices(['baseline', 'restricted']),
    )
    .option('--harden', 'besides: a root file system that is read only, and no capability that was not used')
    .addOption(
      new Option('-o, --output <form>', 'manifest, strategic, json-patch or kustomize')
        .choices(['manifest', 'strategic', 'json-patch', 'kustomize'])
        .default('manifest'),
    )
    .option('--output-dir <dir>', 'write files there instead of standard output');
  addClusterFlags(fix).action(async (name: string | undefined, options) =>
    (await import('./commands/pss/fix.ts')).fixPods(name, options),
  );
}
