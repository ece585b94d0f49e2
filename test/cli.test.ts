import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { kguardian, recordings, run } from './cli.ts';
import { withoutRoot } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const nginx = join(recordings, 'nginx.jsonl.zst');
const plain = zstdDecompressSync(readFileSync(nginx)).toString('utf8');

/** `kguardian gen seccomp`, and so on: every command that help names. */
const commands = [
  [],
  ['record'],
  ['gen'],
  ['gen', 'seccomp'],
  ['prove'],
  ['explain'],
  ['audit', 'seccomp'],
  ['score'],
  ['refine'],
  ['refine', 'seccomp'],
  ['import', 'audit-log'],
  ['import', 'mesh-metrics'],
  ['evaluate'],
  ['evaluate', 'seccomp'],
  ['evaluate', 'rbac'],
  ['gen', 'rbac'],
  ['audit', 'rbac'],
  ['gen', 'vap'],
  ['gen', 'gatekeeper'],
  ['gen', 'kyverno'],
  ['evaluate', 'vap'],
  ['evaluate', 'gatekeeper'],
  ['evaluate', 'kyverno'],
  ['audit', 'pss'],
  ['evaluate', 'pss'],
  ['gen', 'pss'],
  ['gen', 'pss', 'labels'],
  ['gen', 'pss', 'fix'],
  ['migrate', 'psp'],
  ['inspect'],
  ['demo'],
  ['completion'],
  ['version'],
];

