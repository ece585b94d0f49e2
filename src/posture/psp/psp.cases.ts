/** PodSecurityPolicies and pods for tests: some by hand, and random ones whose fields meet each other. */
import fc from 'fast-check';

export const pspObject = (spec: object = {}, name = 'p', annotations: Record<string, string> = {}): object => ({
  apiVersion: 'policy/v1beta1',
  kind: 'PodSecurityPolicy',
  metadata: { name, annotations },
  spec: {
    seLinux: { rule: 'RunAsAny' },
    runAsUser: { rule: 'RunAsAny' },
    supplementalGroups: { rule: 'RunAsAny' },
    fsGroup: { rule: 'RunAsAny' },
    ...spec,
  },
});

export const podObject = (container: object = {}, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { ...spec, containers: [{ name: 'app', image: 'x', ...container }] },
});

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
const record = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(Object.entries(model).map(([key, each]) => [key, maybe(each)]))).map(defined);

const capability = fc.constantFrom('NET_ADMIN', 'CHOWN', 'NET_BIND_SERVICE', 'ALL', 'NET_RAW');
const ranges = fc.constantFrom(
  [{ min: 1, max: 9 }],
  [{ min: 0, max: 0 }],
  [
    { min: 5, max: 6 },
    { min: 8, max: 8 },
  ],
);
const id = fc.integer({ min: 0, max: 10 });
const groups = fc.record({ rule: fc.constantFrom('MustRunAs', 'MayRunAs', 'RunAsAny'), ranges });
const profiles = fc.constantFrom(
  '*',
  'runtime/default',
  'localhost/a',
  'localhost/*,runtime/default',
  'runtime/default,',
  'unconfined',
);
const volumeTypes = ['configMap', 'secret', 'emptyDir', 'hostPath', 'projected', 'csi', 'flexVolume', 'nfs'];
const label = fc.constantFrom('', 'a', 'b"]\\ || true');

/** Holds back nothing. */
const open: object = {
  privileged: true,
  hostNetwork: true,
  hostPID: true,
  hostIPC: true,
  hostPorts: [{ min: 0, max: 65_535 }],
  allowedCapabilities: ['*'],
  volumes: ['*'],
  allowPrivilegeEscalation: true,
};

/** Policies that hold back one or two things each, so that pods are let in as often as not. */
export const anyPsp: fc.Arbitrary<object> = fc
  .tuple(
    fc.record({
      privileged: fc.boolean(),
      hostNetwork: fc.boolean(),
      hostPorts: ranges,
      allowedCapabilities: fc.subarray(['*', 'NET_ADMIN', 'CHOWN', 'NET_BIND_SERVICE'], { maxLength: 2 }),
      defaultAddCapabilities: fc.subarray(['CHOWN', 'NET_ADMIN'], { maxLength: 1 }),
      requiredDropCapabilities: fc.subarray(['ALL', 'NET_RAW'], { maxLength: 1 }),
      volumes: fc.oneof(fc.constant(['*']), fc.subarray(volumeTypes)),
      allowedHostPaths: fc.constantFrom([], [{ pathPrefix: '/var/log/' }], [{ pathPrefix: '/var', readOnly: true }]),
      allowedFlexVolumes: fc.constantFrom([], [{ driver: 'x/y' }]),
      allowedCSIDrivers: fc.constantFrom([], [{ name: 'd' }]),
      runAsUser: fc.oneof(
        fc.constant({ rule: 'MustRunAsNonRoot' }),
        fc.constant({ rule: 'RunAsAny' }),
        ranges.map((each) => ({ rule: 'MustRunAs', ranges: each })),
      ),
      runAsGroup: groups,
      fsGroup: groups,
      supplementalGroups: groups,
      seLinux: fc.oneof(
        fc.constant({ rule: 'RunAsAny' }),
        fc.record({ rule: fc.constant('MustRunAs'), seLinuxOptions: record({ level: label, type: label }) }),
      ),
      readOnlyRootFilesystem: fc.boolean(),
      allowPrivilegeEscalation: fc.boolean(),
      forbiddenSysctls: fc.constantFrom([], ['kernel.*'], ['net.ipv4.tcp_syncookies']),
      runtimeClass: fc.constantFrom({ allowedRuntimeClassNames: ['*'] }, { allowedRuntimeClassNames: ['gvisor'] }),
    }),
    fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 2 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, profiles),
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, profiles),
  )
  .map(([all, chosen, seccomp, appArmor]) => {
    const fields = Object.entries(all);
    const spec = { ...open, ...Object.fromEntries(chosen.map((each) => fields[each % fields.length] ?? [])) };
    return pspObject(spec, 'p', {
      // Without it, pods that set a profile were refused: that is not carried on.
      'seccomp.security.alpha.kubernetes.io/allowedProfileNames': seccomp,
      ...(appArmor === undefined ? {} : { 'apparmor.security.beta.kubernetes.io/allowedProfileNames': appArmor }),
    });
  });

