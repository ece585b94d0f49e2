/** Pod Security Standards on the command line. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { recordings, run } from './cli.ts';

const suite = fileURLToPath(new URL('../../shared/suites/pss-sample.jsonl', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'kguardian-pss-'));
after(() => rm(folder, { recursive: true }));

const manifests = `# Source: chart/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx   # the web server
  namespace: shop
spec:
  template:
    metadata:
      labels: {app: nginx}
    spec:
      # who runs it
      containers:
      - name: nginx
        image: "nginx:1"   # pinned elsewhere
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: c
            image: "never closed
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
---
apiVersion: v1
kind: Pod
metadata: {name: debug}
spec:
  containers: [{name: a, securityContext: {privileged: true}}]
`;
const file = join(folder, 'manifests.yaml');
await writeFile(file, manifests);

test('evaluate answers as upstream does', {
  skip: existsSync(suite) ? false : '../shared is not beside the checkout',
}, async () => {
  const { code, stdout } = await run(['evaluate', 'pss', suite]);
  assert.equal(code, 0);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; allowed: boolean; reasons: string[] });
  const expected = readFileSync(suite, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; expect: string; message?: string });
  assert.deepEqual(
    answers.map(({ id, allowed, reasons }) => [id, allowed, reasons.join(', ')]),
    expected.map(({ id, expect, message }) => [id, expect === 'pass', message ?? '']),
  );
});

test('a question that cannot be answered says why, the others are answered', async () => {
  const pod = { spec: { containers: [{ name: 'a' }] } };
  const lines = [
    { id: 1, level: 'baseline', version: 'v1.30', pod },
    { id: 2, level: 'strict', pod },
    { id: 3, level: 'baseline', version: '1.30', pod },
    { id: 4, level: 'baseline', pod: { spec: { hostPID: 'yes' } } },
    { id: 5, level: 'baseline' },
  ];
  const { code, stdout } = await run(['evaluate', 'pss'], {
    input: `${lines.map((each) => JSON.stringify(each)).join('\n')}\n{\n`,
  });
  assert.equal(code, 2);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { error?: string });
  assert.equal(answers.length, 6);
  assert.deepEqual(answers[0], { id: 1, allowed: true, reasons: [] });
  for (const [at, error] of [/^level: /, /^version: "1.30"/, /^spec.hostPID: /, /^pod: /, /^not JSON$/].entries())
    assert.match(answers[at + 1]?.error ?? '', error);
});

test('audit names each fault, what it could not read with its line, and kinds it does not know', async () => {
  const { code, stdout, stderr } = await run(['audit', 'pss', '-f', file, '-o', 'json']);
  assert.equal(code, 2);
  const { pods, unread } = JSON.parse(stdout) as {
    pods: {
      name: string;
      current: string;
      recommended: string;
      violations: { check: string; faults: { path: string }[] }[];
    }[];
    unread: { file: string; line: number }[];
  };
  assert.deepEqual(
    pods.map(({ name, current, recommended }) => [name, current, recommended]),
    [
      ['nginx', 'baseline', 'restricted'],
      ['debug', 'privileged', 'restricted'],
    ],
  );
  assert.deepEqual(pods[0]?.violations[0]?.faults, [
    { path: 'spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation', container: 'nginx' },
  ]);
  assert.equal(pods[1]?.violations[0]?.faults[0]?.path, 'spec.containers[0].securityContext.privileged');
  assert.equal(unread.length, 1);
  assert.ok((unread[0]?.line ?? 0) >= 26, stdout);
  assert.match(stderr, /manifests\.yaml:2\d: Missing closing/);
  assert.match(stderr, /1 × Widget \(example\.com\/v1\)/);
});

test('audit says what would break what was recorded', async () => {
  const { stdout } = await run(['audit', 'pss', 'nginx', '-f', file, '--from', join(recordings, 'nginx.jsonl.zst')]);
  assert.match(stdout, /^Deployment shop\/nginx +baseline +baseline +/m);
  assert.match(stdout, /set runAsNonRoot: true: would break, ran as uid 0 and used CAP_CHOWN/);
  assert.match(stdout, /drop ALL capabilities: would break, used CAP_CHOWN, CAP_SETGID, CAP_SETUID/);
});

test('--fail-on decides the exit code, and a version before the check knows nothing of it', async () => {
  const probe = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'a', livenessProbe: { httpGet: { host: 'x', port: 80 } } }] },
  });
  const audit = (...flags: string[]): Promise<{ code: number | null; stderr: string }> =>
    run(['audit', 'pss', '-f', '-', ...flags], { input: probe });
  assert.equal((await audit()).code, 0);
  assert.equal((await audit('--fail-on', 'baseline')).code, 1);
  assert.equal((await audit('--fail-on', 'baseline', '--pss-version', 'v1.33')).code, 0);
  const wrong = await audit('--pss-version', '1.33');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--pss-version takes latest or v1\.N, not "1\.33"/);
});

test('SARIF, JUnit and YAML carry the same violations', async () => {
  const asked = (form: string): Promise<{ stdout: string }> => run(['audit', 'pss', 'debug', '-f', file, '-o', form]);
  const [sarif, junit, yaml] = await Promise.all(['sarif', 'junit', 'yaml'].map(asked));
  const { runs } = JSON.parse(sarif?.stdout ?? '') as {
    runs: {
      results: { ruleId: string; locations: { physicalLocation: { region: { startLine: number } } }[] }[];
      tool: { driver: { rules: object[] } };
    }[];
  };
  const rules = runs[0]?.results.map(({ ruleId }) => ruleId);
  const [first] = runs[0]?.results ?? [];
  const privileged = manifests.split('\n').findIndex((line) => line.includes('privileged: true')) + 1;
  assert.equal(first?.locations[0]?.physicalLocation.region.startLine, privileged);
  assert.equal(runs[0]?.tool.driver.rules.length, 19);
  const { pods } = parse(yaml?.stdout ?? '') as { pods: { violations: { check: string }[] }[] };
  assert.deepEqual(
    [...new Set(rules)],
    pods[0]?.violations.map(({ check }) => check),
  );
  assert.equal(junit?.stdout.match(/<failure /g)?.length, pods[0]?.violations.length);
  assert.match(junit?.stdout ?? '', /container &quot;a&quot; must not set securityContext.privileged=true/);
});

test('a fixed file is compliant when it is judged again, and the rest of it stays byte for byte', async () => {
  const { code, stdout, stderr } = await run(['gen', 'pss', 'fix', '-f', file]);
  assert.equal(code, 2, 'one document cannot be read');
  assert.match(stderr, /Deployment shop\/nginx is restricted with \d changes?/);
  for (const kept of [
    '# Source: chart/templates/web.yaml',
    '# the web server',
    '# who runs it',
    '"nginx:1"   # pinned elsewhere',
  ])
    assert.ok(stdout.includes(kept), `${kept}\n${stdout}`);
  const untouched = manifests.slice(manifests.indexOf('---\napiVersion: batch'), manifests.lastIndexOf('---'));
  assert.ok(stdout.includes(untouched), stdout);
  const again = await run(['audit', 'pss', '-f', '-', '-o', 'json'], { input: stdout });
  const { pods } = JSON.parse(again.stdout) as { pods: { current: string; violations: unknown[] }[] };
  assert.deepEqual(
    pods.map(({ current, violations }) => [current, violations]),
    [
      ['restricted', []],
      ['restricted', []],
    ],
  );
});

const boutique = fileURLToPath(
  new URL('../../shared/suites/demo-apps/online-boutique/manifests.yaml', import.meta.url),
);

test('of a real application only lines are added, and it is restricted then', {
  skip: existsSync(boutique) ? false : '../shared is not beside the checkout',
}, async () => {
  const before = readFileSync(boutique, 'utf8');
  const { code, stdout } = await run(['gen', 'pss', 'fix', '-f', boutique]);
  assert.equal(code, 0);
  const added = /^ +(seccompProfile:|type: RuntimeDefault)$/;
  const lines = stdout.split('\n');
  assert.ok(lines.some((line) => added.test(line)));
  assert.deepEqual(
    lines.filter((line) => !added.test(line)),
    before.split('\n').filter((line) => !added.test(line)),
  );
  const again = await run(['audit', 'pss', '-f', '-', '--fail-on', 'restricted'], { input: stdout });
  assert.equal(again.code, 0, again.stderr);
});

test('what would break is left out unless the level is asked for by name', async () => {
  const from = ['--from', join(recordings, 'nginx.jsonl.zst')];
  const careful = await run(['gen', 'pss', 'fix', 'nginx', '-f', file, ...from]);
  assert.equal(careful.stdout, manifests);
  assert.match(careful.stderr, /Deployment shop\/nginx is baseline as it is/);
  const asked = await run([
    'gen',
    'pss',
    'fix',
    'nginx',
    '-f',
    file,
    '--level',
    'restricted',
    '-o',
    'json-patch',
    ...from,
  ]);
  assert.match(asked.stderr, /set runAsNonRoot: true: would break, ran as uid 0/);
  const operations = JSON.parse(asked.stdout) as { op: string; path: string }[];
  assert.deepEqual(
    operations.map(({ op, path }) => `${op} ${path}`),
    ['add /spec/template/spec/containers/0/securityContext', 'add /spec/template/spec/securityContext'],
  );
});

test('what no field can mend says why, with the exit code 1, and patches go to files of their own', async () => {
  const volumes = join(folder, 'volumes.yaml');
  const spec =
    'containers: [{name: a, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, hostPath: {path: /}}]';
  await writeFile(volumes, `apiVersion: v1\nkind: Pod\nmetadata: {name: "../up"}\nspec: {${spec}}\n`);
  const out = join(folder, 'out');
  const flags = ['-f', volumes, '--level', 'restricted', '-o', 'strategic', '--output-dir', out];
  const { code, stdout, stderr } = await run(['gen', 'pss', 'fix', ...flags]);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /is not restricted even so: restricted volume types \(volume "v" uses restricted volume type "hostPath"\)/,
  );
  assert.match(stderr, /put another volume in place of the hostPath volume v/);
  assert.deepEqual(await readdir(out), ['pod-..-up.patch.yaml']);
});

test('labels refuse nothing that is there and tell of the next level', async () => {
  const two = [
    ['web', 'shop', {}],
    ['agent', 'system', { hostPID: true }],
  ].map(([name, namespace, more]) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { containers: [{ name: 'a' }], ...(more as object) },
    }),
  );
  const { code, stdout } = await run(['gen', 'pss', 'labels', '-f', '-', '--pss-version', 'v1.30'], {
    input: two.join('\n---\n'),
  });
  assert.equal(code, 0);
  const labels = parseAllDocuments(stdout).map(
    (document) => document.toJS() as { metadata: { name: string; labels: object } },
  );
  const expected = (enforce: string, next: string): object => ({
    'pod-security.kubernetes.io/enforce': enforce,
    'pod-security.kubernetes.io/enforce-version': 'v1.30',
    'pod-security.kubernetes.io/audit': next,
    'pod-security.kubernetes.io/audit-version': 'v1.30',
    'pod-security.kubernetes.io/warn': next,
    'pod-security.kubernetes.io/warn-version': 'v1.30',
  });
  assert.deepEqual(
    labels.map(({ metadata }) => [metadata.name, metadata.labels]),
    [
      ['shop', expected('baseline', 'restricted')],
      ['system', expected('privileged', 'baseline')],
    ],
  );
  assert.match(stdout, /# baseline refuses:\n# - Pod system\/agent: host namespaces \(hostPID=true\)/);
  const broken = await run(['gen', 'pss', 'labels', '-f', '-'], { input: `${two[0]}\n---\na: "b\n` });
  assert.equal(broken.code, 2);
  assert.equal(broken.stdout, '');
});
