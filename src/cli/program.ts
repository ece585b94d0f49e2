/** All commands with their flags and help. What they do is loaded when they are called. */
import { type Command, Option } from 'commander';
import type { PolicyKind } from '#policies/kind.ts';
import { addAgent } from './agent-command.ts';
import { addAudit, addReach } from './audit-command.ts';
import { command, rootCommand } from './command.ts';
import {
  addEvidence,
  type AddOptions,
  asked,
  auditLogOption,
  clusterOption,
  flowsOption,
  from,
  manifestsOption,
  readsFlows,
  workload,
} from './evidence-flags.ts';
import { addAdmission } from './admission-command.ts';
import { addRbac } from './rbac-command.ts';
import { addResources } from './resources-command.ts';
import { addMigrate } from './migrate-command.ts';
import { addPss } from './pss-command.ts';
import { addRecord } from './record-command.ts';
import { addImport, addRefine } from './refine-command.ts';
import { version } from './version.ts';

/** Without kinds there are no commands below `gen`, `diff` and `evaluate`: enough for help about the whole, and half its time. */
export function program(kinds: readonly PolicyKind[], addOptions: AddOptions): Command {
  const kindNames = kinds.map(({ name }) => name).join(', ');
  const root = rootCommand();
  addRecord(root);

  const gen = command(root, 'gen', 'write the policies that a recording shows to be needed', [
    'gen seccomp --from recording.jsonl',
    'gen seccomp --from recording.jsonl --output-dir policies --default-action SCMP_ACT_LOG',
  ]);
  for (const kind of kinds) {
    const known = readsFlows(kind) ? '--flows flows.jsonl --cluster cluster.json' : '--from recording.jsonl';
    const one = command(gen, `${kind.name} [workload]`, kind.summary, [
      `${kind.name} ${known} --output-dir policies`,
      `${kind.name} deploy/web -n shop --output-dir policies`,
    ]).aliases([...kind.aliases]);
    one.addOption(from()).option('--output-dir <dir>', 'write files there instead of standard output');
    addEvidence(kind, one, addOptions).action(async (name: string | undefined, options: Record<string, unknown>) =>
      (await import('./commands/gen.ts')).gen(kind, name, options),
    );
  }

  const all = command(gen, 'all [workload]', 'every kind that applies, in one tree that says how to roll it out', [
    'all --from recording.jsonl --output-dir policies',
    'all deploy/web -n shop --output-dir policies',
  ]);
  asked(all)
    .addOption(from())
    .addOption(clusterOption())
    .addOption(flowsOption())
    .addOption(manifestsOption())
    .addOption(auditLogOption())
    .requiredOption('--output-dir <dir>', 'where the tree goes')
    .addOption(
      new Option('--stage <stage>', 'watch: forms that refuse nothing, where there are any; enforce: what is to hold')
        .choices(['watch', 'enforce'])
        .default('watch'),
    )
    .option('--allow-loss', 'go ahead with recordings that lost facts or were cut; the README says so')
    .action(async (name: string | undefined, options) => (await import('./commands/gen-all.ts')).genAll(name, options));

  /** What artifacts are held against. */
  const judging = (one: Command): Command =>
    asked(one)
      .addOption(from())
      .addOption(workload())
      .addOption(new Option('--kind <kind>', `one of ${kindNames}; by default told from the text`))
      .addOption(clusterOption())
      .addOption(flowsOption());

  const diff = command(root, 'diff', 'compare what is deployed with what would be generated: 1 when it differs', [
    'diff seccomp --from recording.jsonl --dir policies',
    'diff seccomp deploy/web -n shop -o yaml',
  ]);
  for (const kind of kinds) {
    const one = command(diff, `${kind.name} [workload]`, kind.summary, [
      `${kind.name} --from recording.jsonl --dir policies`,
      `${kind.name} --all -n shop --dir policies`,
    ]).aliases([...kind.aliases]);
    one.addOption(from()).option('--dir <dir>', 'compare with files there instead of objects of the cluster');
    if (kind.compare !== undefined)
      one
        .option('--text', 'compare the texts, not what they let through')
        .option('--instead', 'as if what is generated stood in place of all that is deployed, not beside it');
    addEvidence(kind, one, addOptions).action(async (name: string | undefined, options: Record<string, unknown>) =>
      (await import('./commands/diff.ts')).diff(kind, name, options),
    );
  }

  addAudit(root, kinds, addOptions);
  addReach(root, kinds, addOptions);
  addRefine(root, kinds);
  addImport(root);

  asked(
    command(
      root,
      'status [workload]',
      'show how much is known of each workload, and which kinds have enough to go on',
      ['status -n shop', 'status deploy/web -n shop -o wide'],
    ).addOption(
      new Option('-o, --output <form>', 'table, wide, json, yaml or name')
        .choices(['table', 'wide', 'json', 'yaml', 'name'])
        .default('table'),
    ),
  ).action(async (name: string | undefined, options) => (await import('./commands/status.ts')).status(name, options));

  judging(
    command(
      root,
      'prove <artifact...>',
      'replay a recording against artifacts: 0 when all that was observed is allowed',
      [
        'prove policies/demo-seccomp.json --from recording.jsonl',
        'prove policies/demo-seccomp.json --from recording.jsonl -o json',
      ],
    ),
  )
    .option('--enumerate', 'list what lies beside the observed too, with verdict, rule and whether it has evidence')
    .addOption(new Option('-o, --output <form>', 'table or json').choices(['table', 'json']).default('table'))
    .action(async (files: string[], options) => (await import('./commands/prove.ts')).prove(files, options));

  judging(
    command(root, 'explain <artifact>', 'show which evidence stands behind each permission', [
      'explain policies/demo-seccomp.json --from recording.jsonl',
      'explain policies/demo-seccomp.json --from recording.jsonl -o json',
    ]),
  )
    .addOption(new Option('-o, --output <form>', 'table or json').choices(['table', 'json']).default('table'))
    .action(async (file: string, options) => (await import('./commands/explain.ts')).explainArtifact(file, options));

  judging(
    command(root, 'score <artifact...>', 'how much attack surface is left: which listed attacks artifacts stop', [
      'score policies/demo-seccomp.json',
      'score policies/demo-seccomp.json -o wide',
    ]),
  )
    .addOption(new Option('--arch <arch>', "the machine's").choices(['x86_64', 'aarch64']).default('x86_64'))
    .option('--program <path>', 'the program that the attacker has taken over, where that makes a difference')
    .option('--fail-under <number>', 'exit with 1 when fewer attacks are stopped')
    .addOption(
      new Option('-o, --output <form>', 'table of what is left, wide for all, or json')
        .choices(['table', 'wide', 'json'])
        .default('table'),
    )
    .action(async (files: string[], options) => (await import('./commands/score.ts')).scoreArtifacts(files, options));

  asked(
    command(
      root,
      'report [workload]',
      'what is known of each workload, what was written, how it was proved, what is left',
      ['report --from recording.jsonl -o html > report.html', 'report deploy/web -n shop'],
    ),
  )
    .addOption(from())
    .addOption(clusterOption())
    .addOption(flowsOption())
    .option('--allow-loss', 'go ahead with recordings that lost facts or were cut; the notes say so')
    .addOption(
      new Option('-o, --output <form>', 'markdown, html (one file, no scripts) or json')
        .choices(['markdown', 'html', 'json'])
        .default('markdown'),
    )
    .action(async (name: string | undefined, options) => (await import('./commands/report.ts')).report(name, options));

  const evaluate = command(root, 'evaluate', 'answer questions as the cluster would: JSON lines in, JSON lines out', [
    'evaluate seccomp --profile policies/demo-seccomp.json queries.jsonl',
    'evaluate seccomp --profile policies/demo-seccomp.json < queries.jsonl',
  ]);
  for (const kind of kinds) {
    const examples = [
      kind.world === undefined
        ? `${kind.name} --profile policies/${kind.demoFile} queries.jsonl`
        : `${kind.name} worlds.jsonl`,
      kind.world === undefined
        ? `${kind.name} --profile policies/${kind.demoFile} < queries.jsonl`
        : `${kind.name} < worlds.jsonl`,
    ];
    const one = command(evaluate, `${kind.name} [queries]`, kind.summary, examples).aliases([...kind.aliases]);
    const profile = new Option(
      '--profile <file>',
      kind.world === undefined ? 'the artifact' : 'the artifact; without one each question brings its world along',
    );
    one.addOption(profile.makeOptionMandatory(kind.world === undefined));
    if (kind.cluster === 'required') one.addOption(clusterOption());
    addOptions(one, kind.readingOptions).action(async (queries: string | undefined, options) =>
      (await import('./commands/evaluate.ts')).evaluate(kind, queries ?? '-', options),
    );
  }

  addResources({ gen, evaluate });
  addRbac(root);
  addPss(root);
  addMigrate(root);
  addAdmission({ gen, evaluate });

  command(root, 'inspect <file>', 'show what a recording holds: window, sensors, losses, counts', [
    'inspect recording.jsonl',
    'inspect recording.jsonl -o json',
  ])
    .addOption(new Option('-o, --output <form>', 'table or json').choices(['table', 'json']).default('table'))
    .action(async (file: string, options) => (await import('./commands/inspect.ts')).inspect(file, options));

  command(root, 'broker', 'keep what agents of a cluster record, and answer with policies', [
    'broker --insecure-no-auth --database /tmp/kguardian.db',
    'broker --print-openapi > openapi.json',
  ])
    .option('--listen <address>', 'HOST:PORT; by default 0.0.0.0:8443, 127.0.0.1:8443 with --insecure-no-auth')
    .addOption(
      new Option('--database <where>', 'a file for SQLite, or postgres://…')
        .env('KGUARDIAN_DATABASE')
        .default('kguardian.db'),
    )
    .option(
      '--cluster <name>',
      "the cluster's name, as its agents report it; by default the uid of its namespace kube-system",
    )
    .option('--retention <time>', 'forget a run after nothing was heard of it for so long, 12h or 30d', '30d')
    .option(
      '--resolution <time>',
      'a fact seen again within this time is not written again; 0s keeps times exact',
      '60s',
    )
    .option('--requests-per-minute <number>', 'of one agent or reader', '600')
    .option('--tls-cert <file>', 'certificate chain, PEM; read again when it changes. By default one is made at start')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--audience <name>', "what agents' tokens must be for", 'kguardian-broker')
    .option('--kubeconfig <file>', 'how to reach the API server; by default as a pod of it, or as kubectl does')
    .option(
      '--policy-audits <time>',
      'bring the status of PolicyAudit objects up to date so often, 60s; by default never',
    )
    .option('--insecure-no-auth', 'no tokens and no TLS, on a loopback address alone')
    .addOption(
      new Option('--log-level <level>', 'the least grave of what is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .option('--print-openapi', 'print the description of the API, and end')
    .action(async (options) => (await import('./commands/broker.ts')).broker(options));

  command(root, 'demo', 'record nginx, write its policies, prove them, run it under them', [
    'demo',
    'demo --output-dir demo-out',
  ])
    .option('--output-dir <dir>', 'where recording and policies go', 'demo-out')
    .option('--recording <file>', 'do the same with this recording instead of recording now')
    .action(async (options) => (await import('./commands/demo.ts')).demo(options));

  addAgent(root);

  command(root, 'completion <shell>', 'print what makes a shell complete our commands: bash, zsh or fish', [
    'completion bash > /etc/bash_completion.d/kguardian',
    'completion zsh > "${fpath[1]}/_kguardian"',
  ]).action(async (shell: string) => (await import('./commands/completion.ts')).completion(root, shell));

  root
    .command('complete [words...]', { hidden: true })
    .description('what may follow, for kubectl')
    .passThroughOptions()
    .action(async (words: string[]) => (await import('./commands/completion.ts')).complete(root, words));

  command(root, 'version', 'print the version', ['version', 'version --help']).action(() => {
    process.stdout.write(`kguardian ${version}\n`);
  });
  return root;
}
