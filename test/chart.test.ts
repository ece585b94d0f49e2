/** The chart with real Helm, 4 and 3: what it renders, what it refuses, and that its rights are enough and no more. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const chart = here('chart');
const helms = ['helm-4', 'helm-3'].map((name) => here(`build/tools/${name}/helm`));
const skip = helms.every((helm) => existsSync(helm)) ? false : 'needs Helm: scripts/kubernetes-tools';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

function render(helm: string, ...set: string[]): Manifest[] {
  const flags = set.flatMap((each) => ['--set', each]);
  const text = execFileSync(helm, ['template', 'kguardian', chart, '--namespace', 'kguardian', ...flags], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** Everything that can be turned. */
const variants: readonly (readonly string[])[] = [
  [],
  ['database.embedded.persistence=false', 'networkPolicy.enabled=false', 'rbac.aggregateToView=false'],
  ['broker.replicas=3', 'database.external.secretName=pg', 'database.external.cidrs={10.1.0.0/16}'],
  ['seccomp.type=Localhost', 'seccomp.operator=true', 'tls.existingSecret=own'],
  ['agent.namespaces={shop,pay}', 'agent.excludeNamespaces={kube-system}', 'agent.clusterCIDRs={10.96.0.0/12}'],
  ['networkPolicy.apiServerCIDRs={10.0.0.1/32}', 'networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.a=b'],
  ['auditWebhook.enabled=true', 'auditWebhook.cidrs={10.0.0.1/32}'],
  [
    'image.digest=sha256:' + '0'.repeat(64),
    'imagePullSecrets[0].name=pull',
    'agent.priorityClassName=system-node-critical',
  ],
];

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostIPC?: boolean;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly securityContext: {
      readonly privileged?: boolean;
      readonly allowPrivilegeEscalation: boolean;
      readonly readOnlyRootFilesystem: boolean;
      readonly capabilities: { readonly add?: readonly string[]; readonly drop: readonly string[] };
    };
    readonly volumeMounts: readonly { readonly name: string; readonly readOnly?: boolean }[];
  }[];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
  readonly securityContext?: { readonly runAsNonRoot?: boolean };
}

const podOf = (manifests: readonly Manifest[], kind: string): PodSpec => {
  const found = manifests.find((each) => each.kind === kind);
  assert.ok(found, `no ${kind}`);
  return (found['spec'] as { template: { spec: PodSpec } }).template.spec;
};

