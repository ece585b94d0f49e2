/**
 * What a PodSecurityPolicy allows that a level of the Pod Security Standards does not, by the documented mapping of fields
 * (https://kubernetes.io/docs/reference/access-authn-authz/psp-to-pod-security-standards/). Taken by the word hardly any
 * policy is stricter than `privileged`, so this is told, and the level is chosen from pods.
 */
import { baselineCapabilities, allowedVolumes } from '../pss/checks/rights.ts';
import type { Level } from '../pss/level.ts';
import type { Psp } from './psp.ts';

/** Empty where the policy is at least as strict as the level. */
export function allowedBeyond(psp: Psp, level: Level): string[] {
  if (level === 'privileged') return [];
  return level === 'baseline' ? beyondBaseline(psp) : [...beyondBaseline(psp, true), ...beyondRestricted(psp)];
}

function beyondBaseline({ spec, seccompProfiles, appArmorProfiles }: Psp, restricted = false): string[] {
  const found: string[] = (['privileged', 'hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
  if (spec.hostPorts.length > 0)
    found.push(`host ports ${spec.hostPorts.map(({ min, max }) => (min === max ? min : `${min}-${max}`)).join(', ')}`);
  if (!restricted) {
    const more = capabilitiesBeyond(spec, baselineCapabilities);
    if (more.length > 0) found.push(`capabilities ${more.join(', ')}`);
    if (spec.volumes.includes('*') || spec.volumes.includes('hostPath')) found.push(hostPaths(spec.allowedHostPaths));
  }
  if (spec.allowedUnsafeSysctls.length > 0) found.push(`sysctls ${spec.allowedUnsafeSysctls.join(', ')}`);
  const mounts = spec.allowedProcMountTypes.filter((each) => each !== 'Default');
  if (mounts.length > 0) found.push(`procMount ${mounts.join(', ')}`);
  const { rule, seLinuxOptions: options } = spec.seLinux;
  if (rule === 'RunAsAny') found.push('any SELinux user, role and type');
  else if ((options?.user ?? '') !== '' || (options?.role ?? '') !== '') found.push('an SELinux user or role');
  if (seccompProfiles?.some((each) => each === '*' || each === 'unconfined') === true) found.push('seccomp unconfined');
  if (appArmorProfiles === null || appArmorProfiles.some((each) => each === '*' || each === 'unconfined'))
    found.push('AppArmor unconfined');
  return found;
}

function capabilitiesBeyond(
  { allowedCapabilities, defaultAddCapabilities }: Psp['spec'],
  level: readonly string[],
): readonly string[] {
  const allowed = [...new Set([...allowedCapabilities, ...defaultAddCapabilities])];
  return allowed.filter((each) => !level.includes(each)).map((each) => (each === '*' ? 'all' : each));
}

function hostPaths(paths: Psp['spec']['allowedHostPaths']): string {
  return paths.length === 0
    ? 'any hostPath'
    : `hostPath ${paths.map(({ pathPrefix, readOnly }) => `${pathPrefix}${readOnly ? ' (read only)' : ''}`).join(', ')}`;
}

function beyondRestricted({ spec, seccompProfiles }: Psp): string[] {
  const found: string[] = [];
  const more = capabilitiesBeyond(spec, ['NET_BIND_SERVICE']);
  if (more.length > 0) found.push(`capabilities ${more.join(', ')}`);
  if (!spec.requiredDropCapabilities.includes('ALL')) found.push('capabilities that are not dropped');
  const volumes = spec.volumes.filter((each) => !allowedVolumes.has(each));
  if (volumes.length > 0)
    found.push(`volumes ${volumes.map((each) => (each === '*' ? 'of any type' : each)).join(', ')}`);
  const { rule, ranges } = spec.runAsUser;
  if (rule === 'RunAsAny' || (rule === 'MustRunAs' && ranges.some(({ min }) => min === 0))) found.push('user 0');
  if (spec.allowPrivilegeEscalation) found.push('privilege escalation');
  if ((seccompProfiles ?? ['']).includes('')) found.push('no seccomp profile');
  return found;
}
