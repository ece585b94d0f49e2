/** Remedies for what a pod has of its node, and for the kernel's security modules. */
import type { Violation } from '../evaluate.ts';
import type { Placed } from '../pod.ts';
import {
  below,
  type Change,
  type Effect,
  ofContainers,
  type Remedy,
  type Situation,
  unwatched,
  worst,
} from './remedy.ts';

type Remedies = (situation: Situation, violation: Violation) => Remedy[];

/** Takes the faulty fields away, each of them for itself. */
const without =
  (what: (value: unknown, field: string) => string, why: string): Remedies =>
  (_, { check, faults }) =>
    faults.map(({ path, container, value }) => ({
      check,
      container,
      what: what(value, String(path.findLast((part) => typeof part === 'string'))),
      changes: [{ path, value: undefined }],
      effect: { type: 'unknown', why },
    }));

const namespaces: Remedies = (situation, { check, faults }) =>
  faults.map(({ path }): Remedy => {
    const field = String(path[1]);
    return {
      check,
      container: null,
      what: `do not set ${field}`,
      changes: [{ path, value: undefined }],
      effect: ofContainers(situation, situation.pod.containers, (behaviour): Effect => {
        if (field === 'hostPID') {
          const [outside] = behaviour?.outside.seen ?? [];
          if (outside !== undefined) return { type: 'breaks', why: `${outside} outside of the container` };
          if (behaviour?.outside.all === true)
            return { type: 'safe', why: 'no process outside was signalled or traced' };
        }
        const ports = (behaviour?.listens.seen ?? []).filter(({ ip }) => !isLoopback(ip)).map(({ port }) => port);
        if (field === 'hostNetwork' && ports.length > 0)
          return { type: 'unknown', why: `listens at the node's address on ${[...new Set(ports)].join(', ')}` };
        return unwatched;
      }),
    };
  });

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1';
}

interface Mounted {
  readonly placed: Placed;
  readonly at: number;
  readonly path: string;
}

/** Volumes that nothing used go; others need a decision that no field tells. */
const volumes: Remedies = (situation, { check, faults }) =>
  faults.map(({ path, value }): Remedy => {
    const index = Number(path[2]);
    const name = situation.pod.volumes[index]?.name ?? '';
    const mounts = situation.pod.containers.flatMap((placed) =>
      (placed.container.volumeMounts ?? []).flatMap((mount, at): Mounted[] =>
        mount.name === name ? [{ placed, at, path: mount.mountPath }] : [],
      ),
    );
    const effect = worst(mounts.map((mount) => ({ of: mount.placed.name, ...untouched(situation, mount) })));
    const type = path[3] ?? value;
    if (effect.type === 'safe')
      return {
        check,
        container: null,
        what: `leave out the ${String(type)} volume ${name}, which nothing uses`,
        changes: [
          { path: ['spec', 'volumes', index], value: undefined },
          ...mounts.map(
            (mount): Change => ({
              path: below(mount.placed, 'volumeMounts', mount.at),
              value: undefined,
            }),
          ),
        ],
        effect,
      };
    return {
      check,
      container: null,
      what: `put another volume in place of the ${String(type)} volume ${name}: which one no manifest tells`,
      changes: [],
      effect,
    };
  });

function untouched({ observed }: Situation, { placed, path }: Mounted): Effect {
  const files = observed.get(placed.name)?.files;
  const folder = path.replace(/\/+$/, '');
  const used = files?.seen.find((each) => each.path === folder || each.path.startsWith(`${folder}/`));
  if (used !== undefined) return { type: 'breaks', why: `${used.written ? 'wrote' : 'read'} ${used.path}` };
  return files?.all === true ? { type: 'safe', why: `nothing below ${path} was used` } : unwatched;
}

const probes: Remedies = (situation, { check, faults }) =>
  faults.map(({ path, container, value }): Remedy => {
    const listens = situation.observed.get(container ?? '')?.listens;
    const local = listens?.seen.filter(({ ip }) => isLoopback(ip)).length ?? 0;
    const effect: Effect =
      listens === undefined || listens.seen.length === 0
        ? unwatched
        : local === listens.seen.length
          ? { type: 'breaks', why: 'listens on the loopback address alone' }
          : listens.all && local === 0
            ? { type: 'safe', why: "listens on the pod's address" }
            : unwatched;
    return {
      check,
      container,
      what: `do not set the host ${JSON.stringify(value)} of ${path.slice(3, -1).join('.')}`,
      changes: [{ path, value: undefined }],
      effect,
    };
  });

const seccompReason = 'which of its system calls the runtime refuses by default is not compared here';

/** One setting for the whole pod, where nobody says otherwise. */
const seccomp: Remedies = ({ pod }, { check, faults }) => {
  const annotated = faults.filter(({ path }) => path[0] === 'metadata');
  if (annotated.length > 0)
    return annotated.map(({ path, value }) => ({
      check,
      container: null,
      what: `set ${String(path[2])} to runtime/default instead of ${JSON.stringify(value)}`,
      changes: [{ path, value: 'runtime/default' }],
      effect: { type: 'unknown', why: seccompReason },
    }));
  const contrary = faults.filter(({ container, value }) => container !== null && value !== undefined);
  const own = pod.security.seccompProfile?.type;
  const podHas = own === 'RuntimeDefault' || own === 'Localhost';
  return [
    {
      check,
      container: null,
      what: 'set seccompProfile.type: RuntimeDefault',
      changes: [
        ...(podHas ? [] : [{ path: ['spec', 'securityContext', 'seccompProfile', 'type'], value: 'RuntimeDefault' }]),
        ...contrary.map(({ path }) => ({ path, value: 'RuntimeDefault' })),
      ],
      effect: { type: 'unknown', why: seccompReason },
    },
  ];
};

const appArmor: Remedies = (_, { check, faults }) =>
  faults.map(({ path, container, value }) => {
    const annotated = path[0] === 'metadata';
    return {
      check,
      container,
      what: `use the runtime's AppArmor profile instead of ${JSON.stringify(value)}`,
      changes: [{ path, value: annotated ? 'runtime/default' : 'RuntimeDefault' }],
      effect: unwatched,
    };
  });

const unset = without((_, field) => `do not set ${field}`, unwatched.why);

export const surroundingsRemedies: Readonly<Record<string, Remedies>> = {
  appArmorProfile: appArmor,
  hostNamespaces: namespaces,
  hostPathVolumes: volumes,
  hostPorts: without(
    (value) => `do not use hostPort ${String(value)}`,
    "who asks for the node's port needs a Service, or the pod's own address",
  ),
  hostProbesAndHostLifecycle: probes,
  procMount: unset,
  procMount_restricted: unset,
  restrictedVolumes: volumes,
  seLinuxOptions: without(
    (value, field) => `do not set seLinuxOptions.${field} ${JSON.stringify(value)}`,
    unwatched.why,
  ),
  seccompProfile_baseline: seccomp,
  seccompProfile_restricted: seccomp,
  sysctls: without((value) => `do not set the sysctl ${JSON.stringify(value)}`, unwatched.why),
  windowsHostProcess: unset,
};
