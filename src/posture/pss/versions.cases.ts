/** Pods on both sides of each version from which a check says something else. */
import { type Level, newestMinor } from './level.ts';

/** Passes restricted at every version. */
export const good = {
  metadata: { annotations: {} as Record<string, string> },
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } as Record<string, unknown>,
    containers: [
      {
        name: 'app',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } as Record<
          string,
          unknown
        >,
      } as Record<string, unknown>,
    ],
  } as Record<string, unknown>,
};
type Pod = typeof good;
const first = (pod: Pod): Record<string, unknown> =>
  (pod.spec['containers'] as Record<string, unknown>[])[0] as Record<string, unknown>;
const security = (pod: Pod): Record<string, unknown> => first(pod)['securityContext'] as Record<string, unknown>;
const podSecurity = (pod: Pod): Record<string, unknown> => pod.spec['securityContext'] as Record<string, unknown>;
const sysctl =
  (name: string) =>
  (pod: Pod): void => {
    podSecurity(pod)['sysctls'] = [{ name, value: '1' }];
  };
const volume =
  (source: string) =>
  (pod: Pod): void => {
    pod.spec['volumes'] = [{ name: 'data', [source]: {} }];
  };

export interface Case {
  readonly what: string;
  readonly change: (pod: Pod) => void;
  readonly level: Level;
  readonly check: string;
  /** The minor versions that refuse it: from, up to and with. */
  readonly refused: readonly [from: number, to: number];
}
const always: readonly [number, number] = [0, newestMinor];
const none: readonly [number, number] = [99, 99];

