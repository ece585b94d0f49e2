/** The plugin as a user of a cluster runs it: a real broker behind an API server double, reached by port-forward. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { selfSigned } from '#broker/tls.ts';
import { type Line } from '#observation/recording.ts';
import { allow, type ApiServer, startApiServer } from './api-server.ts';
import { type Ran, recordings, run, start } from './cli.ts';
import { ask, type Broker, startBroker } from './broker-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-plugin-'));
const labels = { 'app.kubernetes.io/name': 'kguardian', 'app.kubernetes.io/component': 'broker' };
const owner = (kind: string, name: string, uid: string) => [
  { apiVersion: 'apps/v1', kind, name, uid, controller: true },
];
const objects = [
  ...['kguardian', 'shop', 'other'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kguardian-broker', namespace: 'kguardian', labels },
    spec: { selector: labels, ports: [{ name: 'https', port: 443, targetPort: 'https' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kguardian-broker-0', namespace: 'kguardian', labels },
    spec: { nodeName: 'node-1', containers: [{ name: 'broker', ports: [{ name: 'https', containerPort: 8443 }] }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', uid: 'web-1' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', securityContext: { seccompProfile: { type: 'Unconfined' } } }] },
      },
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'web-5d4f',
      namespace: 'shop',
      uid: 'rs-1',
      ownerReferences: owner('Deployment', 'web', 'web-1'),
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-5d4f-x',
      namespace: 'shop',
      uid: 'pod-1',
      labels: { app: 'web' },
      ownerReferences: owner('ReplicaSet', 'web-5d4f', 'rs-1'),
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'nginx' }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'client', namespace: 'other', uid: 'client-1' },
    spec: { selector: { matchLabels: { app: 'client' } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'client-7c',
      namespace: 'other',
      uid: 'rs-2',
      ownerReferences: owner('Deployment', 'client', 'client-1'),
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'client-7c-y',
      namespace: 'other',
      uid: 'pod-2',
      labels: { app: 'client', 'pod-template-hash': '7c' },
      ownerReferences: owner('ReplicaSet', 'client-7c', 'rs-2'),
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'client' }] },
    status: { podIP: '10.244.0.8', podIPs: [{ ip: '10.244.0.8' }] },
  },
  ...allow('alice', [
    { verbs: ['get', 'list'], apiGroups: [''], resources: ['services', 'pods'] },
    { verbs: ['create'], apiGroups: [''], resources: ['pods/portforward'] },
    { verbs: ['get'], apiGroups: ['apps'], resources: ['replicasets'] },
    { verbs: ['get', 'list'], apiGroups: ['security-profiles-operator.x-k8s.io'], resources: ['seccompprofiles'] },
  ]),
  ...allow('alice', [{ verbs: ['get'], apiGroups: ['kguardian.dev'], resources: ['baselines'] }], 'shop'),
  ...allow('system:serviceaccount:kguardian:kguardian-agent', [
    { verbs: ['create'], apiGroups: ['kguardian.dev'], resources: ['recordings'] },
  ]),
];
const tokens = {
  admin: { username: 'admin', groups: ['system:masters'] },
  alice: { username: 'alice' },
  agent: {
    username: 'system:serviceaccount:kguardian:kguardian-agent',
    extra: { 'authentication.kubernetes.io/node-name': ['node-1'] },
    audiences: ['kguardian-broker'],
  },
  auditor: { username: 'admin', groups: ['system:masters'], audiences: ['kguardian-broker'] },
};
const seccompProfiles = {
  group: 'security-profiles-operator.x-k8s.io',
  version: 'v1',
  kind: 'SeccompProfile',
  plural: 'seccompprofiles',
  namespaced: false,
};

const release = `sha256:${'5'.repeat(64)}`;

/** A real recording of nginx, as if it had run as a container of shop's web. */
function inShop(): string[] {
  const lines = zstdDecompressSync(readFileSync(`${recordings}/nginx.jsonl.zst`))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const client = { namespace: 'other', kind: 'Deployment', name: 'client' };
  const facts = lines.slice(0, -1).map((text) => {
    const line = JSON.parse(text) as Line;
    if (line.type !== 'container') return text;
    const pod = { cluster: 'test', namespace: 'shop', kind: 'Deployment', name: 'web-5d4f-x', uid: 'pod-1' };
    const more = { node: 'node-1', labels: { app: 'web' }, serviceAccount: 'default', hostNetwork: false };
    const image = { image: 'example.org/web:1', imageDigest: release };
    return JSON.stringify({ ...line, workload: 'web', name: 'nginx', ...image, pod: { ...pod, ...more } });
  });
  // What an agent adds in a cluster: who called.
  const flow = lines.map((text) => JSON.parse(text) as Line).find((line) => line.type === 'flow');
  assert.ok(flow);
  const call = { direction: 'ingress', port: 80, peer: { type: 'workload', workload: client }, outcome: 'established' };
  facts.push(JSON.stringify({ ...flow, ...call }));
  return [...facts, JSON.stringify({ type: 'end', ended: 2, lines: facts.length })];
}

