/** Both levels: what loosens the kernel's security modules, /proc and sysctls. */
import { type ContainerSecurity, type PodSecurity, type PodView } from '../pod.ts';
import { type Fault, fault, type Finding, goQuoted, named, plural, quoted, setters, sortedSet } from '../wording.ts';
import { type Check, notWindows, type Variant } from './check.ts';
import { badSetters, lacking, type Value } from './values.ts';

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

const appArmorProfile: Check = {
  id: 'appArmorProfile',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run(pod) {
        const fields = badSetters(
          pod,
          ['appArmorProfile', 'type'],
          (each) => each.appArmorProfile?.type,
          (type) => type !== 'RuntimeDefault' && type !== 'Localhost',
          true,
        );
        const annotations = Object.entries(pod.annotations)
          .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isAppArmorName(value))
          .toSorted(([a], [b]) => (a < b ? -1 : 1));
        if (fields === null && annotations.length === 0) return null;
        const values = [
          ...(fields?.values ?? []),
          ...annotations.map(([key, value]) => `${key}=${goQuoted(value)}`).toSorted(),
        ];
        const who = [
          ...(fields === null ? [] : [fields.who]),
          ...(annotations.length === 0 ? [] : [plural(annotations.length, 'annotation')]),
        ].join(' and ');
        return {
          reason: plural(values.length, 'forbidden AppArmor profile'),
          detail: `${who} must not set AppArmor profile type to ${quoted(values)}`,
          faults: [...(fields?.faults ?? []), ...annotations.map(([key, value]) => annotation(key, value))],
        };
      },
    },
  ],
};

function isAppArmorName(profile: string): boolean {
  return profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
}

function annotation(key: string, value: string): Fault {
  return { path: ['metadata', 'annotations', key], container: null, value };
}

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxOptions: Check = {
  id: 'seLinuxOptions',
  level: 'baseline',
  versions: [
    { since: 0, run: seLinuxWith(seLinuxTypes) },
    { since: 31, run: seLinuxWith([...seLinuxTypes, 'container_engine_t']) },
  ],
};

function seLinuxWith(types: readonly string[]): Variant['run'] {
  const isBad = {
    type: (value: Value) => !types.includes(String(value)),
    user: (value: Value) => value !== '',
    role: (value: Value) => value !== '',
  };
  const parts = ['type', 'user', 'role'] as const;
  return (pod): Finding | null => {
    const found = parts.map((part) =>
      badSetters(pod, ['seLinuxOptions', part], (each) => each.seLinuxOptions?.[part], isBad[part], true),
    );
    const [type, user, role] = found;
    const faults = found.flatMap((each) => each?.faults ?? []);
    if (faults.length === 0) return null;
    const containers = pod.containers.filter(({ field, index }) =>
      faults.some(({ path }) => path[1] === field && path[2] === index),
    );
    const what = [
      ...(type?.values === undefined ? [] : [`${plural(type.values.length, 'type')} ${quoted(type.values)}`]),
      ...(user === null ? [] : ['user may not be set']),
      ...(role === null ? [] : ['role may not be set']),
    ].join('; ');
    const who = setters(
      faults.some(({ container }) => container === null),
      containers,
    );
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what}`,
      faults,
    };
  };
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';

function seccompAnnotations({ annotations, containers }: PodView): Finding | null {
  const keys = sortedSet([seccompPod, ...containers.map(({ name }) => `${seccompContainer}${name}`)]);
  const bad = keys.flatMap((key) => {
    const value = annotations[key];
    return value === undefined || isSeccompName(value) ? [] : [[key, value] as const];
  });
  if (bad.length === 0) return null;
  const texts = bad.map(([key, value]) => `${key}=${goQuoted(value)}`);
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural(bad.length, 'annotation')} ${texts.join(', ')}`,
    faults: bad.map(([key, value]) => annotation(key, value)),
  };
}

function isSeccompName(profile: string): boolean {
  return profile === 'runtime/default' || profile === 'docker/default' || profile.startsWith('localhost/');
}

const seccompOf = (each: PodSecurity & ContainerSecurity): Value | null | undefined => each.seccompProfile?.type;
const isConfined = (type: Value): boolean => type === 'RuntimeDefault' || type === 'Localhost';

function seccompFields(pod: PodView): Finding | null {
  const bad = badSetters(pod, ['seccompProfile', 'type'], seccompOf, (type) => !isConfined(type), true);
  if (bad === null) return null;
  const detail = `${bad.who} must not set securityContext.seccompProfile.type to ${quoted(bad.values)}`;
  return { reason: 'seccompProfile', detail, faults: bad.faults };
}

function seccompRequired(pod: PodView): Finding | null {
  const bad = seccompFields(pod);
  if (bad !== null) return bad;
  const without = lacking(pod, seccompOf, isConfined);
  if (without.length === 0) return null;
  const wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return {
    reason: 'seccompProfile',
    detail: `pod or ${named(without)} ${wanted}`,
    faults: without.map((placed) => fault(placed, ['securityContext', 'seccompProfile', 'type'], undefined)),
  };
}

const seccompBaseline: Check = {
  id: 'seccompProfile_baseline',
  level: 'baseline',
  versions: [
    { since: 0, run: seccompAnnotations },
    { since: 19, run: seccompFields },
  ],
};

const seccompRestricted: Check = {
  id: 'seccompProfile_restricted',
  level: 'restricted',
  versions: [
    { since: 19, run: seccompRequired },
    { since: 25, run: notWindows(seccompRequired) },
  ],
  overrides: 'seccompProfile_baseline',
};

function procMounts(pod: PodView): Finding | null {
  const found = badSetters(
    pod,
    ['procMount'],
    (each) => each.procMount,
    (value) => value !== 'Default',
    false,
  );
  if (found === null) return null;
  const { who, values, faults } = found;
  return { reason: 'procMount', detail: `${who} must not set securityContext.procMount to ${quoted(values)}`, faults };
}

const procMount: Check = {
  id: 'procMount',
  level: 'baseline',
  versions: [
    { since: 0, run: procMounts },
    // In a user namespace of its own a pod sees no more of /proc than is its own.
    { since: 35, run: (pod) => (pod.spec.hostUsers === false ? null : procMounts(pod)) },
  ],
};

const procMountRestricted: Check = {
  id: 'procMount_restricted',
  level: 'restricted',
  versions: [{ since: 35, run: procMounts }],
  overrides: 'procMount',
};

const sysctlsSince: readonly (readonly [since: number, names: readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
  [37, ['net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat']],
];

const sysctls: Check = {
  id: 'sysctls',
  level: 'baseline',
  versions: sysctlsSince.map(([since], last) => {
    const allowed = new Set(sysctlsSince.slice(0, last + 1).flatMap(([, names]) => names));
    return {
      since,
      run({ security }) {
        const faults = (security.sysctls ?? []).flatMap(({ name }, at) =>
          allowed.has(name) ? [] : [fault(null, ['securityContext', 'sysctls', at], name)],
        );
        if (faults.length === 0) return null;
        return { reason: 'forbidden sysctls', detail: faults.map(({ value }) => String(value)).join(', '), faults };
      },
    };
  }),
};

export const confinementChecks: readonly Check[] = [
  appArmorProfile,
  procMount,
  procMountRestricted,
  seccompBaseline,
  seccompRestricted,
  seLinuxOptions,
  sysctls,
];