test('every command has help with two examples, and each example works when pasted', {
  skip: withoutRoot,
  timeout: 300_000,
}, async () => {
  const place = join(folder, 'examples');
  mkdirSync(join(place, 'policies'), { recursive: true });
  writeFileSync(
    join(place, 'recording.jsonl'),
    plain
      .replaceAll('"workload":"nginx"', '"workload":"demo"')
      .replaceAll('"name":"nginx","started"', '"name":"demo","started"'),
  );
  writeFileSync(join(place, 'queries.jsonl'), '{"id":1,"arch":"x86_64","syscall":"mount"}\n');
  execFileSync(kguardian, ['gen', 'seccomp', '--from', 'recording.jsonl', '--output-dir', 'policies'], {
    cwd: place,
    stdio: 'ignore',
  });
  copyFileSync(join(place, 'policies/demo-seccomp.json'), join(place, 'candidate.yaml'));
  writeFileSync(
    join(place, 'audit.log'),
    'type=SECCOMP msg=audit(1.0:1): pid=7 comm="nginx" exe="/usr/sbin/nginx" sig=0 arch=c000003e syscall=165 code=0x7ffc0000\n',
  );
  const own = { namespace: 'shop', name: 'web-1', owner: { kind: 'Deployment', name: 'web' } };
  const service = { namespace: 'shop', name: 'web', selector: {}, ports: [{ port: 80 }] };
  writeFileSync(join(place, 'cluster.json'), JSON.stringify({ namespaces: {}, pods: [own], services: [service] }));
  const ends = ['source', 'destination'].map((end) => `${end}_workload="web",${end}_workload_namespace="shop"`).join();
  writeFileSync(
    join(place, 'metrics.txt'),
    `istio_requests_total{reporter="destination",${ends},destination_service_name="web",destination_service_namespace="shop"} 3\n`,
  );
  const about = {
    auditID: 'a',
    stage: 'ResponseComplete',
    verb: 'list',
    requestURI: '/api/v1/namespaces/shop/pods',
    user: { username: 'system:serviceaccount:shop:app' },
    objectRef: { resource: 'pods', namespace: 'shop' },
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  };
  writeFileSync(join(place, 'kube-audit.log'), `${JSON.stringify(about)}\n`);
  writeFileSync(
    join(place, 'roles.yaml'),
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: []\n',
  );
  writeFileSync(
    join(place, 'requests.jsonl'),
    '{"id":1,"user":{"name":"a"},"verb":"get","resourceRequest":true,"resource":"pods"}\n',
  );
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'a' }] } };
  writeFileSync(join(place, 'manifests.yaml'), JSON.stringify(pod));
  const anything = { rule: 'RunAsAny' };
  const open = { seLinux: anything, runAsUser: anything, supplementalGroups: anything, fsGroup: anything };
  writeFileSync(
    join(place, 'psps.yaml'),
    JSON.stringify({
      apiVersion: 'policy/v1beta1',
      kind: 'PodSecurityPolicy',
      metadata: { name: 'p' },
      spec: { privileged: true, ...open },
    }),
  );
  writeFileSync(join(place, 'pods.yaml'), JSON.stringify(pod));
  writeFileSync(join(place, 'pods.jsonl'), JSON.stringify({ id: 1, level: 'restricted', pod }));
  writeFileSync(join(place, 'objects.jsonl'), JSON.stringify({ id: 1, object: pod }));
  for (const form of ['vap', 'gatekeeper', 'kyverno']) {
    const argv = ['gen', form, '-f', 'manifests.yaml', '--min-objects', '1'];
    writeFileSync(join(place, `policies/${form}.yaml`), execFileSync(kguardian, argv, { cwd: place, stdio: 'pipe' }));
  }
  const tried = new Set<string>();
  for (const command of commands) {
    const { code, stdout, stderr } = await run([...command, '--help']);
    assert.equal(code, 0, stderr);
    const examples = [...stdout.matchAll(/^ {2}(kguardian .+)$/gm)].map(([, text = '']) => text);
    if (command.length > 0) assert.equal(examples.length, 2, `${command.join(' ')}: ${examples.join('; ')}`);
    for (const example of examples) {
      // Those of a cluster are tried where there is one (plugin.test.ts).
      if (tried.has(example) || example.includes(' -n shop')) continue;
      tried.add(example);
      // The shell's own places for completion are not ours to write to.
      const line = example
        .replace(/> .*completion.*|> "\$\{fpath.*/, '> completion.sh')
        .replace(/^kguardian/, kguardian);
      execFileSync('/bin/bash', ['-c', line], { cwd: place, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
    }
  }
  assert.ok(tried.size >= 18, `${tried.size} examples`);
});

test('an artifact goes to standard output, the story to standard error', async () => {
  const { code, stdout, stderr } = await run(['gen', 'seccomp', '--from', nginx]);
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as { defaultAction: string }).defaultAction, 'SCMP_ACT_ERRNO');
  assert.match(stderr, /nginx: observed for .* in 1 run, nothing lost\n.*replay allows \d+ of \d+ observations/);
});

test('plain, gzip and standard input give the same bytes as zstd', async () => {
  writeFileSync(join(folder, 'odd-name'), gzipSync(plain));
  const outputs = await Promise.all([
    run(['gen', 'seccomp', '--from', nginx]),
    run(['gen', 'seccomp', '--from', join(folder, 'odd-name')]),
    run(['gen', 'seccomp', '--from', '-'], { input: plain }),
    run(['gen', 'seccomp', '--from', nginx, '--from', nginx]),
  ]);
  assert.equal(new Set(outputs.map(({ stdout }) => stdout)).size, 1);
});

