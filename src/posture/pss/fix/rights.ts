/** Remedies for what processes may do and who they are. */
import type { Behaviour } from '../behaviour.ts';
import { baselineCapabilities } from '../checks/rights.ts';
import type { Placed } from '../pod.ts';
import type { Violation } from '../evaluate.ts';
import { below, type Change, type Effect, ofContainers, type Remedy, type Situation, unwatched } from './remedy.ts';

type Remedies = (situation: Situation, violation: Violation) => Remedy[];

/** The containers that the faults of a violation are in. */
export function at({ pod }: Situation, { faults }: Violation): Placed[] {
  return pod.containers.filter(({ field, index }) => faults.some(({ path }) => path[1] === field && path[2] === index));
}

const short = (name: string): string => name.replace(/^CAP_/, '');

function usedBesides(behaviour: Behaviour | undefined, allowed: readonly string[]): string[] {
  return (behaviour?.capabilities.seen ?? []).filter((name) => !allowed.includes(short(name)));
}

function capabilityEffect(behaviour: Behaviour | undefined, allowed: readonly string[]): Effect {
  const used = usedBesides(behaviour, allowed);
  if (used.length > 0) return { type: 'breaks', why: `used ${used.join(', ')}` };
  if (behaviour?.capabilities.all !== true) return { type: 'unknown', why: 'its use of capabilities was not watched' };
  const { seen } = behaviour.capabilities;
  return { type: 'safe', why: seen.length === 0 ? 'used no capability' : `used ${seen.join(', ')} alone` };
}

/** Whether it needs to bind ports below 1024. */
function bindsLow(behaviour: Behaviour | undefined): boolean {
  if (behaviour === undefined) return false;
  return (
    behaviour.capabilities.seen.includes('CAP_NET_BIND_SERVICE') ||
    behaviour.listens.seen.some(({ port }) => port > 0 && port < 1024)
  );
}

const capabilities =
  (restricted: boolean): Remedies =>
  (situation, violation) =>
    at(situation, violation).map((placed): Remedy => {
      const behaviour = situation.observed.get(placed.name);
      const allowed = restricted ? ['NET_BIND_SERVICE'] : baselineCapabilities;
      const now = placed.security.capabilities;
      const changes: Change[] = [];
      const words: string[] = [];
      if (restricted && !(now?.drop ?? []).includes('ALL')) {
        changes.push({ path: below(placed, 'securityContext', 'capabilities', 'drop'), value: ['ALL'] });
        words.push('drop ALL capabilities');
      }
      const foreign = (now?.add ?? []).filter((name) => !allowed.includes(name));
      const kept = (now?.add ?? []).filter((name) => allowed.includes(name));
      const path = below(placed, 'securityContext', 'capabilities', 'add');
      const missing = restricted && !kept.includes('NET_BIND_SERVICE') && bindsLow(behaviour);
      if (missing) {
        changes.push({ path, value: [...kept, 'NET_BIND_SERVICE'] });
        words.push('add NET_BIND_SERVICE, which it used');
      } else if (foreign.length > 0) {
        if (kept.length === 0) changes.push({ path, value: undefined });
        else
          for (const [index, name] of (now?.add ?? []).entries())
            if (!allowed.includes(name)) changes.push({ path: [...path, index], value: undefined });
      }
      if (foreign.length > 0) words.push(`do not add ${foreign.join(', ')}`);
      return {
        check: violation.check,
        container: placed.name,
        what: words.join(', '),
        changes,
        effect: capabilityEffect(behaviour, allowed),
      };
    });

/** Programs that are of use only when they gain rights as they start. */
const gaining = /\/(su|sudo|doas|passwd|chsh|chfn|newgrp|gpasswd|chage|newuidmap|newgidmap|pkexec|fusermount3?)$/;

function escalationEffect(behaviour: Behaviour | undefined): Effect {
  if (behaviour === undefined) return unwatched;
  const gained = behaviour.programs.seen.find((path) => gaining.test(path));
  if (gained !== undefined) return { type: 'breaks', why: `ran ${gained}` };
  if (!behaviour.programs.all || behaviour.uids.seen.length === 0) return unwatched;
  if (behaviour.uids.seen.every((uid) => uid === 0))
    return { type: 'safe', why: 'each program was started by root, who gains nothing' };
  if (!behaviour.uids.seen.includes(0) && behaviour.capabilities.all && behaviour.capabilities.seen.length === 0)
    return { type: 'safe', why: 'ran without root and used no capability' };
  return unwatched;
}

