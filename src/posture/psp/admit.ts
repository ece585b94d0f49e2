/**
 * Whether a PodSecurityPolicy lets a pod in as it stands, by the rules of its admission plugin (Kubernetes 1.24,
 * pkg/security/podsecuritypolicy). What it would have changed before is `mutate.ts`.
 */
import { effective, isTokenVolume, profileName, type PspContainer, type PspPod, volumeType } from './pod.ts';
import type { GroupRule, Psp, PspSpec } from './psp.ts';

/** What is refused, in words; empty when it is let in. */
export function refusals(psp: Psp, pod: PspPod): string[] {
  const ofPod = [
    ...hostNamespaces(psp.spec, pod),
    ...volumes(psp.spec, pod),
    ...podGroups(psp.spec, pod),
    ...others(psp.spec, pod),
  ];
  const ofContainers = pod.containers.flatMap((each) =>
    [...rights(psp.spec, each), ...identity(psp.spec, each, pod), ...profiles(psp, each, pod)].map(
      (what) => `container ${JSON.stringify(each.container.name)}: ${what}`,
    ),
  );
  return [...ofPod, ...ofContainers];
}

function hostNamespaces(spec: PspSpec, { spec: pod }: PspPod): string[] {
  return (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => pod[field] === true && !spec[field]);
}

function volumes(spec: PspSpec, pod: PspPod): string[] {
  const allowed = (type: string): boolean => spec.volumes.includes('*') || spec.volumes.includes(type);
  return pod.volumes.flatMap((volume) => {
    const type = volumeType(volume);
    // The token that every pod gets was let in where Secrets were, since they held it before.
    if (!allowed(type) && !(isTokenVolume(volume) && allowed('secret'))) return [`volume of type ${type}`];
    if (volume.hostPath != null) return hostPath(spec, pod, volume.name, volume.hostPath.path);
    if (
      volume.flexVolume != null &&
      !isListed(
        spec.allowedFlexVolumes?.map(({ driver }) => driver),
        volume.flexVolume.driver,
      )
    )
      return [`flexVolume ${volume.flexVolume.driver}`];
    if (
      volume.csi != null &&
      !isListed(
        spec.allowedCSIDrivers?.map(({ name }) => name),
        volume.csi.driver,
      )
    )
      return [`csi ${volume.csi.driver}`];
    return [];
  });
}

/** No list, and an empty one, hold back nothing. */
function isListed(list: readonly string[] | undefined, value: string): boolean {
  return list === undefined || list.length === 0 || list.includes(value);
}

function hostPath({ allowedHostPaths }: PspSpec, pod: PspPod, name: string, path: string): string[] {
  if (allowedHostPaths.length === 0) return [];
  const found = allowedHostPaths.filter(({ pathPrefix }) => isBelow(path, pathPrefix));
  if (found.length === 0) return [`hostPath ${path}`];
  if (found.some(({ readOnly }) => !readOnly)) return [];
  const writes = pod.containers.some(({ container }) =>
    (container.volumeMounts ?? []).some((mount) => mount.name === name && mount.readOnly !== true),
  );
  return writes ? [`hostPath ${path}, written to`] : [];
}

/** By whole segments. */
function isBelow(path: string, prefix: string): boolean {
  const segments = (text: string): string[] => text.split('/').filter((each) => each !== '');
  const own = segments(path);
  return segments(prefix).every((each, at) => own[at] === each);
}

function podGroups(spec: PspSpec, { security }: PspPod): string[] {
  const supplemental = security.supplementalGroups ?? [];
  return [
    ...group('fsGroup', spec.fsGroup, security.fsGroup == null ? [] : [security.fsGroup]),
    ...group('supplementalGroups', spec.supplementalGroups, supplemental),
  ];
}

function group(what: string, { rule, ranges }: GroupRule, values: readonly number[]): string[] {
  if (rule === 'RunAsAny') return [];
  if (values.length === 0) return rule === 'MustRunAs' ? [`${what} not set`] : [];
  return values.every((value) => isIn(ranges, value)) ? [] : [`${what} ${values.join()}`];
}

function isIn(ranges: PspSpec['hostPorts'], value: number): boolean {
  return ranges.some(({ min, max }) => value >= min && value <= max);
}

/** What a PodSecurityPolicy took for safe (1.24); clusters have added others since. */
export const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_syncookies',
];

