/** What a PodSecurityPolicy writes into a pod before it looks at it: so a pod may pass that its manifest alone would not. */
import type { Edit } from '../change.ts';
import { effective, type PspContainer, type PspPod } from './pod.ts';
import type { Psp, PspSpec } from './psp.ts';

/** From the pod down. Empty when the policy leaves the pod as it is. */
export function mutations(psp: Psp, pod: PspPod): Edit[] {
  return [
    ...ofPod(psp, pod),
    // Ephemeral containers are added to pods that run: nothing is written into them here.
    ...pod.containers
      .filter(({ field }) => field !== 'ephemeralContainers')
      .flatMap((each) => ofContainer(psp, each, pod)),
  ];
}

function ofPod({ spec, defaultSeccomp }: Psp, pod: PspPod): Edit[] {
  const found: Edit[] = [];
  const set = (field: string, value: unknown): void =>
    void found.push({ path: ['spec', 'securityContext', field], value });
  const [fs] = spec.fsGroup.ranges;
  if (spec.fsGroup.rule === 'MustRunAs' && pod.security.fsGroup == null && fs !== undefined) set('fsGroup', fs.min);
  const [more] = spec.supplementalGroups.ranges;
  if (spec.supplementalGroups.rule === 'MustRunAs' && pod.security.supplementalGroups == null && more !== undefined)
    set('supplementalGroups', [more.min]);
  const options = seLinuxOf(spec);
  if (options !== null && pod.security.seLinuxOptions == null) set('seLinuxOptions', options);
  const profile = defaultSeccomp === null ? null : profileOf(defaultSeccomp);
  const isSet = pod.containers.some((each) => effective(each, pod, 'seccompProfile') !== null);
  if (profile !== null && !isSet) set('seccompProfile', profile);
  const runtime = spec.runtimeClass?.defaultRuntimeClassName ?? null;
  if (runtime !== null && pod.spec.runtimeClassName == null)
    found.push({ path: ['spec', 'runtimeClassName'], value: runtime });
  return found;
}

function seLinuxOf({ seLinux }: PspSpec): Readonly<Record<string, string>> | null {
  if (seLinux.rule !== 'MustRunAs' || seLinux.seLinuxOptions == null) return null;
  return Object.fromEntries(Object.entries(seLinux.seLinuxOptions).filter(([, value]) => value !== ''));
}

/** Null for a name that is no profile. */
function profileOf(name: string): Readonly<Record<string, string>> | null {
  if (name === 'runtime/default' || name === 'docker/default') return { type: 'RuntimeDefault' };
  if (name === 'unconfined') return { type: 'Unconfined' };
  const [, local] = /^localhost\/(.+)$/.exec(name) ?? [];
  return local === undefined ? null : { type: 'Localhost', localhostProfile: local };
}

function ofContainer({ spec, defaultAppArmor }: Psp, each: PspContainer, pod: PspPod): Edit[] {
  const { security } = each;
  const found: Edit[] = [];
  const set = (field: string, value: unknown): void =>
    void found.push({ path: ['spec', each.field, each.index, 'securityContext', field], value });
  const user = effective(each, pod, 'runAsUser');
  const [range] = spec.runAsUser.ranges;
  if (spec.runAsUser.rule === 'MustRunAs' && user === null && range !== undefined) set('runAsUser', range.min);
  if (spec.runAsUser.rule === 'MustRunAsNonRoot' && user === null && effective(each, pod, 'runAsNonRoot') === null)
    set('runAsNonRoot', true);
  const [group] = spec.runAsGroup.ranges;
  if (spec.runAsGroup.rule === 'MustRunAs' && effective(each, pod, 'runAsGroup') === null && group !== undefined)
    set('runAsGroup', group.min);
  const profile = defaultAppArmor === null ? null : profileOf(defaultAppArmor);
  if (profile !== null && effective(each, pod, 'appArmorProfile') === null) set('appArmorProfile', profile);
  if (spec.readOnlyRootFilesystem && security.readOnlyRootFilesystem == null) set('readOnlyRootFilesystem', true);
  if (security.allowPrivilegeEscalation == null) {
    if (!spec.allowPrivilegeEscalation) set('allowPrivilegeEscalation', false);
    else if (spec.defaultAllowPrivilegeEscalation != null)
      set('allowPrivilegeEscalation', spec.defaultAllowPrivilegeEscalation);
  }
  const capabilities = capabilitiesOf(spec, each);
  if (capabilities !== null) set('capabilities', capabilities);
  return found;
}

/** Null where they stay as they are. */
function capabilitiesOf(spec: PspSpec, { security }: PspContainer): Readonly<Record<string, readonly string[]>> | null {
  const add = security.capabilities?.add ?? [];
  const drop = security.capabilities?.drop ?? [];
  const more = spec.defaultAddCapabilities.filter((each) => !add.includes(each) && !drop.includes(each));
  // Who drops all of them drops what is asked for already.
  const less = drop.includes('ALL') ? [] : spec.requiredDropCapabilities.filter((each) => !drop.includes(each));
  if (more.length + less.length === 0) return null;
  return {
    ...(add.length + more.length === 0 ? {} : { add: [...add, ...more] }),
    ...(drop.length + less.length === 0 ? {} : { drop: [...drop, ...less] }),
  };
}