const escalation: Remedies = (situation, violation) =>
  at(situation, violation).map((placed) => ({
    check: violation.check,
    container: placed.name,
    what: 'set allowPrivilegeEscalation: false',
    changes: [{ path: below(placed, 'securityContext', 'allowPrivilegeEscalation'), value: false }],
    effect: escalationEffect(situation.observed.get(placed.name)),
  }));

function rootEffect(behaviour: Behaviour | undefined, uid: number | null | undefined): Effect {
  if (behaviour?.uids.seen.includes(0) === true) {
    const used = behaviour.capabilities.seen;
    return { type: 'breaks', why: `ran as uid 0${used.length === 0 ? '' : ` and used ${used.join(', ')}`}` };
  }
  if (uid !== null && uid !== undefined && uid !== 0) return { type: 'safe', why: `runAsUser is ${uid}` };
  if (behaviour?.uids.all === true && behaviour.uids.seen.length > 0)
    return { type: 'safe', why: `ran as uid ${behaviour.uids.seen.join(', ')}` };
  return { type: 'unknown', why: 'nobody watched as whom it runs' };
}

/** The pod says it once; containers that say the opposite no longer do. */
const nonRoot: Remedies = (situation, violation) => {
  const { pod, observed } = situation;
  const contrary = pod.containers.filter(({ security }) => security.runAsNonRoot === false);
  const concerned = pod.containers.filter(({ security }) => security.runAsNonRoot !== true);
  const uidOf = (placed: Placed): number | null | undefined => placed.security.runAsUser ?? pod.security.runAsUser;
  const users = concerned.flatMap((placed): Change[] => {
    // An image may name its user by a word, which kubelet cannot check: the number that was seen says the same.
    const { seen, all } = observed.get(placed.name)?.uids ?? { seen: [], all: false };
    const [uid] = seen;
    const one = all && seen.length === 1 && uid !== undefined && uid !== 0 && (uidOf(placed) ?? null) === null;
    return one ? [{ path: below(placed, 'securityContext', 'runAsUser'), value: uid }] : [];
  });
  return [
    {
      check: violation.check,
      container: null,
      what: 'set runAsNonRoot: true',
      changes: [
        { path: ['spec', 'securityContext', 'runAsNonRoot'], value: true },
        ...contrary.map((placed) => ({
          path: below(placed, 'securityContext', 'runAsNonRoot'),
          value: undefined,
        })),
        ...users,
      ],
      effect: ofContainers(situation, concerned, (behaviour, placed) => rootEffect(behaviour, uidOf(placed))),
    },
  ];
};

const user: Remedies = (situation, violation) => {
  const concerned = situation.pod.containers.filter(
    ({ security }) => (security.runAsUser ?? situation.pod.security.runAsUser) === 0,
  );
  return [
    {
      check: violation.check,
      container: null,
      what: 'do not set runAsUser: 0',
      changes: violation.faults.map(({ path }) => ({ path, value: undefined })),
      effect: ofContainers(situation, concerned, (behaviour) => rootEffect(behaviour, null)),
    },
  ];
};

const usualDevices = /^\/dev\/(null|zero|full|random|urandom|tty|console|ptmx|pts\/.*|fd\/.*|stdin|stdout|stderr)$/;

function privilegedEffect(behaviour: Behaviour | undefined): Effect {
  if (behaviour === undefined) return unwatched;
  const used = usedBesides(behaviour, baselineCapabilities);
  if (used.length > 0) return { type: 'breaks', why: `used ${used.join(', ')}` };
  const touched = behaviour.files.seen.find(
    ({ path, written, device }) =>
      (device && path.startsWith('/dev/') && !usualDevices.test(path)) ||
      (written && /^\/(proc\/sys|sys)\//.test(path)),
  );
  if (touched !== undefined) return { type: 'breaks', why: `used ${touched.path}` };
  if (!behaviour.capabilities.all || !behaviour.files.all) return unwatched;
  return { type: 'safe', why: 'used no capability and no device that others have not' };
}

const privileged: Remedies = (situation, violation) =>
  at(situation, violation).map((placed) => ({
    check: violation.check,
    container: placed.name,
    what: 'do not set privileged',
    changes: [{ path: below(placed, 'securityContext', 'privileged'), value: undefined }],
    effect: privilegedEffect(situation.observed.get(placed.name)),
  }));

export const rightsRemedies: Readonly<Record<string, Remedies>> = {
  allowPrivilegeEscalation: escalation,
  capabilities_baseline: capabilities(false),
  capabilities_restricted: capabilities(true),
  privileged,
  runAsNonRoot: nonRoot,
  runAsUser: user,
};
