/** Network policies from the command line, as a user with a log of flows works. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { kguardian, recordings, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-networkpolicy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const pod = (name: string, ip: string, port: number) => ({
  namespace: 'shop',
  name: `${name}-1`,
  labels: { app: name },
  ip,
  node: 'n1',
  ports: [{ containerPort: port }],
  owner: { kind: 'Deployment', name },
});
const world = {
  namespaces: { shop: {} },
  nodes: [{ name: 'n1', ips: ['172.18.0.2'] }],
  workloads: ['web', 'db'].map((name) => ({ namespace: 'shop', kind: 'Deployment', name, selector: { app: name } })),
  pods: [pod('web', '10.0.0.1', 8080), pod('db', '10.0.0.2', 5432)],
  services: [
    {
      namespace: 'shop',
      name: 'db',
      clusterIP: '10.96.0.2',
      selector: { app: 'db' },
      ports: [{ port: 80, targetPort: 5432 }],
    },
  ],
};
const out = (name: string): string => join(folder, name);
const cluster = put('cluster.json', JSON.stringify(world));
const flow = {
  ts: 1_700_000_000,
  direction: 'egress',
  pod: 'shop/web-1',
  local: { ip: '10.0.0.1', port: 40_000 },
  remote: { ip: '10.96.0.2', port: 80 },
  postNat: { ip: '10.0.0.2', port: 5432 },
  protocol: 'TCP',
  state: 'ESTABLISHED',
};
const flows = put('flows.jsonl', `${JSON.stringify(flow)}\n`);
const toDb = { src: { pod: 'shop/web-1' }, dst: { pod: 'shop/db-1' }, port: 5432, protocol: 'TCP' };
const policy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
};
put(
  'worlds.jsonl',
  `${JSON.stringify({ id: 1, profile: 'ipblock-matches-pods', world: { ...world, policies: [policy] }, flow: toDb })}\n`,
);
for (const name of ['candidate.yaml', 'policies.yaml']) put(name, JSON.stringify(policy));
put('queries.jsonl', `${JSON.stringify({ id: 1, ...toDb })}\n`);

test('the examples of help work when pasted', async () => {
  for (const command of [
    ['gen', 'networkpolicy'],
    ['evaluate', 'networkpolicy'],
    ['audit', 'networkpolicy'],
    ['reach'],
  ]) {
    const { stdout } = await run([...command, '--help']);
    const examples = [...stdout.matchAll(/^ {2}kguardian (.+)$/gm)].map(([, text = '']) => text);
    assert.equal(examples.length, 2);
    // Those that ask a cluster are tried where there is one.
    for (const each of examples.filter((text) => !text.includes(' -n ') && text !== 'reach shop/web'))
      execFileSync('/bin/sh', ['-c', `${kguardian} ${each}`], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }
});

test('a log of flows becomes policies: the pod behind the Service, its own port, nothing else on standard output', async () => {
  const { code, stdout, stderr } = await run(['gen', 'netpol', '--cluster', cluster, '--flows', flows, '-o', 'yaml']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^---\n# Deployment shop\/web: 1 pod, watched /);
  assert.match(
    stdout,
    /# dialled as Service shop\/db:80\n {2}# seen 1 time or more, 2023-11-14T22:13:20Z\n {2}- to:\n {4}- podSelector:\n {8}matchLabels:\n {10}app: db\n {4}ports:\n {4}- protocol: TCP\n {6}port: 5432\n/,
  );
  assert.match(stderr, /shop-web-networkpolicy\.yaml; replay allows 1 of 1 observations/);
  assert.doesNotMatch(stdout, /10\.96|port: 80\n/);
});

test('files, and the questions that they answer', async () => {
  const output = join(folder, 'out');
  assert.equal((await run(['gen', 'netpol', '--cluster', cluster, '--flows', flows, '--output-dir', output])).code, 0);
  assert.deepEqual(readdirSync(output), ['shop-web-networkpolicy.yaml']);
  const profile = join(output, 'shop-web-networkpolicy.yaml');
  const input = [
    { id: 'a', ...toDb },
    { id: 'b', ...toDb, port: 22 },
    { id: 'c', ...toDb, port: 'x' },
  ]
    .map((each) => JSON.stringify(each))
    .join('\n');
  const { code, stdout } = await run(['evaluate', 'networkpolicy', '--profile', profile, '--cluster', cluster], {
    input,
  });
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  assert.equal(code, 2, 'one question could not be answered');
  assert.deepEqual(answers.slice(0, 2), [
    {
      id: 'a',
      verdict: 'allow',
      ingress: 'allow',
      egress: 'allow',
      rule: 'NetworkPolicy shop/web egress[0]; no policy has a say in its ingress',
    },
    {
      id: 'b',
      verdict: 'deny',
      ingress: 'allow',
      egress: 'deny',
      rule: 'NetworkPolicy shop/web isolates it, and no egress rule lets this through',
    },
  ]);
  assert.match(answers[2]?.['error'] ?? '', /^port: /);
});

test('prove takes all files together, and enumerates what lies beside', async () => {
  const back = {
    ...flow,
    direction: 'ingress',
    pod: 'shop/db-1',
    local: { ip: '10.0.0.2', port: 5432 },
    remote: { ip: '10.0.0.1', port: 40_000 },
    postNat: undefined,
  };
  const both = put('both.jsonl', [flow, back].map((each) => JSON.stringify(each)).join('\n'));
  const output = join(folder, 'both');
  const evidence = ['--cluster', cluster, '--flows', both];
  assert.equal((await run(['gen', 'netpol', ...evidence, '--output-dir', output])).code, 0);
  const files = readdirSync(output).map((name) => join(output, name));
  assert.equal(files.length, 2);
  const { code, stdout } = await run(['prove', ...files, ...evidence, '--enumerate']);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /replay allows 2 of 2 observations/);
  assert.match(
    stdout,
    /^shop\/web-1 → shop\/db-1 5432\/TCP +allow +observed +NetworkPolicy shop\/web egress\[0\]; NetworkPolicy shop\/db ingress\[0\]$/m,
  );
  assert.match(stdout, /^shop\/db-1 → shop\/web-1 8080\/TCP +deny +- +NetworkPolicy shop\/db isolates it/m);
  assert.doesNotMatch(stdout, / allow +(none|reason) /);
  // Without the evidence of the one that calls, its grant stands alone.
  const other = put(
    'other.jsonl',
    JSON.stringify({ ...flow, remote: { ip: '192.0.2.1', port: 443 }, postNat: undefined }),
  );
  const no = await run(['prove', ...files, '--cluster', cluster, '--flows', other, '--enumerate']);
  assert.equal(no.code, 1);
  assert.match(no.stdout, /5432\/TCP +allow +none /);
});

test('a question that brings its world needs no artifact, and a policy that no server takes is told by its path', async () => {
  const bad = { ...policy, spec: { podSelector: {}, ingress: [{ from: [{}] }] } };
  const input = [policy, bad]
    .map((each, id) => JSON.stringify({ id, world: { ...world, policies: [each] }, flow: toDb }))
    .join('\n');
  const { stdout, code } = await run(['evaluate', 'networkpolicy'], { input });
  const [good, told] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual([good?.['verdict'], good?.['ingress'], good?.['egress'], code], ['deny', 'deny', 'allow', 2]);
  assert.equal(told?.['error'], 'world.policies[0].spec.ingress[0].from[0]: names no peer');
});

test('audit tells of all that was recorded what policies would do, with the rule, and fails when it is told to', async () => {
  const open = await run(['audit', 'netpol', '-f', out('candidate.yaml'), '--cluster', cluster, '--flows', flows]);
  assert.equal(open.code, 0, open.stderr);
  assert.match(
    open.stdout,
    /^VERDICT +WHAT +SEEN +LAST +RULE\ndeny +Deployment shop\/web → Deployment shop\/db 5432\/TCP +1 +2023-11-14T22:13:20Z +NetworkPolicy shop\/p isolates it, and no ingress rule/,
  );
  assert.match(open.stderr, /0 allowed, 1 refused, 0 unknown; judged by 1 file alone, without what is deployed/);
  const closed = await run([
    'audit',
    'netpol',
    '-f',
    out('candidate.yaml'),
    '--cluster',
    cluster,
    '--flows',
    flows,
    '--fail-on',
    'deny',
    '-o',
    'json',
  ]);
  assert.equal(closed.code, 1);
  const { rule: _, ...row } = JSON.parse(closed.stdout) as Record<string, unknown>;
  assert.deepEqual(row, {
    about: 'Deployment shop/web → Deployment shop/db 5432/TCP',
    verdict: 'deny',
    count: 1,
    first: '2023-11-14T22:13:20.000Z',
    last: '2023-11-14T22:13:20.000Z',
  });
});

test('diff names what opens and closes between whom; the same in other words is no difference', async () => {
  const dir = join(folder, 'deployed');
  const diff = ['diff', 'netpol', '--cluster', cluster, '--flows', flows, '--dir', dir];
  const first = await run(diff);
  assert.equal(first.code, 1, first.stderr);
  assert.match(
    first.stdout,
    /^closes +Deployment shop\/web → Deployment shop\/db 1-5431\/TCP, 5433-65535\/TCP, any\/UDP, any\/SCTP +NetworkPolicy shop\/web isolates it/m,
  );
  assert.equal((await run(['gen', 'netpol', '--cluster', cluster, '--flows', flows, '--output-dir', dir])).code, 0);
  const file = join(dir, 'shop-web-networkpolicy.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('port: 5432', 'port: 5432\n      endPort: 5432'));
  const same = await run(diff);
  assert.deepEqual([same.code, same.stdout], [0, ''], same.stderr);
  assert.match((await run([...diff, '--text'])).stdout, /^-.*endPort: 5432$/m);
});

test('reach tells who can reach a workload and whom it can reach, observed or not', async () => {
  const { code, stdout, stderr } = await run(['reach', 'shop/db', '-f', out('policies.yaml'), '--cluster', cluster]);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^Who can reach Deployment shop\/db\nFROM +PORTS +VERDICT +RULE\nnode n1 +any port +allow .*\n4 others: nothing\n/,
  );
  assert.match(stdout, /Whom Deployment shop\/db can reach\n[\s\S]*^any other IPv4 address +any port +allow/m);
  const json = await run([
    'reach',
    'deploy/db',
    '-n',
    'shop',
    '-f',
    out('policies.yaml'),
    '--cluster',
    cluster,
    '--denied',
    '-o',
    'json',
  ]);
  const rows = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { direction: string; peer: string; verdict: string });
  assert.ok(
    rows.some((row) => row.direction === 'ingress' && row.peer === 'Deployment shop/web' && row.verdict === 'deny'),
  );
});

test('what does not go says what to do', async () => {
  const nginx = join(recordings, 'nginx.jsonl.zst');
  const faults: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['gen', 'netpol', '--flows', flows], 2, /--flows needs --cluster/],
    [['gen', 'netpol', '--from', nginx], 1, /no networkpolicy policy, the cluster is not known/],
    [['gen', 'netpol', '--from', nginx, '--cluster', cluster], 1, /no pod of a cluster was recorded/],
    [
      ['gen', 'netpol', '--cluster', put('bad.json', '{"namespaces": 1}'), '--flows', flows],
      2,
      /cannot read ".*bad\.json": /,
    ],
    [
      ['gen', 'netpol', '--cluster', cluster, '--flows', put('bad.jsonl', `${JSON.stringify(flow)}\n{"ts": 1}\n`)],
      2,
      /line 2: direction: /,
    ],
    [
      ['gen', 'netpol', '--cluster', cluster, '--flows', flows, '--since', 'soon'],
      2,
      /--since: takes a time such as 7d/,
    ],
    [
      ['gen', 'netpol', '--cluster', cluster, '--flows', flows, '--min-observations', 'many'],
      2,
      /--min-observations takes a number, not "many"/,
    ],
    [['gen', 'netpol', 'nobody', '--cluster', cluster, '--flows', flows], 2, /no workload "nobody" in the recording/],
    [['evaluate', 'seccomp'], 2, /--profile/],
  ];
  for (const [argv, wanted, message] of faults) {
    const { code, stderr, stdout } = await run(argv);
    assert.equal(code, wanted, `${argv.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
});

const suite = fileURLToPath(new URL('../../shared/suites', import.meta.url));
test('the suite of flows and the demo application, as their READMEs say', {
  skip: existsSync(suite) ? false : 'no ../shared/suites here',
}, async () => {
  const file = `${suite}/netpol-sample.jsonl`;
  const { stdout, code } = await run(['evaluate', 'networkpolicy', file]);
  const expected = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; expected: string });
  const told = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; verdict: string });
  assert.deepEqual(
    told.map(({ id, verdict }) => `${id} ${verdict}`),
    expected.map((each) => `${each.id} ${each.expected}`),
  );
  assert.equal(code, 0);
  const app = `${suite}/demo-apps/online-boutique`;
  const made = await run([
    'gen',
    'networkpolicy',
    '--cluster',
    `${app}/cluster.json`,
    '--flows',
    `${app}/flows.jsonl`,
    '-o',
    'yaml',
  ]);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(made.stdout.match(/^kind: NetworkPolicy$/gm)?.length, 13);
});
