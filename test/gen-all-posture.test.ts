/** What `gen all` writes beside policies, where objects and the audit log are known: built by kustomize and asked again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { parse, parseAllDocuments } from 'yaml';
import { recordings, run } from './cli.ts';

const kubectl = fileURLToPath(new URL('../build/tools/helm-4/kubectl', import.meta.url));
const withoutKubectl = existsSync(kubectl) ? false : 'no build/tools/helm-4/kubectl (scripts/kubernetes-tools)';
const folder = await mkdtemp(join(tmpdir(), 'kguardian-gen-all-posture-'));
after(() => rm(folder, { recursive: true }));

const account = 'system:serviceaccount:shop:web';
const names = ['web', 'api', 'cart', 'db', 'mail', 'search'];
/** Six workloads that have much in common; web's profile is switched off, which no level but the loosest takes. */
const deployments = names.map((name) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop', labels: { team: 'shop' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        serviceAccountName: name,
        containers: [
          {
            ...{ name: name === 'web' ? 'nginx' : 'app', image: `registry.example.org/${name}:1` },
            resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
            ...(name === 'web' ? { securityContext: { seccompProfile: { type: 'Unconfined' } } } : {}),
          },
        ],
      },
    },
  },
}));
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'shop' } } };

const event = (verb: string, resource: string, name?: string): object => ({
  ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: `${verb}-${resource}` },
  ...{
    stage: 'ResponseComplete',
    requestURI: `/api/v1/namespaces/shop/${resource}${name === undefined ? '' : `/${name}`}`,
    verb,
  },
  user: { username: account, groups: ['system:serviceaccounts', 'system:authenticated'] },
  objectRef: { resource, namespace: 'shop', apiVersion: 'v1', name },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: '2026-11-26T10:00:00.000000Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
});

const recording = join(folder, 'web.jsonl');
const [manifests, log] = [join(folder, 'manifests.yaml'), join(folder, 'audit.log')];
before(async () => {
  const pod = {
    ...{ cluster: 'test', namespace: 'shop', kind: 'Deployment', name: 'web-5d4f', uid: 'u', node: 'n' },
    ...{ labels: { app: 'web' }, serviceAccount: 'web', hostNetwork: false },
  };
  const lines = zstdDecompressSync(readFileSync(`${recordings}/nginx.jsonl.zst`))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const inShop = lines.map((line) => {
    const read = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify(read['type'] === 'container' ? { ...read, workload: 'web', name: 'nginx', pod } : read);
  });
  await writeFile(recording, `${inShop.join('\n')}\n`);
  await writeFile(manifests, [namespace, ...deployments].map((each) => `---\n${JSON.stringify(each)}\n`).join(''));
  const events = [event('get', 'configmaps', 'settings'), event('list', 'pods')];
  await writeFile(log, `${events.map((each) => JSON.stringify(each)).join('\n')}\n`);
});

async function tree(at: string, ...more: string[]): Promise<{ to: string; stdout: string; stderr: string }> {
  const to = join(folder, at, 'policies');
  const all = ['--from', recording, '-f', manifests, '--audit-log', log, '--output-dir', to, ...more];
  const { code, stdout, stderr } = await run(['gen', 'all', ...all]);
  assert.equal(code, 0, stderr);
  return { to, stdout, stderr };
}

const resourcesOf = (to: string): string[] =>
  (parse(readFileSync(`${to}/kustomization.yaml`, 'utf8')) as { resources: string[] }).resources;
const patchesOf = (to: string): string[] =>
  (parse(readFileSync(`${to}/patches/kustomization.yaml`, 'utf8')) as { patches: { path: string }[] }).patches.map(
    ({ path }) => path,
  );

async function evaluated(
  argv: string[],
  questions: readonly object[],
): Promise<{ allowed: boolean; reasons: string[] }[]> {
  const file = join(folder, 'questions.jsonl');
  await writeFile(file, questions.map((each, id) => JSON.stringify({ id, ...each })).join('\n'));
  const { code, stdout, stderr } = await run(['evaluate', ...argv, file]);
  assert.equal(code, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { allowed: boolean; reasons: string[] });
}