function others(
  { forbiddenSysctls, allowedUnsafeSysctls, runtimeClass }: PspSpec,
  { spec, security }: PspPod,
): string[] {
  const matches = (patterns: readonly string[], name: string): boolean =>
    patterns.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
  const sysctls = (security.sysctls ?? []).flatMap(({ name }) =>
    matches(forbiddenSysctls, name) || !(safeSysctls.includes(name) || matches(allowedUnsafeSysctls, name))
      ? [`sysctl ${name}`]
      : [],
  );
  const runtime = spec.runtimeClassName ?? null;
  const names = runtimeClass?.allowedRuntimeClassNames ?? ['*'];
  return runtime === null || names.includes('*') || names.includes(runtime)
    ? sysctls
    : [...sysctls, `runtimeClassName ${runtime}`];
}

function rights(spec: PspSpec, { container, security }: PspContainer): string[] {
  const found: string[] = [];
  if (security.privileged === true && !spec.privileged) found.push('privileged');
  if (spec.readOnlyRootFilesystem && security.readOnlyRootFilesystem !== true)
    found.push('readOnlyRootFilesystem not true');
  if (!spec.allowPrivilegeEscalation && security.allowPrivilegeEscalation !== false)
    found.push('allowPrivilegeEscalation not false');
  for (const { hostPort } of container.ports ?? [])
    if ((hostPort ?? 0) !== 0 && !isIn(spec.hostPorts, hostPort ?? 0)) found.push(`hostPort ${hostPort}`);
  const mount = security.procMount ?? 'Default';
  if (mount !== 'Default' && !spec.allowedProcMountTypes.includes(mount)) found.push(`procMount ${mount}`);
  const allowed = [...spec.allowedCapabilities, ...spec.defaultAddCapabilities];
  for (const each of security.capabilities?.add ?? [])
    if (!allowed.includes('*') && !allowed.includes(each)) found.push(`capability ${each}`);
  for (const each of spec.requiredDropCapabilities)
    if (!drops(security.capabilities?.drop ?? [], each)) found.push(`capability ${each} not dropped`);
  return found;
}

/** Who drops all of them drops each: the plugin compared words alone. */
function drops(dropped: readonly string[], capability: string): boolean {
  return dropped.includes(capability) || dropped.includes('ALL');
}

function identity({ runAsUser, runAsGroup, seLinux }: PspSpec, container: PspContainer, pod: PspPod): string[] {
  const user = effective(container, pod, 'runAsUser');
  const own = effective(container, pod, 'runAsGroup');
  const nonRoot = effective(container, pod, 'runAsNonRoot');
  const found = group('runAsGroup', runAsGroup, own === null ? [] : [own]);
  if (runAsUser.rule === 'MustRunAs' && (user === null || !isIn(runAsUser.ranges, user)))
    found.push(user === null ? 'runAsUser not set' : `runAsUser ${user}`);
  if (runAsUser.rule === 'MustRunAsNonRoot') {
    if (user === 0) found.push('runAsUser 0');
    if (nonRoot === false || (nonRoot === null && user === null)) found.push('runAsNonRoot not true');
  }
  if (seLinux.rule === 'MustRunAs') {
    const options = effective(container, pod, 'seLinuxOptions');
    for (const field of ['user', 'role', 'type', 'level'] as const) {
      const wanted = seLinux.seLinuxOptions?.[field] ?? '';
      const set = options?.[field] ?? '';
      if (set !== wanted) found.push(`seLinuxOptions.${field} ${JSON.stringify(set)}`);
    }
  }
  return found;
}

function profiles({ seccompProfiles, appArmorProfiles }: Psp, container: PspContainer, pod: PspPod): string[] {
  const found: string[] = [];
  const seccomp = profileName(effective(container, pod, 'seccompProfile'));
  if (!isProfile(seccompProfiles ?? [''], seccomp)) found.push(`seccomp ${seccomp === '' ? 'not set' : seccomp}`);
  const appArmor = profileName(effective(container, pod, 'appArmorProfile'));
  // Where none is set the runtime takes its own.
  if (appArmorProfiles !== null && !isProfile(appArmorProfiles, appArmor === '' ? 'runtime/default' : appArmor))
    found.push(`AppArmor ${appArmor === '' ? 'not set' : appArmor}`);
  return found;
}

/** `docker/default` is the older word for the runtime's own. */
function isProfile(allowed: readonly string[], name: string): boolean {
  if (allowed.includes('*') || allowed.includes(name)) return true;
  if (name === 'runtime/default') return allowed.includes('docker/default');
  return name.startsWith('localhost/') && allowed.includes('localhost/*');
}
