/** What containers may do: capabilities, users, profiles. */
import { json, text, texts, whole } from '#kubernetes/json.ts';
import { type Candidate, type Pattern, shown, used } from '../candidate.ts';
import { type Cel, cel } from '../rule/cel.ts';
import type { Manifest } from '../subjects.ts';
import { containersOf, effective, effectiveCel, mapIn, ofContainers, ofPods, specOf } from './pods.ts';

const security = (container: Manifest): Manifest => json(container['securityContext']);

export const capabilities: Pattern = (groups, minUses) => {
  const added = (container: Manifest): string[] => texts(json(security(container)['capabilities'])['add']);
  const known = used(groups, minUses, (object) => containersOf(object).flatMap(added)).filter(
    // It holds all others: a rule that takes it protects from nothing.
    (each) => !/^(CAP_)?ALL$/i.test(each),
  );
  const adds = cel`c.?securityContext.?capabilities.?add.orValue([])`;
  return [
    ofContainers({
      id: 'capabilities-added',
      holds: known.length === 0 ? cel`size(${adds}) == 0` : cel`${adds}.all(x, x in ${known})`,
      message:
        known.length === 0 ? 'no capability may be added' : `only these capabilities may be added: ${shown(known)}`,
      passes: (container) => added(container).every((each) => known.includes(each)),
      spoil: (container) =>
        (mapIn(container, 'securityContext')['capabilities'] = { add: ['SYS_ADMIN', 'SYS_MODULE'] }),
    }),
    ofContainers({
      id: 'capabilities-dropped',
      holds: cel`"ALL" in c.?securityContext.?capabilities.?drop.orValue([])`,
      message: 'all capabilities must be dropped: capabilities.drop must have ALL',
      passes: (container) => texts(json(security(container)['capabilities'])['drop']).includes('ALL'),
      spoil: (container) => (mapIn(container, 'securityContext')['capabilities'] = {}),
    }),
  ];
};

/** A truth value of a container's security context. */
function flag(id: string, field: string, wanted: boolean, unset: boolean, message: string): Candidate {
  return ofContainers({
    id,
    holds: cel`c.?securityContext.?${{ cel: field }}.orValue(${unset}) == ${wanted}`,
    message,
    passes: (container) => (security(container)[field] ?? unset) === wanted,
    spoil: (container) => (mapIn(container, 'securityContext')[field] = !wanted),
  });
}

export const flags: Pattern = () => [
  flag('privileged', 'privileged', false, false, 'no container may be privileged'),
  flag(
    'privilege-escalation',
    'allowPrivilegeEscalation',
    false,
    true,
    'allowPrivilegeEscalation must be false in each container',
  ),
  flag(
    'read-only-root',
    'readOnlyRootFilesystem',
    true,
    false,
    'readOnlyRootFilesystem must be true in each container',
  ),
];

export const users: Pattern = (groups, minUses) => {
  const uids = used(groups, minUses, (object) =>
    containersOf(object).flatMap((container) => whole(effective(object, container, 'runAsUser')) ?? []),
  );
  const fsGroups = used(groups, minUses, (object) => {
    const group = whole(json(specOf(object)['securityContext'])['fsGroup']);
    return group === null ? [] : [group];
  });
  return [
    ofContainers({
      id: 'run-as-non-root',
      holds: cel`${effectiveCel('runAsNonRoot', cel`false`)} == true`,
      message: 'runAsNonRoot must be true, in the pod or in each container',
      passes: (container, object) => effective(object, container, 'runAsNonRoot') === true,
      spoil: (container) => (mapIn(container, 'securityContext')['runAsNonRoot'] = false),
    }),
    ...range(
      'user-ids',
      'runAsUser',
      uids.filter((each) => each > 0),
    ),
    ...groupRange(fsGroups.filter((each) => each > 0)),
  ];
};

function range(id: string, field: string, seen: readonly number[]): Candidate[] {
  if (seen.length === 0) return [];
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const value = effectiveCel(field, cel`0`);
  return [
    ofContainers({
      id,
      holds: cel`${value} >= ${least} && ${value} <= ${most}`,
      message: `${field} must be from ${least} to ${most}, in the pod or in each container`,
      widening: 'all numbers between the least and the greatest that is there',
      passes: (container, object) => isWithin(whole(effective(object, container, field)), least, most),
      spoil: (container) => (mapIn(container, 'securityContext')[field] = 0),
    }),
  ];
}

function groupRange(seen: readonly number[]): Candidate[] {
  if (seen.length === 0) return [];
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const value = cel`variables.podSpec.?securityContext.?fsGroup.orValue(0)`;
  return [
    ofPods({
      id: 'fs-groups',
      holds: cel`${value} >= ${least} && ${value} <= ${most}`,
      message: `fsGroup must be from ${least} to ${most}`,
      widening: 'all numbers between the least and the greatest that is there',
      passes: (spec) => isWithin(whole(json(spec['securityContext'])['fsGroup']), least, most),
      spoil: (spec) => (mapIn(spec, 'securityContext')['fsGroup'] = 0),
    }),
  ];
}

function isWithin(value: number | null, least: number, most: number): boolean {
  return value !== null && value >= least && value <= most;
}

/** A profile's type, of the container or of the pod; only types that are in use, and never one that confines nothing. */
function profile(id: string, field: string, part: string): Pattern {
  return (groups, minUses) => {
    // A container's own options stand in place of the pod's as a whole.
    const typeOf = (object: Manifest, container: Manifest): string =>
      text(json(effective(object, container, field))[part]) ?? '';
    const known = used(groups, minUses, (object) =>
      containersOf(object)
        .map((container) => typeOf(object, container))
        .filter((each) => each !== '' && each !== 'Unconfined'),
    );
    if (known.length === 0) return [];
    const [options, name] = [{ cel: field }, { cel: part }];
    const value: Cel = cel`c.?securityContext.?${options}.or(variables.podSpec.?securityContext.?${options}).?${name}.orValue("")`;
    return [
      ofContainers({
        id,
        holds: cel`${value} in ${known}`,
        message: `${field}.${part} must be ${shown(known)}, in the pod or in each container`,
        passes: (container, object) => known.includes(typeOf(object, container)),
        spoil: (container) => (mapIn(container, 'securityContext')[field] = { [part]: 'Unconfined' }),
      }),
    ];
  };
}

export const profiles: readonly Pattern[] = [
  profile('seccomp-profile', 'seccompProfile', 'type'),
  profile('apparmor-profile', 'appArmorProfile', 'type'),
  profile('selinux-type', 'seLinuxOptions', 'type'),
];
