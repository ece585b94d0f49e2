/** Both levels: what a container's processes may do and who they are, and the volumes of restricted pods. */
import { sourcesOf } from '../defaults.ts';
import type { PodView } from '../pod.ts';
import { fault, type Finding, named, plural, quoted, sortedSet } from '../wording.ts';
import { type Check, notWindows } from './check.ts';
import { badSetters, lacking } from './values.ts';

/** What a runtime gives anyway, without NET_RAW. */
export const baselineCapabilities: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** Containers that add what is not among the allowed, and what that is. */
function added({ containers }: PodView, allowed: readonly string[]): (Finding & { readonly what: string }) | null {
  const faults = containers.flatMap((placed) =>
    (placed.security.capabilities?.add ?? []).flatMap((name, at) =>
      allowed.includes(name) ? [] : [fault(placed, ['securityContext', 'capabilities', 'add', at], name)],
    ),
  );
  if (faults.length === 0) return null;
  const bad = containers.filter(({ security }) =>
    (security.capabilities?.add ?? []).some((name) => !allowed.includes(name)),
  );
  const names = quoted(sortedSet(faults.map(({ value }) => String(value))));
  const what = `${named(bad)} must not include ${names} in securityContext.capabilities.add`;
  return { reason: '', detail: what, what, faults };
}

const capabilitiesBaseline: Check = {
  id: 'capabilities_baseline',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run(pod) {
        const found = added(pod, baselineCapabilities);
        return found === null ? null : { reason: 'non-default capabilities', detail: found.what, faults: found.faults };
      },
    },
  ],
};

function unrestricted(pod: PodView): Finding | null {
  const keeping = pod.containers.filter(({ security }) => !(security.capabilities?.drop ?? []).includes('ALL'));
  const found = added(pod, ['NET_BIND_SERVICE']);
  if (keeping.length === 0 && found === null) return null;
  return {
    reason: 'unrestricted capabilities',
    detail: [
      ...(keeping.length === 0 ? [] : [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
      ...(found === null ? [] : [found.what]),
    ].join('; '),
    faults: [
      ...keeping.map((placed) => fault(placed, ['securityContext', 'capabilities', 'drop'], undefined)),
      ...(found?.faults ?? []),
    ],
  };
}

const capabilitiesRestricted: Check = {
  id: 'capabilities_restricted',
  level: 'restricted',
  versions: [
    { since: 22, run: unrestricted },
    { since: 25, run: notWindows(unrestricted) },
  ],
  overrides: 'capabilities_baseline',
};

function escalation({ containers }: PodView): Finding | null {
  const bad = containers.filter(({ security }) => security.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return null;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`,
    faults: bad.map((placed) =>
      fault(
        placed,
        ['securityContext', 'allowPrivilegeEscalation'],
        placed.security.allowPrivilegeEscalation ?? undefined,
      ),
    ),
  };
}

const allowPrivilegeEscalation: Check = {
  id: 'allowPrivilegeEscalation',
  level: 'restricted',
  versions: [
    { since: 8, run: escalation },
    { since: 25, run: notWindows(escalation) },
  ],
};

function mayBeRoot(pod: PodView): Finding | null {
  const reason = 'runAsNonRoot != true';
  const bad = badSetters(
    pod,
    ['runAsNonRoot'],
    (each) => each.runAsNonRoot,
    (value) => value === false,
    true,
  );
  if (bad !== null)
    return { reason, detail: `${bad.who} must not set securityContext.runAsNonRoot=false`, faults: bad.faults };
  const without = lacking(
    pod,
    (each) => each.runAsNonRoot,
    (value) => value === true,
  );
  if (without.length === 0) return null;
  return {
    reason,
    detail: `pod or ${named(without)} must set securityContext.runAsNonRoot=true`,
    faults: without.map((placed) => fault(placed, ['securityContext', 'runAsNonRoot'], undefined)),
  };
}

function isRoot(pod: PodView): Finding | null {
  const bad = badSetters(
    pod,
    ['runAsUser'],
    (each) => each.runAsUser,
    (value) => value === 0,
    true,
  );
  return bad === null
    ? null
    : { reason: 'runAsUser=0', detail: `${bad.who} must not set runAsUser=0`, faults: bad.faults };
}

/** Root in a user namespace of the pod's own is nobody on the node. */
const unlessOwnUsers =
  (run: (pod: PodView) => Finding | null) =>
  (pod: PodView): Finding | null =>
    pod.spec.hostUsers === false ? null : run(pod);

const runAsNonRoot: Check = {
  id: 'runAsNonRoot',
  level: 'restricted',
  versions: [
    { since: 0, run: mayBeRoot },
    { since: 35, run: unlessOwnUsers(mayBeRoot) },
  ],
};

const runAsUser: Check = {
  id: 'runAsUser',
  level: 'restricted',
  versions: [
    { since: 23, run: isRoot },
    { since: 35, run: unlessOwnUsers(isRoot) },
  ],
};

/** Types of volumes that restricted lets in. */
export const allowedVolumes: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);
/** Sources that core/v1 has or had; anything else upstream does not know by name. */
const knownVolumes: ReadonlySet<string> = new Set(
  (
    'hostPath gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs rbd flexVolume cinder cephfs flocker fc ' +
    'azureFile vsphereVolume quobyte azureDisk photonPersistentDisk portworxVolume scaleIO storageos'
  ).split(' '),
);

const restrictedVolumes: Check = {
  id: 'restrictedVolumes',
  level: 'restricted',
  versions: [
    {
      since: 0,
      run({ volumes }) {
        const bad = volumes.flatMap((volume, at) => {
          const sources = sourcesOf(volume);
          const foreign = sources.find((source) => !allowedVolumes.has(source));
          if (sources.length > 0 && foreign === undefined) return [];
          const type = foreign !== undefined && knownVolumes.has(foreign) ? foreign : 'unknown';
          const path = ['volumes', at, ...(foreign === undefined ? [] : [foreign])];
          return [{ name: volume.name ?? '', type, fault: fault(null, path, type) }];
        });
        if (bad.length === 0) return null;
        const types = sortedSet(bad.map(({ type }) => type));
        const who = `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))}`;
        const kinds = `restricted volume ${plural(types.length, 'type')} ${quoted(types)}`;
        return {
          reason: 'restricted volume types',
          detail: `${who} ${plural(bad.length, 'uses', 'use')} ${kinds}`,
          faults: bad.map((each) => each.fault),
        };
      },
    },
  ],
  overrides: 'hostPathVolumes',
};

export const rightsChecks: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilitiesBaseline,
  capabilitiesRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
];
