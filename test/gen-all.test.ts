/** `gen all` and `report` on the command line: a tree that kustomize builds, whose every file is proved again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { parse, parseAllDocuments } from 'yaml';
import { recordings, run } from './cli.ts';

const kubectl = fileURLToPath(new URL('../build/tools/helm-4/kubectl', import.meta.url));
const withoutKubectl = existsSync(kubectl) ? false : 'no build/tools/helm-4/kubectl (scripts/kubernetes-tools)';
const suite = fileURLToPath(new URL('../../shared/suites/demo-apps/online-boutique', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'kguardian-gen-all-'));
after(() => rm(folder, { recursive: true }));

const nginx = `${recordings}/nginx.jsonl.zst`;
const built = (at: string): Record<string, unknown>[] =>
  parseAllDocuments(execFileSync(kubectl, ['kustomize', at], { encoding: 'utf8' })).map(
    (each) => each.toJS() as Record<string, unknown>,
  );

test('a host: every file is proved again by the recording, and the README names each', {
  timeout: 120_000,
}, async () => {
  const to = join(folder, 'host');
  const { code, stdout, stderr } = await run(['gen', 'all', '--from', nginx, '--output-dir', to]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^seccomp +1 +nginx +\d+ of \d+ allowed$/m);
  assert.match(stderr, /nginx: no networkpolicy, the objects of the cluster are not known/);
  assert.match(stderr, /nginx: no requests and limits, it is no workload of a cluster/);
  const readme = readFileSync(`${to}/README.md`, 'utf8');
  const files = (await readdir(to, { recursive: true })).filter((each) => /^\w+\/.*\.\w+$/.test(each));
  assert.deepEqual(files.toSorted(), [
    'apparmor/nginx-apparmor.profile',
    'apparmor/nginx-apparmor.yaml',
    'falco/nginx-falco.yaml',
    'seccomp/nginx-seccomp.json',
    'selinux/nginx-selinux.cil',
  ]);
  for (const each of files) {
    assert.ok(readme.includes(`| \`${each}\` |`), each);
    const proof = await run(['prove', `${to}/${each}`, '--from', nginx]);
    assert.equal(proof.code, 0, `${each}: ${proof.stdout} ${proof.stderr}`);
  }
  // The first stage refuses nothing.
  const seccomp = (at: string): unknown =>
    (JSON.parse(readFileSync(`${at}/seccomp/nginx-seccomp.json`, 'utf8')) as { defaultAction: string }).defaultAction;
  assert.equal(seccomp(to), 'SCMP_ACT_LOG');
  assert.match(readFileSync(`${to}/apparmor/nginx-apparmor.profile`, 'utf8'), /flags=\([^)]*complain/);
  assert.match(readFileSync(`${to}/selinux/nginx-selinux.cil`, 'utf8'), /typepermissive process/);
  assert.equal((await run(['gen', 'all', '--from', nginx, '--output-dir', to, '--stage', 'enforce'])).code, 0);
  assert.equal(seccomp(to), 'SCMP_ACT_ERRNO');
});

test('a pod: kustomize takes the tree, and the component names the profiles in the workload', {
  skip: withoutKubectl,
  timeout: 120_000,
}, async () => {
  const pod = {
    ...{ cluster: 'test', namespace: 'shop', kind: 'Deployment', name: 'nginx-5d4f', uid: 'u', node: 'n' },
    ...{ labels: { app: 'nginx' }, serviceAccount: null, hostNetwork: false },
  };
  const lines = zstdDecompressSync(readFileSync(nginx)).toString('utf8').trimEnd().split('\n');
  const read = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const { id, started } = read.find(({ type }) => type === 'container') as { id: string; started: number };
  // Three hours of half a core and 64 MiB.
  const usage = Array.from({ length: 180 }, (_, minute) => ({
    ...{ type: 'usage', container: id, at: started + minute * 60_000, cpuMicroseconds: minute * 30_000_000 },
    ...{ cpuPeriods: 0, cpuThrottledPeriods: 0, memoryBytes: 64 << 20, workingSetBytes: 64 << 20 },
    ...{ memoryPeakBytes: 64 << 20, oomKills: 0 },
  }));
  const inCluster = read
    .flatMap((each) => (each['type'] === 'usage' ? [] : each['type'] === 'end' ? [...usage, each] : [each]))
    .map((each) => (each['type'] === 'container' ? { ...each, pod } : each))
    .map((each, _, all) => JSON.stringify('lines' in each ? { ...each, lines: all.length - 1 } : each));
  await writeFile(`${folder}/pod.jsonl`, `${inCluster.join('\n')}\n`);
  const to = join(folder, 'app/policies');
  const { code, stderr } = await run(['gen', 'all', '--from', `${folder}/pod.jsonl`, '--output-dir', to]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    built(to).map(({ kind }) => kind),
    ['AppArmorProfile'],
  );
  await mkdir(`${folder}/app`, { recursive: true });
  await writeFile(`${folder}/app/kustomization.yaml`, 'resources: [deployment.yaml]\ncomponents: [policies/patches]\n');
  await writeFile(
    `${folder}/app/deployment.yaml`,
    JSON.stringify({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'nginx', namespace: 'shop' } },
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'nginx', image: 'nginx' },
              { name: 'other', image: 'o' },
            ],
          },
        },
      },
    }),
  );
  const [deployment] = built(`${folder}/app`);
  const { spec } = deployment as { spec: { template: { spec: { containers: unknown[] } } } };
  assert.deepEqual(spec.template.spec.containers, [
    {
      image: 'nginx',
      name: 'nginx',
      resources: { limits: { memory: '71Mi' }, requests: { cpu: '500m', memory: '64Mi' } },
      securityContext: {
        appArmorProfile: { localhostProfile: 'kguardian-shop-nginx-nginx', type: 'Localhost' },
        seccompProfile: { localhostProfile: 'kguardian/shop-nginx-nginx-seccomp.json', type: 'Localhost' },
      },
    },
    { image: 'o', name: 'other' },
  ]);
});

test('what refuses at once is left out of the first kustomization', {
  skip:
    withoutKubectl !== false ? withoutKubectl : existsSync(suite) ? false : 'no ../shared/suites beside the checkout',
  timeout: 120_000,
}, async () => {
  const to = join(folder, 'boutique');
  const from = ['--flows', `${suite}/flows.jsonl`, '--cluster', `${suite}/cluster.json`, '--output-dir', to];
  const first = await run(['gen', 'all', ...from]);
  assert.equal(first.code, 0, first.stderr);
  const kustomization = (): string[] =>
    (parse(readFileSync(`${to}/kustomization.yaml`, 'utf8')) as { resources: string[] }).resources;
  assert.deepEqual(
    kustomization().filter((each) => each.startsWith('networkpolicy/')),
    [],
  );
  assert.match(readFileSync(`${to}/README.md`, 'utf8'), /, refuses at once \|/);
  assert.equal((await run(['gen', 'all', ...from, '--stage', 'enforce'])).code, 0);
  const policies = kustomization().filter((each) => each.startsWith('networkpolicy/'));
  assert.ok(policies.length >= 10);
  assert.ok(built(to).filter(({ kind }) => kind === 'NetworkPolicy').length >= 10);
});

test('nothing to go on is said, and nothing is written', async () => {
  const to = join(folder, 'none');
  const { code, stderr } = await run(['gen', 'all', 'nobody', '--from', nginx, '--output-dir', to]);
  assert.equal(code, 2);
  assert.match(stderr, /no workload "nobody" in the recording/);
  assert.ok(!existsSync(to));
});

test('a report tells the same in three forms', { timeout: 120_000 }, async () => {
  const of = async (form: string): Promise<string> => {
    const { code, stdout, stderr } = await run(['report', '--from', nginx, '-o', form]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const { workloads } = JSON.parse(await of('json')) as {
    workloads: {
      name: string;
      attacks: { stopped: number; all: number };
      kinds: { kind: string; allowed: number }[];
    }[];
  };
  const [only] = workloads;
  assert.ok(only !== undefined && workloads.length === 1);
  const { stopped, all } = only.attacks;
  const seccomp = only.kinds.find(({ kind }) => kind === 'seccomp');
  assert.ok(stopped > 90 && stopped < all && (seccomp?.allowed ?? 0) > 50);
  const markdown = await of('markdown');
  assert.ok(
    markdown.includes(`| ${stopped} of ${all} |`) &&
      markdown.includes(`${seccomp?.allowed} of ${seccomp?.allowed} allowed`),
  );
  const html = await of('html');
  assert.ok(html.includes(`${stopped} of ${all} stopped`) && html.startsWith('<!doctype html>'));
  assert.doesNotMatch(html, /<script|https?:/);
});
