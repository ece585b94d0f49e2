/** A PolicyAudit from its creation to the policy in force: the real broker with the rights of the chart, the real command line. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { auditStatus, type AuditStatus } from '#api/policy-audit.ts';
import { selfSigned } from '#broker/tls.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import { faults, type Schema } from '#policies/official-schemas.cases.ts';
import { podObject } from './agent-run.ts';
import { allow, type ApiServer, startApiServer } from './api-server.ts';
import { type Broker, ask, startBroker } from './broker-process.ts';
import { complete, recordingOf, textOf } from './cluster-recordings.ts';
import { type Ran, run } from './cli.ts';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const helm = here('build/tools/helm-4/helm');
const skip = existsSync(helm) ? false : 'needs Helm: scripts/kubernetes-tools';
const folder = mkdtempSync(join(tmpdir(), 'kguardian-policy-audit-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Definition {
  readonly kind: string;
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

const audits = {
  group: 'kguardian.dev',
  version: 'v1alpha1',
  kind: 'PolicyAudit',
  plural: 'policyaudits',
  namespaced: true,
};
const policy = (port: number, more: object = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'cart', ...more },
  spec: {
    podSelector: { matchLabels: { app: 'cart' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port }] }],
  },
});

/** Its pod was called by the other workload of the namespace, and by an address outside. */
function recorded(): string {
  const { containers } = recordingOf({ pod: 'cart-1', facts: 1, uid: 'uid-cart-1' });
  const now = Date.now();
  const call = (peer: Peer): Observation => ({
    type: 'flow',
    container: 'run-of-cart-1',
    phase: 'program',
    program: '/bin/app',
    seen: { first: now - 5000, last: now, count: 3 },
    direction: 'ingress',
    protocol: 'tcp',
    port: 8080,
    peer,
    outcome: 'established',
  });
  const web = { namespace: 'shop', kind: 'Deployment', name: 'web' };
  const coverage = {
    sensor: 'network',
    state: 'ran',
    hook: 'test',
    from: now - 9000,
    to: now,
    lost: 0,
    gaps: [],
  } as const;
  return textOf(
    complete(
      [...containers].map((each) => ({ ...each, started: now - 9000 })),
      [call({ type: 'workload', workload: web }), call({ type: 'address', ip: '192.0.2.7' })],
      [{ type: 'coverage', container: 'run-of-cart-1', ...coverage, gaps: [] }],
    ),
  );
}