const profile = fc.constantFrom(
  { type: 'RuntimeDefault' },
  { type: 'Unconfined' },
  { type: 'Localhost', localhostProfile: 'a' },
  { type: 'Localhost', localhostProfile: 'b' },
);
const identity = {
  runAsUser: id,
  runAsGroup: id,
  runAsNonRoot: fc.boolean(),
  seLinuxOptions: record({ level: label, type: label }),
  seccompProfile: profile,
  appArmorProfile: profile,
};
const container = fc
  .record({
    securityContext: record({
      ...identity,
      privileged: fc.boolean(),
      allowPrivilegeEscalation: fc.boolean(),
      readOnlyRootFilesystem: fc.boolean(),
      capabilities: record({
        add: fc.uniqueArray(capability, { maxLength: 2 }),
        drop: fc.uniqueArray(capability, { maxLength: 2 }),
      }),
    }),
    ports: maybe(fc.array(record({ hostPort: id, containerPort: id }), { maxLength: 2 })),
    volumeMounts: maybe(
      fc.array(fc.record({ name: fc.constant('v0'), mountPath: fc.constant('/v'), readOnly: fc.boolean() }), {
        maxLength: 1,
      }),
    ),
  })
  .map((each) => defined({ name: 'app', image: 'x', ...each }));
const token = { serviceAccountToken: { path: 'token' } };
const volume = fc.constantFrom(
  { configMap: { name: 'a' } },
  { secret: { secretName: 'a' } },
  { hostPath: { path: '/var/log' } },
  { hostPath: { path: '/var/logs' } },
  { hostPath: { path: '/etc' } },
  { projected: { sources: [token, { configMap: { name: 'kube-root-ca.crt' } }] } },
  { projected: { sources: [token, { secret: { name: 'a' } }] } },
  { csi: { driver: 'd' } },
  { csi: { driver: 'e' } },
  { flexVolume: { driver: 'x/y' } },
  { flexVolume: { driver: 'z' } },
  { nfs: { server: 'a', path: '/' } },
);

export const anyPod: fc.Arbitrary<object> = fc
  .record({
    spec: record({
      hostNetwork: fc.boolean(),
      runtimeClassName: fc.constantFrom('gvisor', 'runc'),
      securityContext: record({
        ...identity,
        fsGroup: id,
        supplementalGroups: fc.array(id, { maxLength: 2 }),
        sysctls: fc.subarray([
          { name: 'kernel.shm_rmid_forced', value: '1' },
          { name: 'net.ipv4.tcp_syncookies', value: '1' },
        ]),
      }),
      initContainers: fc.array(container, { maxLength: 1 }),
    }),
    containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    volumes: fc.array(volume, { maxLength: 2 }),
  })
  .map(({ spec, containers, volumes }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { ...spec, containers, volumes: volumes.map((each, at) => ({ name: `v${at}`, ...each })) },
  }));
