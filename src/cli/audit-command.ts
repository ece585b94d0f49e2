/** `audit` and `reach`: what policies do to what was seen, and to what was not. */
import { type Command, Option } from 'commander';
import type { PolicyKind } from '#policies/kind.ts';
import { addClusterFlags } from './cluster/flags.ts';
import { command } from './command.ts';
import { type AddOptions, asked, clusterOption, filesOption, flowsOption, from, readsFlows } from './evidence-flags.ts';

const output = (): Option =>
  new Option('-o, --output <form>', 'table or json').choices(['table', 'json']).default('table');

export function addAudit(root: Command, kinds: readonly PolicyKind[], addOptions: AddOptions): void {
  const audit = command(root, 'audit', 'what policies would have let through and refused of what was recorded', [
    'audit networkpolicy -n shop',
    'audit networkpolicy -n shop -f candidate.yaml --since 7d',
  ]);
  addPromote(audit);
  for (const kind of kinds) {
    const files = readsFlows(kind) ? '--flows flows.jsonl --cluster cluster.json' : '--from recording.jsonl';
    const one = command(audit, `${kind.name} [workload]`, kind.summary, [
      `${kind.name} -f candidate.yaml ${files}`,
      kind.deployed.length > 0 ? `${kind.name} -n shop --watch` : `${kind.name} deploy/web -n shop -f candidate.json`,
    ]).aliases([...kind.aliases]);
    one
      .addOption(
        filesOption(
          kind.deployed.length > 0
            ? 'a candidate, judged as if it were applied; without one what is deployed. Repeat for more'
            : 'the candidate',
        ),
      )
      .addOption(from());
    if (kind.cluster === 'required') one.addOption(clusterOption());
    if (readsFlows(kind)) one.addOption(flowsOption());
    asked(addOptions(one, kind.readingOptions))
      .addOption(output())
      .addOption(
        new Option(
          '--fail-on <verdict>',
          'exit with 1 when something is refused (deny), or not certain either (unknown)',
        ).choices(['deny', 'unknown']),
      )
      .option('--watch', 'go on with what comes in at the broker, until interrupted')
      .option('--interval <time>', 'with --watch: how often to ask', '5s')
      .action(async (name: string | undefined, options) =>
        (await import('./commands/audit.ts')).auditKind(kind, name, options),
      );
  }
}

/** Below `audit`, beside the kinds. */
function addPromote(audit: Command): void {
  const one = command(audit, 'promote <name>', 'a PolicyAudit that holds becomes the policy that it audits', [
    'promote checkout -n shop | kubectl apply -f -',
    'promote checkout -n shop --apply',
  ]);
  one
    .option('--apply', 'create or change the policy in the cluster, instead of printing it')
    .option('--force', 'though something that was observed is refused or not certain, or nobody has looked yet');
  addClusterFlags(one).action(async (name: string, options) =>
    (await import('./commands/promote.ts')).promote(name, options),
  );
}

export function addReach(root: Command, kinds: readonly PolicyKind[], addOptions: AddOptions): void {
  const summary = 'who can reach a workload and whom it can reach, observed or not';
  const all = command(root, 'reach <workload>', summary, [
    'reach shop/web',
    'reach shop/web -f policies.yaml --cluster cluster.json',
  ]);
  const able = kinds.filter((kind) => kind.reach !== undefined);
  // What a cluster may do without is asked for by name, or told from the files.
  for (const kind of able) if (kind.unasked === undefined) addOptions(all, kind.readingOptions);
  withReachFlags(all).action(async (name: string, options) =>
    (await import('./commands/reach.ts')).reach(name, options, null),
  );
  for (const kind of able) {
    const one = command(all, `${kind.name} <workload>`, kind.summary, [
      `${kind.name} shop/web`,
      `${kind.name} shop/web -f policies.yaml --cluster cluster.json`,
    ]).aliases([...kind.aliases]);
    withReachFlags(addOptions(one, kind.readingOptions)).action(async (name: string, options) =>
      (await import('./commands/reach.ts')).reach(name, options, kind),
    );
  }
}

function withReachFlags(one: Command): Command {
  return addClusterFlags(
    one
      .addOption(filesOption('policies, judged as if they were applied to the cluster; with --cluster these alone'))
      .addOption(clusterOption())
      .option('--denied', 'list what is refused, too')
      .addOption(output()),
  );
}