describe('a PolicyAudit', { skip }, () => {
  let api: ApiServer;
  let broker: Broker | undefined;
  let schema: Schema;
  let dana: (...argv: string[]) => Promise<Ran>;

  before(async () => {
    const rendered = execFileSync(
      helm,
      ['template', 'kguardian', here('chart'), '-n', 'kguardian', '--set', 'broker.policyAudits=true'],
      {
        encoding: 'utf8',
      },
    );
    const objects = parseAllDocuments(rendered).map((document) => document.toJS() as Definition);
    const definition = objects.find(({ kind }) => kind === 'CustomResourceDefinition');
    assert.ok(definition);
    schema = definition.spec.versions[0]?.schema.openAPIV3Schema ?? assert.fail();
    const owner = (name: string) => ({ kind: 'ReplicaSet', name: `${name}-5d4f`, uid: `rs-${name}` });
    const { key, cert } = await selfSigned();
    api = await startApiServer({
      tls: { key, cert },
      resources: [audits],
      objects: [
        ...objects.filter(({ kind }) => kind.startsWith('ClusterRole')),
        ...['shop', 'other'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
        { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } },
        ...['cart', 'web'].flatMap((name, at) => [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            metadata: {
              name: `${name}-5d4f`,
              namespace: 'shop',
              uid: `rs-${name}`,
              ownerReferences: [
                { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: `d-${name}`, controller: true },
              ],
            },
            spec: { selector: { matchLabels: { app: name } } },
          },
          podObject({
            uid: `uid-${name}-1`,
            name: `${name}-1`,
            labels: { app: name },
            ip: `10.244.0.${at + 5}`,
            owner: owner(name),
          }),
        ]),
        ...allow(
          'dana',
          [
            { verbs: ['get'], apiGroups: ['kguardian.dev'], resources: ['policyaudits'] },
            { verbs: ['patch'], apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'] },
          ],
          'shop',
        ),
      ],
      tokens: {
        broker: { username: 'system:serviceaccount:kguardian:kguardian-broker' },
        agent: {
          username: 'system:serviceaccount:kguardian:kguardian-agent',
          extra: { 'authentication.kubernetes.io/node-name': ['node-1'] },
          audiences: ['kguardian-broker'],
        },
        dana: { username: 'dana' },
      },
    });
    writeFileSync(join(folder, 'broker.kubeconfig'), api.kubeconfig('broker'));
    writeFileSync(join(folder, 'dana.kubeconfig'), api.kubeconfig('dana', 'shop'));
    dana = (...argv) => run([...argv, '--kubeconfig', join(folder, 'dana.kubeconfig')]);
    broker = await startBroker([
      ...['--listen', '127.0.0.1:0', '--database', join(folder, 'broker.db'), '--cluster', 'test'],
      ...['--kubeconfig', join(folder, 'broker.kubeconfig'), '--policy-audits', '1s'],
    ]);
  });
  after(async () => {
    await broker?.end();
    await api.close();
  });

  const put = (name: string, spec: object, namespace = 'shop', generation = 1): void => {
    const object = {
      apiVersion: 'kguardian.dev/v1alpha1',
      kind: 'PolicyAudit',
      metadata: { name, namespace, generation },
      spec,
    };
    assert.deepEqual(faults(spec, { schema: schema.properties?.['spec'] ?? {}, scope: 'Namespaced', others: {} }), []);
    api.store.put(object);
  };
  /** Its status, once it fulfils what is asked of it; it always fits the definition. */
  async function until(
    name: string,
    holds: (status: AuditStatus) => boolean,
    namespace = 'shop',
  ): Promise<AuditStatus> {
    for (let tries = 0; tries < 100; tries += 1) {
      const resource = api.store.resourceFor('kguardian.dev/v1alpha1', 'PolicyAudit');
      const { status } = api.store.read(resource, namespace, name);
      if (status !== undefined) {
        assert.deepEqual(
          faults(status, { schema: schema.properties?.['status'] ?? {}, scope: 'Namespaced', others: {} }),
          [],
        );
        const parsed = auditStatus.parse(status);
        if (holds(parsed)) return parsed;
      }
      await sleep(200);
    }
    return assert.fail(`${name} never came to be so: ${broker?.text().slice(-2000)}`);
  }
  const reason = (status: AuditStatus): string | undefined => status.conditions?.[0]?.reason;

  test('says so while nothing is recorded, and is not promoted', async () => {
    put('cart', { policy: policy(8080) });
    const status = await until('cart', (each) => reason(each) === 'NothingRecorded');
    assert.equal(status.allowed, undefined);
    const refused = await dana('audit', 'promote', 'cart');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /cart is not promoted: NothingRecorded: nothing is recorded in the namespace shop/);
  });

  test('tells what would be let through and what not, with the rule, and is not promoted while something is refused', async () => {
    const answer = await ask(`${broker?.url}/v1/recordings`, {
      method: 'POST',
      token: 'agent',
      headers: { 'content-type': 'application/x-ndjson' },
      body: recorded(),
    });
    assert.equal(answer.code, 200, answer.body.toString('utf8'));
    const status = await until('cart', (each) => each.denied === 1);
    assert.deepEqual([status.allowed, status.unknown, reason(status)], [1, 0, 'Evaluated']);
    const [finding] = status.findings ?? [];
    assert.equal(finding?.about, '192.0.2.7 → Deployment shop/cart 8080/TCP');
    assert.match(finding?.rule ?? '', /^NetworkPolicy shop\/cart isolates it, and no ingress rule lets this through$/);
    const refused = await dana('audit', 'promote', 'cart', '--apply');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /would refuse 1 of what was observed, 0 not certain, 192\.0\.2\.7 → /);
    assert.ok(!api.requests.some(({ method, path }) => method === 'PATCH' && path.includes('networkpolicies')));
  });

  test('writes again only when there is news', async () => {
    const writes = (): number =>
      api.requests.filter(({ method, path }) => method === 'PATCH' && path.includes('/cart/status')).length;
    const before = writes();
    await sleep(3500);
    assert.equal(writes(), before);
  });

  test('a change to the policy is looked at anew; what is allowed wholly is promoted, printed or applied', async () => {
    const wider = policy(8080);
    const from = [...(wider.spec.ingress[0]?.from ?? []), { ipBlock: { cidr: '192.0.2.7/32' } }];
    const better = { ...wider, spec: { ...wider.spec, ingress: [{ from, ports: [{ port: 8080 }] }] } };
    put('cart', { policy: better }, 'shop', 2);
    const status = await until('cart', (each) => each.observedGeneration === 2 && each.denied === 0);
    assert.deepEqual([status.allowed, status.findings], [2, []]);
    const printed = await dana('audit', 'promote', 'cart');
    assert.equal(printed.code, 0, printed.stderr);
    assert.deepEqual(parse(printed.stdout), { ...better, metadata: { namespace: 'shop', name: 'cart' } });
    // What the double takes in a patch is what there is already.
    api.store.put({ ...policy(1), metadata: { name: 'cart', namespace: 'shop' } });
    const applied = await dana('audit', 'promote', 'cart', '--apply');
    assert.equal(applied.code, 0, applied.stderr);
    const resource = api.store.resourceFor('networking.k8s.io/v1', 'NetworkPolicy');
    assert.deepEqual(api.store.read(resource, 'shop', 'cart')['spec'], better.spec);
  });

  const refusals: readonly (readonly [name: string, spec: object, reason: string, message: RegExp])[] = [
    [
      'elsewhere',
      { policy: policy(80, { namespace: 'other' }) },
      'OtherNamespace',
      /of the namespace other, the audit of shop/,
    ],
    ['broken', { policy: { ...policy(80), spec: { podSelector: {}, egres: [] } } }, 'Invalid', /egres/],
    [
      'wide',
      {
        policy: {
          apiVersion: 'cilium.io/v2',
          kind: 'CiliumClusterwideNetworkPolicy',
          metadata: { name: 'w' },
          spec: {},
        },
      },
      'ClusterWide',
      /about the whole cluster/,
    ],
    [
      'what',
      { policy: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } } },
      'UnknownKind',
      /no policy kind has ConfigMap/,
    ],
  ];
  for (const [name, spec, wanted, message] of refusals) {
    test(`what cannot be answered says why: ${wanted}`, async () => {
      put(name, spec);
      const status = await until(name, (each) => reason(each) === wanted);
      assert.match(status.conditions?.[0]?.message ?? '', message);
      assert.equal(status.conditions?.[0]?.status, 'False');
    });
  }

  test("the broker asked for nothing that the chart's rights do not hold", () => {
    assert.doesNotMatch(broker?.text() ?? '', /forbidden/i);
  });
});