describe('the chart', { skip }, () => {
  for (const [at, helm] of helms.entries()) {
    test(`is well formed for Helm ${4 - at}`, () => {
      execFileSync(helm, ['lint', '--strict', chart], { stdio: 'pipe' });
    });
    for (const set of variants) {
      test(`renders with Helm ${4 - at}: ${set.join(' ') || 'as it is'}`, () => {
        const manifests = render(helm, ...set);
        assert.ok(manifests.length >= 12);
        const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
        assert.equal(new Set(names).size, names.length);
      });
    }
  }

  const refused: readonly (readonly [set: string, message: RegExp])[] = [
    ['broker.replicas=2', /broker\.replicas is more than 1: that needs database\.external\.secretName/],
    ['broker.replica=2', /additional properties 'replica' not allowed|Additional property replica is not allowed/],
    ['agent.spoolSize=lots', /spoolSize/],
    ['agent.namespaces={Not_A_Name}', /namespaces/],
    ['networkPolicy.apiServerPorts={0}', /apiServerPorts/],
    ['seccomp.type=Unconfined', /type/],
    ['image.digest=latest', /digest/],
  ];
  for (const [set, message] of refused) {
    test(`refuses ${set}`, () => {
      for (const helm of helms) {
        const { status, stderr } = spawnSync(helm, ['template', chart, '--set', set], { encoding: 'utf8' });
        assert.notEqual(status, 0);
        assert.match(stderr, message);
      }
    });
  }

  test('the agent is not privileged: five capabilities, two folders of the node, one of them to read only', () => {
    const spec = podOf(render(helms[0] ?? ''), 'DaemonSet');
    const [agent] = spec.containers;
    assert.ok(agent);
    assert.deepEqual(agent.securityContext.capabilities, {
      drop: ['ALL'],
      add: ['BPF', 'PERFMON', 'NET_ADMIN', 'SYSLOG', 'SYS_PTRACE'],
    });
    assert.equal(agent.securityContext.privileged ?? false, false);
    assert.equal(agent.securityContext.allowPrivilegeEscalation, false);
    assert.equal(agent.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual([spec.hostNetwork ?? false, spec.hostIPC ?? false], [false, false]);
    const paths = spec.volumes.flatMap(({ hostPath }) => hostPath?.path ?? []);
    assert.deepEqual(paths, ['/sys/fs/cgroup', '/var/lib/kguardian']);
    assert.equal(agent.volumeMounts.find(({ name }) => name === 'cgroup')?.readOnly, true);
  });

  test('the broker runs as nobody, with no capability', () => {
    const spec = podOf(render(helms[0] ?? ''), 'Deployment');
    const [broker] = spec.containers;
    assert.deepEqual(broker?.securityContext.capabilities, { drop: ['ALL'] });
    assert.equal(spec.securityContext?.runAsNonRoot, true);
    assert.deepEqual(
      spec.volumes.flatMap(({ hostPath }) => hostPath ?? []),
      [],
    );
  });

  test('the audit webhook has an account of its own, which may send events and nothing else, and a way to the broker', () => {
    const manifests = render(helms[0] ?? '', 'auditWebhook.enabled=true', 'auditWebhook.cidrs={10.0.0.1/32}');
    const name = 'kguardian-audit-webhook';
    const of = (kind: string): Manifest | undefined =>
      manifests.find((each) => each.kind === kind && each.metadata.name === name);
    assert.equal(of('ServiceAccount')?.['automountServiceAccountToken'], false);
    assert.equal(of('Secret')?.['type'], 'kubernetes.io/service-account-token');
    assert.deepEqual(of('ClusterRole')?.['rules'], [
      { apiGroups: ['kguardian.dev'], resources: ['auditevents'], verbs: ['create'] },
    ]);
    assert.deepEqual(of('ClusterRoleBinding')?.['subjects'], [
      { kind: 'ServiceAccount', name, namespace: 'kguardian' },
    ]);
    const broker = manifests.find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'kguardian-broker',
    );
    assert.ok(broker);
    const { ingress } = broker['spec'] as { ingress: { from?: object[] }[] };
    assert.deepEqual(ingress[1]?.from, [{ ipBlock: { cidr: '10.0.0.1/32' } }]);
    const without = render(helms[0] ?? '').map(({ metadata }) => metadata.name);
    assert.ok(!without.includes(name));
  });

  test('no role has a wildcard, and none may write anything of the cluster', () => {
    const writes = render(helms[0] ?? '')
      .filter(({ kind }) => kind === 'ClusterRole')
      .flatMap((role) => role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[])
      .flatMap(({ apiGroups, resources, verbs }) => {
        assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'));
        return verbs
          .filter((verb) => !['get', 'list', 'watch'].includes(verb))
          .map((verb) => `${verb} ${resources.join()}`);
      });
    assert.deepEqual(writes.toSorted(), ['create recordings', 'create subjectaccessreviews', 'create tokenreviews']);
  });

  test('flags of the chart are flags of the commands', () => {
    const all = variants.flatMap((set) => render(helms[0] ?? '', ...set));
    for (const pod of all.filter(({ kind }) => ['DaemonSet', 'Deployment'].includes(kind))) {
      const { spec } = (pod['spec'] as { template: { spec: PodSpec } }).template;
      for (const { args } of spec.containers) {
        const [command = '', ...flags] = args;
        const help = execFileSync(here('bin/kguardian'), [command, '--help'], { encoding: 'utf8' });
        for (const flag of flags) assert.ok(help.includes(` ${flag.split('=')[0]} `), `${command} has no ${flag}`);
      }
    }
  });

  test('the plain manifests are what the chart renders (make manifests)', () => {
    assert.equal(
      readFileSync(here('deploy/kguardian.yaml'), 'utf8'),
      execFileSync(here('scripts/manifests'), { encoding: 'utf8' }),
    );
  });

  test('what the Containerfile copies is there', () => {
    const copied = [...readFileSync(here('Containerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = '']) => sources.split(' '),
    );
    assert.ok(copied.length > 5);
    for (const source of copied) assert.ok(existsSync(here(source)), source);
  });
});
