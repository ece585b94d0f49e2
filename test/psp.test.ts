/** `migrate psp` as a user runs it: files, and a cluster that may have no such policies any more. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { selfSigned } from '#broker/tls.ts';
import { refusedBy } from '#posture/psp/cel.cases.ts';
import { podObject, pspObject } from '#posture/psp/psp.cases.ts';
import { startApiServer } from './api-server.ts';
import { resourceOf } from './api-server/resources.ts';
import { run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-psp-'));
after(() => rmSync(folder, { recursive: true }));
function file(name: string, ...objects: object[]): string {
  writeFileSync(join(folder, name), objects.map((each) => `---\n${JSON.stringify(each)}\n`).join(''));
  return join(folder, name);
}

const rbac = 'rbac.authorization.k8s.io';
const use = (psp: string, namespace: string, subject: object): object[] => [
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: `psp:${psp}` },
    rules: [{ verbs: ['use'], apiGroups: ['policy'], resources: ['podsecuritypolicies'], resourceNames: [psp] }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: `psp:${psp}`, namespace },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `psp:${psp}` },
    subjects: [subject],
  },
];

/** Writes what restricted asks for into pods, and holds back more than it: a range of users. */
const strict = pspObject(
  {
    requiredDropCapabilities: ['ALL'],
    volumes: ['configMap', 'secret', 'emptyDir', 'projected'],
    runAsUser: { rule: 'MustRunAs', ranges: [{ min: 1000, max: 1999 }] },
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
  },
  'strict',
  {
    'seccomp.security.alpha.kubernetes.io/allowedProfileNames': 'runtime/default',
    'seccomp.security.alpha.kubernetes.io/defaultProfileName': 'runtime/default',
  },
);
const logs = pspObject(
  { volumes: ['*'], allowedHostPaths: [{ pathPrefix: '/var/log', readOnly: true }], hostNetwork: true },
  'logs',
);
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { securityContext: { runAsNonRoot: true }, containers: [{ name: 'app', image: 'x' }] },
    },
  },
};
const collector = podObject(
  { volumeMounts: [{ name: 'logs', mountPath: '/logs', readOnly: true }] },
  { serviceAccountName: 'collector', volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] },
  { name: 'collector', namespace: 'ops', annotations: { 'kubernetes.io/psp': 'logs' } },
);
const namespaces = ['shop', 'ops'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
}));
const rights = [
  ...use('strict', 'shop', { kind: 'Group', apiGroup: rbac, name: 'system:serviceaccounts:shop' }),
  ...use('logs', 'ops', { kind: 'ServiceAccount', name: 'collector', namespace: 'ops' }),
];