export const cases: readonly Case[] = [
  ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).map((field) => ({
    what: field,
    change: (pod: Pod) => void (pod.spec[field] = true),
    level: 'baseline' as const,
    check: 'hostNamespaces',
    refused: always,
  })),
  { what: 'hostPath', change: volume('hostPath'), level: 'baseline', check: 'hostPathVolumes', refused: always },
  { what: 'hostPath', change: volume('hostPath'), level: 'restricted', check: 'restrictedVolumes', refused: always },
  ...(
    [
      ['nfs flexVolume somethingNew', always],
      ['configMap csi ephemeral image projected secret downwardAPI persistentVolumeClaim', none],
    ] as const
  ).flatMap(([sources, refused]) =>
    sources.split(' ').map((source) => ({
      what: source,
      change: volume(source),
      level: 'restricted' as const,
      check: 'restrictedVolumes',
      refused,
    })),
  ),
  {
    what: 'a volume without a source, which becomes an emptyDir',
    change: (pod) => void (pod.spec['volumes'] = [{ name: 'data' }]),
    level: 'restricted',
    check: 'restrictedVolumes',
    refused: none,
  },
  {
    what: 'a host port',
    change: (pod) => void (first(pod)['ports'] = [{ containerPort: 80, hostPort: 80 }]),
    level: 'baseline',
    check: 'hostPorts',
    refused: always,
  },
  {
    what: 'a port of a pod on the host network',
    change(pod) {
      pod.spec['hostNetwork'] = true;
      first(pod)['ports'] = [{ containerPort: 80 }];
    },
    level: 'baseline',
    check: 'hostPorts',
    refused: always,
  },
  ...(
    [
      ['livenessProbe', 'httpGet'],
      ['readinessProbe', 'tcpSocket'],
      ['startupProbe', 'httpGet'],
    ] as const
  ).map(([probe, action]) => ({
    what: `${probe} of another host`,
    change: (pod: Pod) => void (first(pod)[probe] = { [action]: { host: '10.0.0.1', port: 80 } }),
    level: 'baseline' as const,
    check: 'hostProbesAndHostLifecycle',
    refused: [34, newestMinor] as const,
  })),
  {
    what: 'a lifecycle hook to another host',
    change: (pod) => void (first(pod)['lifecycle'] = { preStop: { httpGet: { host: 'a.example', port: 80 } } }),
    level: 'baseline',
    check: 'hostProbesAndHostLifecycle',
    refused: [34, newestMinor],
  },
  {
    what: 'privileged',
    change: (pod) => void (security(pod)['privileged'] = true),
    level: 'baseline',
    check: 'privileged',
    refused: always,
  },
  ...(
    [
      ['baseline', 'procMount', [0, 34]],
      ['restricted', 'procMount', [0, 34]],
      ['restricted', 'procMount_restricted', [35, newestMinor]],
    ] as const
  ).map(([level, check, refused]) => ({
    what: 'procMount with users of its own',
    change(pod: Pod) {
      pod.spec['hostUsers'] = false;
      security(pod)['procMount'] = 'Unmasked';
    },
    level,
    check,
    refused,
  })),
  ...(['user', 'role'] as const).map((part) => ({
    what: `an SELinux ${part}`,
    change: (pod: Pod) => void (security(pod)['seLinuxOptions'] = { [part]: 'x' }),
    level: 'baseline' as const,
    check: 'seLinuxOptions',
    refused: always,
  })),
  ...(
    [
      ['spc_t', always],
      ['container_engine_t', [0, 30]],
      ['container_kvm_t', none],
    ] as const
  ).map(([type, refused]) => ({
    what: `SELinux ${type}`,
    change: (pod: Pod) => void (podSecurity(pod)['seLinuxOptions'] = { type }),
    level: 'baseline' as const,
    check: 'seLinuxOptions',
    refused,
  })),
  {
    what: 'an unconfined seccomp annotation',
    change: (pod) => void (pod.metadata.annotations['seccomp.security.alpha.kubernetes.io/pod'] = 'unconfined'),
    level: 'baseline',
    check: 'seccompProfile_baseline',
    refused: [0, 18],
  },
  {
    what: 'an unconfined seccomp profile',
    change: (pod) => void (podSecurity(pod)['seccompProfile'] = { type: 'Unconfined' }),
    level: 'baseline',
    check: 'seccompProfile_baseline',
    refused: [19, newestMinor],
  },
  {
    what: 'no seccomp profile',
    change: (pod) => void delete podSecurity(pod)['seccompProfile'],
    level: 'restricted',
    check: 'seccompProfile_restricted',
    refused: [19, newestMinor],
  },
  {
    what: 'an unconfined AppArmor annotation',
    change: (pod) =>
      void (pod.metadata.annotations['container.apparmor.security.beta.kubernetes.io/app'] = 'unconfined'),
    level: 'baseline',
    check: 'appArmorProfile',
    refused: always,
  },
  {
    what: 'an unconfined AppArmor profile',
    change: (pod) => void (security(pod)['appArmorProfile'] = { type: 'Unconfined' }),
    level: 'baseline',
    check: 'appArmorProfile',
    refused: always,
  },
  {
    what: 'HostProcess',
    change: (pod) => void (podSecurity(pod)['windowsOptions'] = { hostProcess: true }),
    level: 'baseline',
    check: 'windowsHostProcess',
    refused: always,
  },
  ...(
    [
      ['kernel.shm_rmid_forced', none],
      ['kernel.msgmax', always],
      ['net.ipv4.ip_local_reserved_ports', [0, 26]],
      ['net.ipv4.tcp_keepalive_time', [0, 28]],
      ['net.ipv4.tcp_keepalive_intvl', [0, 28]],
      ['net.ipv4.tcp_keepalive_probes', [0, 28]],
      ['net.ipv4.tcp_fin_timeout', [0, 28]],
      ['net.ipv4.tcp_rmem', [0, 31]],
      ['net.ipv4.tcp_wmem', [0, 31]],
      ['net.ipv4.tcp_slow_start_after_idle', [0, 36]],
      ['net.ipv4.tcp_notsent_lowat', [0, 36]],
    ] as const
  ).map(([name, refused]) => ({
    what: name,
    change: sysctl(name),
    level: 'baseline' as const,
    check: 'sysctls',
    refused,
  })),
  ...(
    [
      ['baseline', 'NET_RAW', 'capabilities_baseline', always],
      ['baseline', 'CHOWN', 'capabilities_baseline', none],
      ['baseline', 'CAP_CHOWN', 'capabilities_baseline', always],
      ['restricted', 'NET_RAW', 'capabilities_baseline', [0, 21]],
      ['restricted', 'CHOWN', 'capabilities_restricted', [22, newestMinor]],
      ['restricted', 'NET_BIND_SERVICE', 'capabilities_restricted', none],
    ] as const
  ).map(([level, name, check, refused]) => ({
    what: `${name} at ${level}`,
    change: (pod: Pod) => void (security(pod)['capabilities'] = { drop: ['ALL'], add: [name] }),
    level,
    check,
    refused,
  })),
  ...(
    [
      ['capabilities', 'capabilities_restricted', 22],
      ['allowPrivilegeEscalation', 'allowPrivilegeEscalation', 8],
    ] as const
  ).flatMap(([field, check, since]) => [
    {
      what: `no ${field}`,
      change: (pod: Pod) => void delete security(pod)[field],
      level: 'restricted' as const,
      check,
      refused: [since, newestMinor] as const,
    },
    {
      what: `no ${field} on Windows`,
      change(pod: Pod) {
        pod.spec['os'] = { name: 'windows' };
        delete security(pod)[field];
      },
      level: 'restricted' as const,
      check,
      refused: [since, 24] as const,
    },
  ]),
  {
    what: 'no seccomp profile on Windows',
    change(pod) {
      pod.spec['os'] = { name: 'windows' };
      delete podSecurity(pod)['seccompProfile'];
    },
    level: 'restricted',
    check: 'seccompProfile_restricted',
    refused: [19, 24],
  },
  ...(
    [
      ['runAsNonRoot', false, 'runAsNonRoot', 0],
      ['runAsUser', 0, 'runAsUser', 23],
    ] as const
  ).flatMap(([field, value, check, since]) => [
    {
      what: `${field} ${String(value)}`,
      change: (pod: Pod) => void (security(pod)[field] = value),
      level: 'restricted' as const,
      check,
      refused: [since, newestMinor] as const,
    },
    {
      what: `${field} ${String(value)} with users of its own`,
      change(pod: Pod) {
        pod.spec['hostUsers'] = false;
        security(pod)[field] = value;
      },
      level: 'restricted' as const,
      check,
      refused: [since, 34] as const,
    },
  ]),
];