test('refine shows what a log adds as a diff, writes it when told to, and adds nothing twice', async () => {
  const place = join(folder, 'refine');
  await run(['gen', 'seccomp', '--from', nginx, '--output-dir', place]);
  const profile = join(place, 'nginx-seccomp.json');
  const log = join(place, 'audit.log');
  const line = (exe: string, nr: number) =>
    `type=SECCOMP msg=audit(1.0:${nr}): pid=7 comm="x" exe="${exe}" sig=0 arch=c000003e syscall=${nr} code=0x7ffc0000\n`;
  writeFileSync(log, line('/usr/sbin/nginx', 165) + line('/bin/other', 321));
  const asked = ['refine', 'seccomp', '--profile', profile, '--log', log, '--match', 'exe=/usr/sbin/nginx'];
  const before = readFileSync(profile, 'utf8');
  const shown = await run(asked);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^\+ +"mount"/m);
  assert.doesNotMatch(shown.stdout, /^\+ +"bpf"/m);
  assert.match(
    shown.stderr,
    /1 denial passed over by --match\n {2}added: mount, denied 1 time\n.*1 addition from 1 different denial/,
  );
  assert.equal(readFileSync(profile, 'utf8'), before, 'nothing is added unseen');
  assert.equal((await run([...asked, '--in-place'])).code, 0);
  assert.match(readFileSync(profile, 'utf8'), /"mount"/);
  const again = await run(asked);
  assert.equal(again.stdout, '');
  assert.match(again.stderr, /left: mount: allowed already \(1\)\n.*nothing to add/);
});

test('prove says yes with 0, and no with 1 and the first offending observations', async () => {
  const output = join(folder, 'policies');
  await run(['gen', 'seccomp', '--from', nginx, '--output-dir', output]);
  const file = join(output, 'nginx-seccomp.json');
  assert.equal((await run(['prove', file, '--from', nginx])).code, 0);
  const worse = join(folder, 'worse.json');
  writeFileSync(worse, readFileSync(file, 'utf8').replace('"accept4",', ''));
  const no = await run(['prove', worse, '--from', nginx]);
  assert.equal(no.code, 1);
  assert.match(no.stdout, /1 refused[\s\S]*accept4.*by \/usr\/sbin\/nginx \(program\): defaultAction/);
  const machine = await run(['prove', worse, '--from', nginx, '-o', 'json']);
  assert.deepEqual([machine.code, (JSON.parse(machine.stdout) as { proved: boolean }).proved], [1, false]);
});

test('explain gives evidence or a reason for every permission', async () => {
  const file = join(folder, 'policies/nginx-seccomp.json');
  const { stdout, stderr } = await run(['explain', file, '--from', nginx]);
  assert.match(stdout, /^accept4 +at least \d+ +1\/1 .* program +\/usr\/sbin\/nginx$/m);
  assert.match(stdout, /^capset +- .*runc calls it/m);
  assert.match(stderr, /\d+ permissions: \d+ with evidence, \d+ without but with a reason, 0 with neither/);
});

test('evaluate answers line by line and goes on after a bad one', async () => {
  const file = join(folder, 'policies/nginx-seccomp.json');
  const input = [
    '{"id":"a","arch":"x86_64","syscall":"accept4"}',
    'nonsense',
    '{"id":"b","arch":"x86_64","syscall":165,"args":["0x1"]}',
    '{"id":"c","arch":"vax","syscall":1}',
    '',
  ].join('\n');
  const { code, stdout } = await run(['evaluate', 'seccomp', '--profile', file], { input });
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id?: string; verdict?: string; error?: string });
  assert.equal(code, 2);
  assert.deepEqual(
    answers.map(({ id, verdict, error }) => [id, verdict ?? (error === undefined ? '' : 'error')]),
    [
      ['a', 'allow'],
      [undefined, 'error'],
      ['b', 'deny'],
      ['c', 'error'],
    ],
  );
});

test('inspect shows window, sensors, losses and counts', async () => {
  const { stdout } = await run(['inspect', nginx]);
  for (const word of ['ended after', 'SENSOR', 'syscalls', 'LOST', 'file', 'FROM START'])
    assert.ok(stdout.includes(word), word);
  const machine = JSON.parse((await run(['inspect', nginx, '-o', 'json'])).stdout) as {
    complete: boolean;
    observations: Record<string, number>;
  };
  assert.ok(machine.complete && (machine.observations['syscall'] ?? 0) > 30);
});

