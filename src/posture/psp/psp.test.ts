/** The judge of PodSecurityPolicies by cases, what they write into pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed } from '../change.ts';
import { refusals } from './admit.ts';
import { allowedBeyond } from './beyond.ts';
import { mutations } from './mutate.ts';
import { readFields } from './pod.ts';
import { podObject, pspObject } from './psp.cases.ts';
import { readPsp, UnreadablePsp } from './psp.ts';

const security = (securityContext: object): object => podObject({ securityContext });
const ofPod = (securityContext: object): object => podObject({}, { securityContext });
const volume = (each: object): object => podObject({}, { volumes: [{ name: 'v', ...each }] });
const range = (min: number, max: number) => ({ rule: 'MustRunAs', ranges: [{ min, max }] });
const token = { projected: { sources: [{ serviceAccountToken: {} }, { configMap: {} }, { downwardAPI: {} }] } };

const cases: readonly (readonly [title: string, spec: object, refused: object, letIn: object | null])[] = [
  ['privileged', {}, security({ privileged: true }), security({ privileged: false })],
  ['hostNetwork', {}, podObject({}, { hostNetwork: true }), podObject()],
  ['hostPID', { hostNetwork: true }, podObject({}, { hostPID: true }), podObject({}, { hostNetwork: true })],
  [
    'host ports, of several ranges one',
    {
      hostPorts: [
        { min: 80, max: 80 },
        { min: 443, max: 445 },
      ],
    },
    podObject({ ports: [{ hostPort: 81 }] }),
    podObject({ ports: [{ hostPort: 444 }, { hostPort: 80 }, { containerPort: 1 }] }),
  ],
  ['volumes: none without a list', {}, volume({ emptyDir: {} }), podObject()],
  [
    'volumes by type; without a source it is an emptyDir',
    { volumes: ['emptyDir'] },
    volume({ secret: {} }),
    volume({}),
  ],
  ['the token that every pod gets, where Secrets are let in', { volumes: ['configMap'] }, volume(token), null],
  [
    'the token, of Secrets',
    { volumes: ['secret'] },
    volume({ projected: { sources: [{ secret: {} }] } }),
    volume(token),
  ],
  [
    'host paths by whole segments',
    { volumes: ['hostPath'], allowedHostPaths: [{ pathPrefix: '/var/log' }] },
    volume({ hostPath: { path: '/var/logs' } }),
    volume({ hostPath: { path: '/var/log/pods' } }),
  ],
  [
    'host paths that are read only',
    { volumes: ['*'], allowedHostPaths: [{ pathPrefix: '/', readOnly: true }] },
    podObject({ volumeMounts: [{ name: 'v' }] }, { volumes: [{ name: 'v', hostPath: { path: '/a' } }] }),
    podObject(
      { volumeMounts: [{ name: 'v', readOnly: true }] },
      { volumes: [{ name: 'v', hostPath: { path: '/a' } }] },
    ),
  ],
  [
    'drivers',
    { volumes: ['csi'], allowedCSIDrivers: [{ name: 'a' }] },
    volume({ csi: { driver: 'b' } }),
    volume({ csi: { driver: 'a' } }),
  ],
  [
    'capabilities, the default ones too',
    { allowedCapabilities: ['CHOWN'], defaultAddCapabilities: ['KILL'] },
    security({ capabilities: { add: ['SYS_ADMIN'] } }),
    security({ capabilities: { add: ['CHOWN', 'KILL'] } }),
  ],
  [
    'capabilities that must go; who drops all drops each',
    { requiredDropCapabilities: ['NET_RAW'] },
    security({ capabilities: { drop: ['KILL'] } }),
    security({ capabilities: { drop: ['ALL'] } }),
  ],
  ['users of a range, set by the pod', { runAsUser: range(1, 5) }, podObject(), ofPod({ runAsUser: 5 })],
  [
    'users of a range, overridden',
    { runAsUser: range(1, 5) },
    podObject({ securityContext: { runAsUser: 6 } }, { securityContext: { runAsUser: 5 } }),
    null,
  ],
  ['not root', { runAsUser: { rule: 'MustRunAsNonRoot' } }, ofPod({ runAsUser: 0 }), ofPod({ runAsUser: 1 })],
  [
    'not root: something must say so',
    { runAsUser: { rule: 'MustRunAsNonRoot' } },
    podObject(),
    ofPod({ runAsNonRoot: true }),
  ],
  [
    'groups that may be set',
    { runAsGroup: { ...range(1, 2), rule: 'MayRunAs' } },
    ofPod({ runAsGroup: 3 }),
    podObject(),
  ],
  ['fsGroup', { fsGroup: range(1, 2) }, podObject(), ofPod({ fsGroup: 2 })],
  [
    'supplementalGroups',
    { supplementalGroups: range(1, 2) },
    ofPod({ supplementalGroups: [1, 3] }),
    ofPod({ supplementalGroups: [1, 2] }),
  ],
  [
    'SELinux options',
    { seLinux: { rule: 'MustRunAs', seLinuxOptions: { level: 's0' } } },
    ofPod({ seLinuxOptions: { level: 's0', type: 't' } }),
    ofPod({ seLinuxOptions: { level: 's0' } }),
  ],
  ['a root file system', { readOnlyRootFilesystem: true }, podObject(), security({ readOnlyRootFilesystem: true })],
  ['escalation', { allowPrivilegeEscalation: false }, podObject(), security({ allowPrivilegeEscalation: false })],
  [
    'sysctls: patterns of unsafe ones, forbidden before allowed',
    { allowedUnsafeSysctls: ['kernel.*'], forbiddenSysctls: ['kernel.sem'] },
    ofPod({ sysctls: [{ name: 'kernel.sem', value: '' }] }),
    ofPod({
      sysctls: [
        { name: 'kernel.msgmax', value: '' },
        { name: 'net.ipv4.tcp_syncookies', value: '' },
      ],
    }),
  ],
  [
    'procMount',
    { allowedProcMountTypes: ['Default'] },
    security({ procMount: 'Unmasked' }),
    security({ procMount: 'Default' }),
  ],
  [
    'runtime classes',
    { runtimeClass: { allowedRuntimeClassNames: ['a'] } },
    podObject({}, { runtimeClassName: 'b' }),
    podObject(),
  ],
  ['seccomp: without a list none may be set', {}, ofPod({ seccompProfile: { type: 'RuntimeDefault' } }), podObject()],
];
for (const [title, spec, refused, letIn] of cases) {
  test(`a PodSecurityPolicy refuses what it does not allow: ${title}`, () => {
    const psp = readPsp(pspObject(spec));
    assert.equal(refusals(psp, readFields(refused)).length, 1, JSON.stringify(refusals(psp, readFields(refused))));
    if (letIn !== null) assert.deepEqual(refusals(psp, readFields(letIn)), []);
  });
}

test('annotations: seccomp and AppArmor by list; an empty name stands for none', () => {
  const psp = (seccomp: string, appArmor: string) =>
    readPsp(
      pspObject({}, 'p', {
        'seccomp.security.alpha.kubernetes.io/allowedProfileNames': seccomp,
        'apparmor.security.beta.kubernetes.io/allowedProfileNames': appArmor,
      }),
    );
  const runtime = ofPod({ seccompProfile: { type: 'RuntimeDefault' } });
  const local = ofPod({ seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' } });
  const refusedBoth = (one: ReturnType<typeof psp>, pod: object) => refusals(one, readFields(pod));
  assert.deepEqual(refusedBoth(psp('docker/default', '*'), runtime), []);
  assert.deepEqual(refusedBoth(psp('runtime/default', '*'), podObject()), ['container "app": seccomp not set']);
  assert.deepEqual(refusedBoth(psp('runtime/default,', 'runtime/default'), podObject()), []);
  assert.deepEqual(refusedBoth(psp('localhost/*', 'localhost/x'), local), ['container "app": AppArmor not set']);
});

test('what a policy writes into a pod: what is set stays, everything else is as the plugin had it', () => {
  const psp = readPsp(
    pspObject(
      {
        defaultAddCapabilities: ['CHOWN'],
        requiredDropCapabilities: ['NET_RAW'],
        runAsUser: range(1000, 2000),
        runAsGroup: range(3000, 3000),
        fsGroup: range(4000, 4000),
        supplementalGroups: range(5000, 6000),
        seLinux: { rule: 'MustRunAs', seLinuxOptions: { level: 's0' } },
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        runtimeClass: { allowedRuntimeClassNames: ['*'], defaultRuntimeClassName: 'gvisor' },
      },
      'p',
      {
        'seccomp.security.alpha.kubernetes.io/allowedProfileNames': 'runtime/default',
        'seccomp.security.alpha.kubernetes.io/defaultProfileName': 'runtime/default',
        'apparmor.security.beta.kubernetes.io/defaultProfileName': 'localhost/x',
      },
    ),
  );
  const pod = podObject({ securityContext: { runAsUser: 1500, capabilities: { drop: ['CHOWN'] } } });
  const { spec } = changed(pod, mutations(psp, readFields(pod))) as {
    spec: { containers: object[] } & Record<string, unknown>;
  };
  assert.deepEqual(spec['securityContext'], {
    fsGroup: 4000,
    supplementalGroups: [5000],
    seLinuxOptions: { level: 's0' },
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.equal(spec['runtimeClassName'], 'gvisor');
  assert.deepEqual(spec.containers[0], {
    name: 'app',
    image: 'x',
    securityContext: {
      runAsUser: 1500,
      runAsGroup: 3000,
      appArmorProfile: { type: 'Localhost', localhostProfile: 'x' },
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['CHOWN', 'NET_RAW'] },
    },
  });
});

test('taken by its word, the published restricted policy allows more than the level: it is told', () => {
  const psp = readPsp(
    pspObject(
      {
        requiredDropCapabilities: ['ALL'],
        volumes: [
          'configMap',
          'emptyDir',
          'projected',
          'secret',
          'downwardAPI',
          'csi',
          'persistentVolumeClaim',
          'ephemeral',
        ],
        runAsUser: { rule: 'MustRunAsNonRoot' },
        allowPrivilegeEscalation: false,
      },
      'restricted',
      {
        'seccomp.security.alpha.kubernetes.io/allowedProfileNames': 'docker/default,runtime/default',
        'apparmor.security.beta.kubernetes.io/allowedProfileNames': 'runtime/default',
      },
    ),
  );
  assert.deepEqual(allowedBeyond(psp, 'restricted'), ['any SELinux user, role and type']);
  const wide = readPsp(pspObject({ privileged: true, volumes: ['*'], allowedCapabilities: ['*'] }));
  assert.deepEqual(allowedBeyond(wide, 'privileged'), []);
  assert.deepEqual(allowedBeyond(wide, 'baseline').slice(0, 3), ['privileged', 'capabilities all', 'any hostPath']);
});

test('what is no PodSecurityPolicy is refused with its place', () => {
  assert.throws(
    () => readPsp(pspObject({ privileged: 'yes' })),
    (error) => error instanceof UnreadablePsp && error.message.startsWith('spec.privileged: '),
  );
});