test('files: the level with the patch, what the policies allowed beyond, and policies for what is left', async () => {
  const all = file('all.yaml', strict, logs, ...rights, ...namespaces, web, collector);
  const place = join(folder, 'out');
  const { code, stderr } = await run(['migrate', 'psp', '-f', all, '--pss-version', 'v1.36', '--output-dir', place]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    readdirSync(place, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => (a < b ? -1 : 1)),
    [
      'namespaces',
      'namespaces/ops.yaml',
      'namespaces/shop.yaml',
      'patches',
      'patches/shop-deployment-web.yaml',
      'policies',
      'policies/psp.ops.collector.yaml',
      'policies/psp.shop.yaml',
    ],
  );
  const text = (path: string): string => readFileSync(join(place, path), 'utf8');
  assert.match(
    text('namespaces/shop.yaml'),
    /pod-security.kubernetes.io\/enforce: restricted\n.*enforce-version: v1.36/,
  );
  assert.match(text('namespaces/shop.yaml'), /# strict allowed beyond restricted: any SELinux user, role and type/);
  assert.match(text('namespaces/shop.yaml'), /# Deployment shop\/web passes as strict changed it: patch it before/);
  assert.match(text('namespaces/ops.yaml'), /pod-security.kubernetes.io\/enforce: privileged/);
  const patch = parse(text('patches/shop-deployment-web.yaml')) as {
    kind: string;
    spec: { template: { spec: { securityContext: object; containers: object[] } } };
  };
  assert.equal(patch.kind, 'Deployment');
  assert.deepEqual(patch.spec.template.spec, {
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        securityContext: {
          runAsUser: 1000,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  });
  const [policy, binding] = parseAllDocuments(text('policies/psp.ops.collector.yaml')).map(
    (document) => document.toJS() as { spec: { validationActions: string[]; matchResources: object } },
  );
  assert.deepEqual(binding?.spec.validationActions, ['Warn', 'Audit']);
  const asked = refusedBy as (policy: unknown, pod: unknown) => string[] | null;
  assert.deepEqual(asked(policy, collector), []);
  const writing = podObject(
    { volumeMounts: [{ name: 'logs', mountPath: '/logs' }] },
    { serviceAccountName: 'collector', volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] },
  );
  assert.deepEqual(asked(policy, writing), ['hostPath must be below /var/log (read only)']);
  assert.equal(asked(policy, podObject()), null, 'another account');
});

test('standard output is labels and policies, and says where patches go; the table and JSON say the same', async () => {
  const all = file('some.yaml', strict, logs, ...rights, ...namespaces, web, collector);
  const yaml = await run(['migrate', 'psp', '-f', all]);
  assert.equal(yaml.code, 0, yaml.stderr);
  assert.deepEqual(
    parseAllDocuments(yaml.stdout).map((document) => (document.toJS() as { kind: string }).kind),
    [
      'Namespace',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'Namespace',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ],
  );
  assert.match(yaml.stderr, /1 patch of what passed by mutation: --output-dir DIR writes them/);
  const table = await run(['migrate', 'psp', '-f', all, '-o', 'table']);
  assert.match(table.stdout, /^shop +restricted +restricted +strict +1 +1 /m);
  assert.match(table.stdout, /^ops +privileged +baseline +logs +0 +1 /m);
  const { namespaces: rows } = JSON.parse((await run(['migrate', 'psp', '-f', all, '-o', 'json'])).stdout) as {
    namespaces: { namespace: string; level: string; patches: { of: string; psp: string }[] }[];
  };
  assert.deepEqual(
    rows.map(({ namespace, level, patches }) => [namespace, level, patches.map(({ of, psp }) => [of, psp])]),
    [
      ['ops', 'privileged', []],
      ['shop', 'restricted', [['Deployment shop/web', 'strict']]],
    ],
  );
});

test('without rights nobody knows which policy holds: levels are of the pods as they are, and that is told', async () => {
  const { code, stdout, stderr } = await run(['migrate', 'psp', '-f', file('bare.yaml', strict, ...namespaces, web)]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout, /ValidatingAdmissionPolicy/);
  assert.match(stdout, /pod-security.kubernetes.io\/enforce: baseline/);
  assert.match(stderr, /shop: no roles and bindings are known/);
});

test('what cannot be read is told with its place, and nothing is written half', async () => {
  writeFileSync(join(folder, 'broken.yaml'), `${JSON.stringify(strict)}\n---\nkind: [\n`);
  const place = join(folder, 'none');
  const broken = await run(['migrate', 'psp', '-f', join(folder, 'broken.yaml'), '--output-dir', place]);
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /broken\.yaml:\d: /);
  assert.throws(() => readdirSync(place));
  const odd = await run(['migrate', 'psp', '-f', file('odd.yaml', pspObject({ privileged: 'yes' }))]);
  assert.equal(odd.code, 2);
  assert.match(odd.stderr, /odd\.yaml:1: PodSecurityPolicy: spec\.privileged: /);
  assert.equal((await run(['migrate', 'psp'])).code, 2);
  assert.match((await run(['migrate', 'psp', '-f', file('no.yaml', web)])).stderr, /there is no PodSecurityPolicy/);
});

test('a cluster: its policies where it has some, files in their place where it has none any more', async () => {
  const tokens = { admin: { username: 'admin', groups: ['system:masters'] } };
  const objects = [...rights, ...namespaces, web, collector];
  const tls = await selfSigned();
  const old = await startApiServer({
    tls,
    tokens,
    resources: [resourceOf('policy/v1beta1', 'PodSecurityPolicy', false)],
    objects: [strict, logs, ...objects],
  });
  const now = await startApiServer({ tls, tokens, objects });
  try {
    const ask = async (server: typeof old, ...argv: string[]) => {
      writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig('admin', 'shop'));
      return run(['migrate', 'psp', '--cluster', '-o', 'table', '--kubeconfig', join(folder, 'kubeconfig'), ...argv]);
    };
    const all = await ask(old, '-A');
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stdout, /^shop +restricted /m);
    assert.match(all.stdout, /^ops +privileged /m);
    const one = await ask(old);
    assert.doesNotMatch(one.stdout, /^ops/m);
    const gone = await ask(now, '-A');
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /no PodSecurityPolicies any more .*; give their manifests with -f/);
    const given = await ask(now, '-A', '-f', file('psps.yaml', strict, logs));
    assert.equal(given.code, 0, given.stderr);
    assert.equal(given.stdout, all.stdout);
  } finally {
    await old.close();
    await now.close();
  }
});

test('gen pss labels: what the API server exempts gets no labels, and labels that are none are told', async () => {
  const config = {
    apiVersion: 'pod-security.admission.config.k8s.io/v1',
    kind: 'PodSecurityConfiguration',
    exemptions: { namespaces: ['ops'], runtimeClasses: ['kata'], usernames: ['ci'] },
  };
  const odd = (name: string, labels: object): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  const kata = podObject({ securityContext: { privileged: true } }, { runtimeClassName: 'kata' }, { name: 'kata' });
  const enforce = 'pod-security.kubernetes.io/enforce';
  const manifests = file(
    'labels.yaml',
    odd('ops', { [enforce]: 'baseline' }),
    odd('shop', { [enforce]: 'none' }),
    collector,
    kata,
    web,
  );
  const { code, stdout, stderr } = await run([
    'gen',
    'pss',
    'labels',
    '-f',
    manifests,
    '--admission-config',
    file('admission.yaml', config),
  ]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout, /name: ops/);
  assert.match(stdout, /name: shop\n {2}labels:\n {4}pod-security.kubernetes.io\/enforce: baseline/);
  assert.match(
    stderr,
    /namespace "ops" is exempt from Pod Security, and the policy \(enforce=baseline:latest\) will be ignored/,
  );
  assert.match(stderr, /shop: 1 pod and templates of exempt runtime classes left out/);
  assert.match(
    stderr,
    /shop: pod-security\.kubernetes\.io\/enforce: "none": must be one of privileged, baseline, restricted/,
  );
  assert.match(stderr, /pods that ci make are let in whatever labels say/);
  const bad = await run(['gen', 'pss', 'labels', '-f', manifests, '--admission-config', manifests]);
  assert.equal(bad.code, 2);
});