test('the first stage: what refuses nothing is applied, fixes are written and wait, the README names every file', async () => {
  const { to, stdout, stderr } = await tree('watch');
  assert.match(stdout, /^rbac +1 +shop-web +2 of 2 requests allowed$/m);
  assert.match(stdout, /^pss +1 +shop-web +baseline with the changes$/m);
  assert.match(stdout, /^pss +1 +shop +privileged refuses none of 6 pods and templates$/m);
  assert.match(stdout, /^admission +\d+ +all but kube-node-lease.* objects pass, its counter-example does not$/m);
  assert.match(stderr, /whether Gatekeeper or Kyverno are there nobody told/);
  const resources = resourcesOf(to);
  assert.ok(resources.includes('rbac/shop-web-rbac.yaml'));
  assert.ok(resources.filter((each) => each.startsWith('admission/')).length >= 10, resources.join());
  assert.deepEqual(
    patchesOf(to).filter((each) => each.includes('pod-security')),
    ['shop-pod-security-labels-patch.yaml'],
  );
  const labels = parse(readFileSync(`${to}/patches/shop-pod-security-labels-patch.yaml`, 'utf8')) as typeof namespace;
  assert.deepEqual(
    Object.keys(labels.metadata.labels).filter((each) => each.includes('enforce')),
    [],
  );
  const readme = readFileSync(`${to}/README.md`, 'utf8');
  for (const file of await readdir(to, { recursive: true }))
    if (/^\w+\/.*\.\w+$/.test(file) && !file.endsWith('/kustomization.yaml'))
      assert.ok(readme.includes(`| \`${file}\` |`), file);
  assert.match(readme, /shop-web-deployment-pod-security-patch\.yaml` \|[^|]*, refuses at once \| shop-web \|/);
  assert.match(readme, /seccompProfile[^\n]*not known to be safe/);
  for (const name of ['pss', 'rbac', 'admission']) assert.match(readme, new RegExp(`^### ${name}$`, 'm'));
});

test('the second stage: what kustomize builds is what the judges were asked about', {
  skip: withoutKubectl,
}, async () => {
  const { to } = await tree('enforce', '--stage', 'enforce');
  const app = join(folder, 'enforce');
  await writeFile(
    `${app}/kustomization.yaml`,
    'resources: [manifests.yaml, policies]\ncomponents: [policies/patches]\n',
  );
  await writeFile(`${app}/manifests.yaml`, readFileSync(manifests));
  const built = parseAllDocuments(execFileSync(kubectl, ['kustomize', app], { encoding: 'utf8' })).map(
    (each) => each.toJS() as Record<string, unknown> & (typeof deployments)[number],
  );
  const web = built.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'web');
  assert.ok(web !== undefined);
  // The profile that was written holds over the runtime's own, which is what the fix asked for.
  assert.deepEqual(web.spec.template.spec.containers[0]?.securityContext?.seccompProfile, {
    type: 'Localhost',
    localhostProfile: 'kguardian/shop-web-nginx-seccomp.json',
  });
  const shop = built.find(({ kind }) => kind === 'Namespace');
  const labels = shop?.metadata.labels as Readonly<Record<string, string>> | undefined;
  assert.equal(labels?.['team'], 'shop');
  const level = labels['pod-security.kubernetes.io/enforce'];
  const made = built.filter(({ kind }) => kind === 'Deployment');
  const pods = await evaluated(
    ['pss'],
    made.map(({ spec }) => ({ level, pod: spec.template })),
  );
  assert.deepEqual(
    pods.filter(({ allowed }) => !allowed),
    [],
  );
  const rules = resourcesOf(to).filter((each) => each.startsWith('admission/'));
  const policies = rules.flatMap((each) => ['--policy', join(to, each)]);
  const admitted = await evaluated(
    ['vap', ...policies],
    made.map((object) => ({ object })),
  );
  assert.deepEqual(
    admitted.filter(({ allowed }) => !allowed),
    [],
  );
  const [elsewhere] = await evaluated(
    ['vap', ...policies],
    [
      {
        object: JSON.parse(
          JSON.stringify(made[1]).replaceAll('registry.example.org', 'elsewhere.example.org'),
        ) as object,
      },
    ],
  );
  assert.equal(elsewhere?.allowed, false);
  const asks = (verb: string, resource: string, name = ''): object => ({
    user: { name: account, groups: ['system:serviceaccounts'] },
    ...{ verb, resourceRequest: true, resource, namespace: 'shop', name },
  });
  const rights = await evaluated(
    ['rbac', '--rbac', join(to, 'rbac/shop-web-rbac.yaml')],
    [
      asks('get', 'configmaps', 'settings'),
      asks('list', 'pods'),
      asks('get', 'configmaps', 'other'),
      asks('list', 'secrets'),
    ],
  );
  assert.deepEqual(
    rights.map(({ allowed }) => allowed),
    [true, true, false, false],
  );
});

test('of one workload: its fix and its account, and nothing that a whole namespace has in common', async () => {
  const to = join(folder, 'one');
  const from = ['--from', recording, '-f', manifests, '--audit-log', log, '--output-dir', to];
  const { code, stdout, stderr } = await run(['gen', 'all', 'deploy/web', ...from]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^rbac +1 +shop-web /m);
  assert.doesNotMatch(stdout, /^admission|^pss +1 +shop /m);
  assert.match(stderr, /no Pod Security labels, they are of a whole namespace/);
  assert.match(stderr, /no rules of admission, they are what all of a namespace has in common/);
});

test('objects of another shape than the API makes no rules; a pod that has ended is none', async () => {
  const odd = join(folder, 'odd.json');
  const meta = { namespace: 'shop', uid: 'u' };
  const spec = { containers: [null] };
  const ended = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta, name: 'done' },
    spec,
    status: { phase: 'Failed' },
  };
  const all = async (...items: object[]): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    await writeFile(odd, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const from = ['--from', recording, '-f', manifests, '-f', odd];
    return run(['gen', 'all', ...from, '--output-dir', join(folder, `odd-${items.length}`)]);
  };
  const passed = await all(ended);
  assert.equal(passed.code, 0, passed.stderr);
  assert.match(passed.stdout, /^admission +[1-9]/m);
  const template = { spec };
  const made = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...meta, name: 'odd' }, spec: { template } };
  const { code, stdout, stderr } = await all(ended, made);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout, /^admission /m);
  assert.match(stderr, /no rules of admission, Deployment\/shop\/odd: spec\.template\.spec\.containers/);
  assert.match(stderr, /no Pod Security labels of the namespace shop, one of its pods cannot be read: /);
});

test('what cannot be read makes what rests on it unknown, and the rest is written', async () => {
  const broken = join(folder, 'broken.yaml');
  await writeFile(broken, 'a: [\n');
  const to = join(folder, 'broken');
  const { code, stdout, stderr } = await run([
    ...['gen', 'all', '--from', recording, '-f', manifests, '-f', broken, '--output-dir', to],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^seccomp +2 /m);
  assert.doesNotMatch(stdout, /^(pss|rbac|admission) /m);
  assert.match(stderr, /no Pod Security labels and fixes, .*broken\.yaml:\d+: /);
  assert.match(stderr, /no rules of admission, .*broken\.yaml:\d+: /);
  assert.match(stderr, /no RBAC, no log of the API server's audit is known \(--audit-log FILE\)/);
});
