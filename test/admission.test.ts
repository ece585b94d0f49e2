/** Rules of admission on the command line: manifests, real lists, a cluster; written, proved, asked. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { clusterOf } from '#posture/admission/cluster.cases.ts';
import { selfSigned } from '#broker/tls.ts';
import { allow, startApiServer } from './api-server.ts';
import { recordings, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-admission-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const shared = fileURLToPath(new URL('../../shared', import.meta.url));
const boutique = `${shared}/suites/demo-apps/online-boutique/manifests.yaml`;
const lists = `${shared}/kubernetes/lists`;
const withoutSuites = existsSync(boutique) ? false : 'no ../shared/suites here';
const withoutLists = existsSync(lists) ? false : 'no ../shared/kubernetes here';

const languages = [
  ['vap', []],
  ['gatekeeper', []],
  ['kyverno', []],
  ['kyverno', ['--form', 'cluster']],
] as const;

interface Answer {
  readonly id: string;
  readonly allowed: boolean;
  readonly reasons: readonly string[];
}

test('manifests that no API server would take make no rules: each is told with its place', async () => {
  const odd: readonly (readonly [spec: object, told: string])[] = [
    [{ containers: [null] }, 'spec.template.spec.containers[0]: Invalid input: expected object, received null'],
    [{ containers: [3] }, 'spec.template.spec.containers[0]: Invalid input'],
    [{ containers: 'x' }, 'spec.template.spec.containers: Invalid input'],
    [{ containers: [{ image: 5 }] }, 'spec.template.spec.containers[0].image: Invalid input'],
    [{ containers: [{ resources: { limits: { cpu: 'lots' } } }] }, '.resources.limits.cpu: not a quantity'],
    [{ containers: [{ ports: [{ hostPort: '80' }] }] }, 'ports[0].hostPort: Invalid input'],
    [{ hostPID: 'true' }, 'spec.hostPID: Invalid input'],
    [{ volumes: [null] }, 'spec.template.spec.volumes[0]: Invalid input'],
  ];
  const file = join(folder, 'odd.json');
  for (const [spec, told] of odd) {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template: { spec } } };
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...clusterOf(70), object] }));
    const { code, stdout, stderr } = await run(['gen', 'vap', '-f', file]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.ok(stderr.includes(`odd.json:1: Deployment/default/a: `) && stderr.includes(told), stderr);
  }
});

for (const [name, flags] of languages)
  test(`gen ${[name, ...flags].join(' ')}: the demo application passes its rules, another image does not`, {
    skip: withoutSuites,
  }, async () => {
    const { code, stdout, stderr } = await run(['gen', name, ...flags, '-f', boutique, '--stage', 'enforce']);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /image-registries: 12 of 12; .*docker\.io\/library\/, registry\.example\/microservices-demo\//,
    );
    assert.match(stderr, /service-types: 11 of 12.*\n {2}except Service\/default\/frontend-external\n/);
    assert.match(stderr, /28 rules; the judge passes 24 objects and refuses 28 counter-examples/);
    const file = join(folder, `${name}${flags.length}.yaml`);
    writeFileSync(file, stdout);
    const objects = parseAllDocuments(readFileSync(boutique, 'utf8')).map((each) => each.toJS() as object);
    const evil = JSON.parse(
      JSON.stringify(objects[0]).replace(
        'registry.example/microservices-demo/',
        'registry.example/microservices-demo-evil/',
      ),
    ) as object;
    const lines = [...objects, evil].map((object, id) => `${JSON.stringify({ id, object })}\n`).join('');
    const asked = await run(['evaluate', name, '--policy', file], { input: lines });
    assert.equal(asked.code, 0, asked.stderr);
    const answers = asked.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
    assert.deepEqual(
      answers
        .filter(({ allowed }) => !allowed)
        .map(({ id, reasons }) => [id, reasons.map((each) => each.split(':')[0])]),
      [[objects.length, ['kguardian-image-registries']]],
    );
  });

test('what watches tells and lets in; --as-enforced says what would be refused', { skip: withoutSuites }, async () => {
  const file = join(folder, 'watch.yaml');
  const { stdout, stderr } = await run(['gen', 'vap', '-f', boutique, '--rule', 'privileged']);
  assert.match(stderr, /nothing is refused yet/);
  writeFileSync(file, stdout);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', securityContext: { privileged: true } }] },
  };
  const input = `${JSON.stringify({ id: 1, object: pod })}\nnot JSON\n`;
  const asked = await run(['evaluate', 'vap', '--policy', file], { input });
  assert.equal(asked.code, 2);
  const [first, second] = asked.stdout.trim().split('\n');
  assert.deepEqual(JSON.parse(first ?? ''), {
    id: 1,
    allowed: true,
    reasons: ['kguardian-privileged (audit, warn): no container may be privileged'],
  });
  assert.match(second ?? '', /not JSON/);
  const enforced = await run(['evaluate', 'vap', '--policy', file, '--as-enforced'], { input });
  assert.match(enforced.stdout, /"allowed":false,"reasons":\["kguardian-privileged: no container may be privileged"\]/);
});

test('recordings say which exceptions what was seen needs', async () => {
  const strict = { runAsNonRoot: true, capabilities: { drop: ['ALL'] } };
  const deployment = (name: string, securityContext: object): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: { template: { spec: { containers: [{ name, image: 'a/b:1', securityContext }] } } },
  });
  const items = [...['a', 'b', 'c', 'd'].map((name) => deployment(name, strict)), deployment('nginx', {})];
  const { code, stderr } = await run(['gen', 'vap', '-f', '-', '--from', join(recordings, 'nginx.jsonl.zst')], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /run-as-non-root: 4 of 5; .*\n {2}except Deployment\/shop\/nginx \(needed by what was seen: it ran as uid 0\)/,
  );
  assert.match(
    stderr,
    /capabilities-dropped: 4 of 5; .*\n {2}except Deployment\/shop\/nginx \(needed by what was seen: it used CAP_CHOWN, /,
  );
});

test('lists of a real API server: what an excepted workload makes passes with it', { skip: withoutLists }, async () => {
  const files = readdirSync(lists).filter((name) =>
    /^(pods|deployments|replicasets|daemonsets|statefulsets|jobs|cronjobs|services|namespaces)\.json$/.test(name),
  );
  assert.equal(files.length, 9);
  const { code, stderr } = await run([
    ...['gen', 'vap', '-A', '--min-objects', '3', '--output-dir', join(folder, 'real')],
    ...files.flatMap((name) => ['-f', join(lists, name)]),
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /host-namespaces: 6 of 7; .*\n {2}except DaemonSet\/shop\/agent\n/);
  assert.match(stderr, /not proposed: image-registries, 5 of 7: below 0\.8/);
  const written = readFileSync(join(folder, 'real', 'host-namespaces-vap.yaml'), 'utf8');
  assert.match(written, /DaemonSet\/shop\/agent/);
});

test('a cluster is read with the rights of the user, one namespace or all; what may not be read is a failure', async () => {
  const objects = [
    ...clusterOf(140),
    ...Array.from({ length: 20 }, (_, at) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${at}` } })),
    ...allow('alice', [{ verbs: ['list'], apiGroups: ['apps'], resources: ['*'] }]),
  ];
  const { key, cert } = await selfSigned();
  const api = await startApiServer({
    objects,
    tls: { key, cert },
    tokens: { admin: { username: 'admin', groups: ['system:masters'] }, alice: { username: 'alice' } },
  });
  try {
    const config = (user: string): string[] => {
      writeFileSync(join(folder, user), api.kubeconfig(user, 'ns-1'));
      return ['--kubeconfig', join(folder, user)];
    };
    const all = await run(['gen', 'kyverno', '-A', ...config('admin')]);
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stderr, /image-registries: 62 of 70/);
    assert.match(all.stderr, /the judge passes 130 objects/);
    const one = await run(['gen', 'vap', '--min-objects', '1', ...config('admin')]);
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /operator: In\n +values:\n +- ns-1\n/);
    const alice = await run(['gen', 'vap', ...config('alice')]);
    assert.equal(alice.code, 2);
    assert.equal(alice.stdout, '');
    assert.match(alice.stderr, /refuses GET/);
  } finally {
    await api.close();
  }
});

test('wrong use says what is wrong, and what cannot be read leads to no rule', async () => {
  const cases: readonly (readonly [readonly string[], string, number, RegExp])[] = [
    [['--min-support', '80'], '{}', 2, /--min-support takes over 0 up to 1, not "80"/],
    [['--min-objects', 'x'], '{}', 2, /--min-objects takes a whole number from 1/],
    [['--exclude-namespace', 'A_b'], '{}', 2, /"A_b" is no name of a namespace/],
    [[], 'a: "b\n', 2, /-:\d+: .*\n.*nothing is written/],
    [[], '{"kind":"Pod","apiVersion":"v1"}', 2, /no object of a cluster/],
    [[], '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}', 1, /no pattern of 1 object has enough support/],
  ];
  for (const [flags, input, code, said] of cases) {
    const ran = await run(['gen', 'vap', '-f', '-', ...flags], { input });
    assert.equal(ran.code, code, ran.stderr);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, said);
  }
  const policy = join(folder, 'rego.yaml');
  writeFileSync(policy, 'apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: A\nmetadata: {name: a}\n');
  const asked = await run(['evaluate', 'gatekeeper', '--policy', policy], { input: '' });
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /cannot judge by .*which no template defines/);
});