test('bash completes commands, kinds, flags and files', async () => {
  const script = join(folder, 'completion.bash');
  writeFileSync(script, (await run(['completion', 'bash'])).stdout);
  copyFileSync(script, join(folder, 'zz-file'));
  const complete = (...words: string[]): string[] => {
    const line = `source ${script}; cd ${folder}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _kguardian; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('/bin/bash', ['-c', line], { encoding: 'utf8' }).trimEnd().split('\n');
  };
  assert.deepEqual(complete('kguardian', 'ge'), ['gen']);
  assert.deepEqual(complete('kguardian', 'gen', 's'), ['seccomp', 'selinux']);
  assert.deepEqual(complete('kguardian', 'gen', 'seccomp', '--default'), ['--default-action']);
  assert.deepEqual(complete('kubectl-kguardian', 'prove', 'zz'), ['zz-file']);
  for (const shell of ['zsh', 'fish'])
    assert.match((await run(['completion', shell])).stdout, /seccomp[\s\S]*--output-dir|output-dir[\s\S]*seccomp/);
});

test('record passes the command through, and tells how it ended', { skip: withoutRoot }, async () => {
  const file = join(folder, 'own.jsonl.gz');
  const ended = await run([
    'record',
    '--name',
    'own',
    '-o',
    file,
    '--',
    '/bin/sh',
    '-c',
    'echo out; echo err >&2; exit 3',
  ]);
  assert.deepEqual([ended.code, ended.stdout], [1, 'out\n']);
  assert.match(
    ended.stderr,
    /err\n[\s\S]*the command ended with status 3\nwrote .*own\.jsonl\.gz: \d+ lines, nothing lost/,
  );
  const inspected = JSON.parse((await run(['inspect', file, '-o', 'json'])).stdout) as {
    containers: { workload: string; command: string[] }[];
  };
  assert.deepEqual([inspected.containers[0]?.workload, inspected.containers[0]?.command[0]], ['own', '/bin/sh']);
});

test('a duration ends a command that would go on', { skip: withoutRoot }, async () => {
  const file = join(folder, 'sleep.jsonl');
  const began = performance.now();
  const { code, stderr } = await run(['record', '--duration', '300ms', '-o', file, '--', 'sleep', '100']);
  assert.equal(code, 0, stderr);
  assert.ok(performance.now() - began < 20_000 && existsSync(file));
});

test('without root, the demo says why it cannot record and does the job on a bundled recording', {
  skip: withoutRoot,
}, async () => {
  const place = mkdtempSync(join(tmpdir(), 'kguardian-user-'));
  try {
    execFileSync('chown', ['65534', place]);
    const reachable = execFileSync(
      '/bin/sh',
      ['-c', `setpriv --reuid 65534 --clear-groups test -r ${kguardian} && echo yes || echo no`],
      { encoding: 'utf8' },
    ).trim();
    if (reachable !== 'yes') return assert.equal(reachable, 'no');
    const { code, stdout, stderr } = await run(['demo', '--output-dir', join(place, 'out')], {
      cwd: place,
      uid: 65_534,
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /cannot record here: root is needed; going on with the bundled recording/);
    assert.match(stdout, /proved +seccomp: replay allows/);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

test('kubectl asks what may follow, and shows the name that its users type', () => {
  const ask = (...words: string[]): string =>
    execFileSync(fileURLToPath(new URL('../bin/kubectl_complete-kguardian', import.meta.url)), words, {
      encoding: 'utf8',
    });
  assert.match(ask('gen', 'sec'), /^seccomp\t.+\n:4\n$/);
  assert.match(ask('gen', 'seccomp', '--output-d'), /^--output-dir\t.+\n:4\n$/);
  assert.equal(ask('nothing', 'like'), ':4\n');
  const plugin = fileURLToPath(new URL('../bin/kubectl-kguardian', import.meta.url));
  const help = execFileSync(plugin, ['gen', 'seccomp', '--help'], { encoding: 'utf8' });
  assert.match(help, /^Usage: kubectl kguardian gen seccomp/);
  assert.match(help, /^ {2}kubectl kguardian gen seccomp deploy\/web -n shop/m);
});