describe('kubectl kguardian', () => {
  let api: ApiServer;
  let broker: Broker | undefined;
  /** The command line as alice, in her namespace. */
  let alice: (...argv: string[]) => Promise<Ran>;
  before(async () => {
    // The broker's port is known only later; what is forwarded is looked up when it is asked for.
    const forwards: Record<string, number> = {};
    const { key, cert } = await selfSigned();
    const tls = { key, cert };
    api = await startApiServer({ objects, tokens, resources: [seccompProfiles], forwards, tls });
    const own = join(folder, 'broker.kubeconfig');
    writeFileSync(own, api.kubeconfig('admin'));
    const database = join(folder, 'broker.db');
    broker = await startBroker([
      '--listen',
      '127.0.0.1:0',
      '--database',
      database,
      '--cluster',
      'test',
      '--kubeconfig',
      own,
    ]);
    forwards['kguardian/kguardian-broker-0:8443'] = Number(new URL(broker.url).port);
    const answer = await ask(`${broker.url}/v1/recordings`, {
      method: 'POST',
      token: 'agent',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${inShop().join('\n')}\n`,
    });
    assert.equal(answer.code, 200, answer.body.toString('utf8'));
    const config = join(folder, 'alice.kubeconfig');
    writeFileSync(config, api.kubeconfig('alice', 'shop'));
    alice = (...argv) => run([...argv, '--kubeconfig', config]);
  });
  after(async () => {
    await broker?.end();
    await api.close();
    rmSync(folder, { recursive: true });
  });

  test("status shows what is known of the context's namespace, and what is still waited for", async () => {
    const { code, stdout, stderr } = await alice('status');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^WORKLOAD +CONTAINER +OBSERVED FOR/);
    assert.match(
      stdout,
      /^deployment\/web +nginx .* 1, 1 from the start +0 .*seccomp: observed for \d+ .*a day is advised/m,
    );
    const json = await alice('status', '-o', 'json');
    const [web] = (JSON.parse(json.stdout) as { workloads: { workload: string; instances: number }[] }).workloads;
    assert.deepEqual([web?.workload, web?.instances], ['web', 1]);
    assert.equal((await alice('status', '-o', 'name')).stdout, 'deployment/web\n');
  });

  for (const name of ['web', 'deploy/web', 'deployment.apps/web', 'pod/web-5d4f-x', '-l=app=web', '--all']) {
    test(`gen writes the profile of the workload's container, and the patch that names it: ${name}`, async () => {
      const out = join(folder, name.replaceAll(/\W/g, '-'));
      const { code, stderr } = await alice('gen', 'seccomp', name, '--output-dir', out);
      assert.equal(code, 0, stderr);
      assert.deepEqual(readdirSync(out).toSorted(), [
        'shop-web-nginx-seccomp-patch.yaml',
        'shop-web-nginx-seccomp.json',
      ]);
      assert.match(stderr, /shop-web-nginx-seccomp\.json; replay allows (\d+) of \1 observations/);
    });
  }

  test('audit pss says by what the broker knows which fix would break the workload', async () => {
    const config = join(folder, 'broker.kubeconfig');
    const { stdout, stderr } = await run(['audit', 'pss', 'web', '-n', 'shop', '--kubeconfig', config]);
    // The pod that runs, and the template, which somebody changed since.
    assert.match(stdout, /^Deployment shop\/web +baseline +baseline /m, stderr);
    assert.match(stdout, /^Deployment shop\/web +privileged +baseline /m, stderr);
    assert.match(stdout, /set runAsNonRoot: true: would break, ran as uid 0 and used CAP_CHOWN/);
  });

  test("gen all takes the cluster's objects, and what the audit webhook told the broker", async () => {
    const config = join(folder, 'broker.kubeconfig');
    const all = async (to: string, ...argv: string[]): Promise<Ran> =>
      run(['gen', 'all', ...argv, '-n', 'shop', '--kubeconfig', config, '--output-dir', join(folder, to)]);
    const before = await all('everything', '--all');
    assert.equal(before.code, 0, before.stderr);
    assert.match(before.stderr, /no RBAC, the broker was told of no request \(docs\/audit-webhook.md/);
    assert.match(before.stdout, /^pss +1 +shop-web +baseline with the changes$/m);
    assert.match(before.stdout, /^pss +1 +shop +privileged refuses none of 2 pods and templates$/m);
    assert.match(before.stderr, /no rules of admission, no pattern of 4 objects has enough support/);
    const event = {
      ...{ level: 'Metadata', auditID: 'one', stage: 'ResponseComplete', verb: 'get' },
      requestURI: '/api/v1/namespaces/shop/configmaps/settings',
      user: { username: 'system:serviceaccount:shop:default', groups: ['system:serviceaccounts'] },
      objectRef: { resource: 'configmaps', namespace: 'shop', name: 'settings', apiVersion: 'v1' },
      responseStatus: { code: 200 },
      requestReceivedTimestamp: new Date().toISOString(),
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    };
    const told = await ask(`${broker?.url}/audit`, {
      method: 'POST',
      token: 'auditor',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [event] }),
    });
    assert.equal(told.code, 200, told.body.toString('utf8'));
    const one = await all('one', 'deploy/web');
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /^rbac +1 +shop-default +1 of 1 requests allowed$/m);
    assert.match(readFileSync(join(folder, 'one/rbac/shop-default-rbac.yaml'), 'utf8'), /resourceNames:\n *- settings/);
    assert.doesNotMatch(one.stdout, /^pss +1 +shop /m);
  });

  test('generating again with no new behaviour changes no byte', async () => {
    const [once, again] = [await alice('gen', 'seccomp', 'web'), await alice('gen', 'seccomp', 'web')];
    assert.equal(once.stdout, again.stdout);
    assert.ok(once.stdout.length > 100);
  });

  test('prove and explain take the evidence from the cluster as well', async () => {
    const file = join(folder, 'profile.json');
    writeFileSync(file, (await alice('gen', 'seccomp', 'web')).stdout);
    const proof = await alice('prove', file, '--workload', 'deploy/web');
    assert.equal(proof.code, 0, proof.stderr);
    assert.match((await alice('explain', file, '--workload', 'web')).stdout, /^openat/m);
  });

  test('diff: 1 with a patch where something differs, 0 where nothing does, in a folder and in the cluster', async () => {
    const dir = join(folder, 'diff');
    const missing = await alice('diff', 'seccomp', 'web', '--dir', dir);
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /^--- .*is not there/m);
    await alice('gen', 'seccomp', 'web', '--output-dir', dir);
    assert.equal((await alice('diff', 'seccomp', 'web', '--dir', dir)).code, 0);
    const deployed = await alice('gen', 'seccomp', 'web', '-o', 'yaml', '--log-only');
    const { parse } = await import('yaml');
    api.store.put({ ...(parse(deployed.stdout) as object), status: { status: 'Installed' } });
    const same = await alice('diff', 'seccomp', 'web', '-o', 'yaml', '--log-only');
    assert.deepEqual([same.code, same.stdout], [0, ''], same.stderr);
    const other = await alice('diff', 'seccomp', 'web', '-o', 'yaml');
    assert.equal(other.code, 1, other.stderr);
    assert.match(other.stdout, /^-  defaultAction: SCMP_ACT_LOG\n\+  defaultAction: SCMP_ACT_ERRNO/m);
  });

  test('one release, and one container, can be asked for alone', async () => {
    const [all, one] = [
      await alice('gen', 'seccomp', 'web'),
      await alice('gen', 'seccomp', 'web', '--release', release, '-c', 'nginx'),
    ];
    assert.equal(one.code, 0, one.stderr);
    assert.equal(one.stdout, all.stdout);
    const none = await alice('gen', 'seccomp', 'web', '--release', `sha256:${'6'.repeat(64)}`);
    assert.deepEqual([none.code, none.stdout], [2, '']);
  });

  test('network policies are written with what the API server says of both ends', async () => {
    const config = join(folder, 'admin.kubeconfig');
    writeFileSync(config, api.kubeconfig('admin', 'shop'));
    const { code, stdout, stderr } = await run(['gen', 'networkpolicy', 'web', '--kubeconfig', config]);
    assert.equal(code, 0, stderr);
    const { parse } = await import('yaml');
    const policy = parse(stdout) as {
      metadata: object;
      spec: { podSelector: object; policyTypes: string[]; ingress: object[] };
    };
    assert.deepEqual(policy.metadata, { name: 'web', namespace: 'shop' });
    assert.deepEqual(policy.spec.podSelector, { matchLabels: { app: 'web' } });
    assert.deepEqual(policy.spec.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(policy.spec.ingress, [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } },
            podSelector: { matchLabels: { app: 'client' } },
          },
        ],
        ports: [{ port: 80, protocol: 'TCP' }],
      },
    ]);
    const refused = await alice('gen', 'networkpolicy', 'web');
    assert.match(refused.stderr, /the API server refuses GET .* forbidden/);
    assert.equal(refused.code, 2);
  });

  test('audit, diff and reach take the policies that are deployed, and a candidate as if it were applied', async () => {
    const config = join(folder, 'admin.kubeconfig');
    writeFileSync(config, api.kubeconfig('admin', 'shop'));
    const admin = (...argv: string[]): Promise<Ran> => run([...argv, '--kubeconfig', config]);
    const candidate = join(folder, 'candidate.yaml');
    writeFileSync(candidate, (await admin('gen', 'networkpolicy', 'web')).stdout);

    const none = await admin('audit', 'networkpolicy', '-n', 'shop');
    assert.equal(none.code, 0, none.stderr);
    assert.match(
      none.stderr,
      /0 allowed, 0 refused, 0 unknown, \d+ observations that no policy has a say about; judged by 0 policies of the cluster/,
    );
    const closing = await admin('diff', 'networkpolicy', 'web');
    assert.equal(closing.code, 1, closing.stderr);
    assert.match(closing.stdout, /^closes +any other IPv4 address → Deployment shop\/web any port/m);

    const isolated = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'web', namespace: 'shop', uid: 'p-1', managedFields: [{}] },
    };
    api.store.put({ ...isolated, spec: { podSelector: {}, policyTypes: ['Ingress'] } });
    const denied = await admin('audit', 'networkpolicy', '-n', 'shop', '--fail-on', 'deny');
    assert.equal(denied.code, 1, denied.stderr);
    assert.match(
      denied.stdout,
      /^deny +Deployment other\/client → Deployment shop\/web 80\/TCP .* NetworkPolicy shop\/web isolates it/m,
    );
    // The candidate has the name of what is deployed, and takes its place.
    const better = await admin('audit', 'networkpolicy', '-n', 'shop', '-f', candidate, '--fail-on', 'unknown');
    assert.equal(better.code, 0, better.stderr);
    assert.match(better.stdout, /^allow +Deployment other\/client → Deployment shop\/web 80\/TCP/m);
    assert.match(better.stderr, /judged by 1 file, as if applied beside 0 policies of the cluster/);

    const opening = await admin('diff', 'networkpolicy', 'web');
    assert.equal(opening.code, 1, opening.stderr);
    assert.match(opening.stdout, /^opens +Deployment other\/client → Deployment shop\/web 80\/TCP/m);
    // What is generated as JSON takes its place as well.
    const lines = (await admin('diff', 'networkpolicy', 'web', '-o', 'json')).stdout.trimEnd().split('\n');
    const changes = lines.map((line) => JSON.parse(line) as { what: string; after: string });
    assert.ok(changes.some(({ what, after: is }) => what.endsWith('Deployment shop/web 80/TCP') && is === 'allow'));
    const reach = await admin('reach', 'shop/web');
    assert.equal(reach.code, 0, reach.stderr);
    assert.match(reach.stdout, /Who can reach Deployment shop\/web\n(nobody|FROM)/);

    const watching = start([
      'audit',
      'networkpolicy',
      '-n',
      'shop',
      '--watch',
      '--interval',
      '200ms',
      '--kubeconfig',
      config,
    ]);
    try {
      await watching.until(/1 refused/);
      const now = Date.now();
      const call = { peer: { type: 'address', ip: '192.0.2.77' }, seen: { first: now, last: now, count: 1 } };
      const lines = inShop();
      const later = [
        ...lines.slice(0, -2),
        JSON.stringify({ ...JSON.parse(lines.at(-2) ?? ''), ...call }),
        lines.at(-1),
      ];
      const answer = await ask(`${broker?.url}/v1/recordings`, {
        method: 'POST',
        token: 'agent',
        headers: { 'content-type': 'application/x-ndjson' },
        body: `${later.join('\n')}\n`,
      });
      assert.equal(answer.code, 200, answer.body.toString('utf8'));
      await watching.until(/^deny +192\.0\.2\.77 → Deployment shop\/web 80\/TCP/m);
    } finally {
      await watching.end();
    }
    api.store.remove('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'web');
  });

  test('the examples of the help work when pasted', async () => {
    const place = join(folder, 'examples');
    mkdirSync(place);
    let tried = 0;
    for (const command of [['gen', 'seccomp'], ['diff', 'seccomp'], ['diff'], ['status']]) {
      const { stdout } = await run([...command, '--help']);
      for (const [, line = ''] of stdout.matchAll(/^ {2}(kguardian .+ -n shop.*)$/gm)) {
        tried += 1;
        const argv = [...line.split(' ').slice(1), '--kubeconfig', join(folder, 'alice.kubeconfig')];
        const { code, stderr } = await run(argv, { cwd: place });
        // What differs is an answer, too.
        assert.ok(code === 0 || (command[0] === 'diff' && code === 1), `${line}: ${stderr}`);
      }
    }
    assert.equal(tried, 5);
  });

  const faults: readonly (readonly [argv: readonly string[], code: number, message: RegExp])[] = [
    [['gen', 'seccomp', 'gone'], 2, /nothing of gone was observed in the namespace shop/],
    [['gen', 'seccomp'], 2, /name a workload \(deploy\/web\), or say which: --all/],
    [['gen', 'seccomp', 'web', '--all'], 2, /give one of: a NAME, --all, -l LABELS/],
    [['gen', 'seccomp', 'pod/none'], 2, /no pod "none" in the namespace shop/],
    [['gen', 'seccomp', 'web', '-n', 'other'], 2, /the broker refuses: /],
    [['status', '-A'], 2, /the broker refuses: /],
    [['status', '--context', 'nope'], 2, /the kubeconfig ".*" has no context "nope"/],
    [['status', '--token', 'stolen'], 2, /the API server refuses GET .*Unauthorized/],
    [['status', '--server', 'https://127.0.0.1:9'], 3, /cannot reach the API server https:\/\/127\.0\.0\.1:9: /],
    [
      ['status', '--broker', 'http://127.0.0.1:9'],
      3,
      /cannot reach the broker http:\/\/127\.0\.0\.1:9: connection refused/,
    ],
    [['status', '--broker', 'ftp://x'], 2, /--broker takes an http or https URL/],
    [['status', '--broker-namespace', 'shop'], 3, /no broker in the namespace shop/],
  ];
  for (const [argv, code, message] of faults) {
    test(`one sentence: ${argv.join(' ')}`, async () => {
      const ran = await alice(...argv);
      assert.match(ran.stderr, message);
      assert.equal(ran.code, code, ran.stderr);
      assert.equal(ran.stderr.trim().split('\n').length, 1, ran.stderr);
      assert.equal(ran.stdout, '');
    });
  }
});
