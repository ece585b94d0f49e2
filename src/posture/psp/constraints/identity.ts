/** As whom, with which groups and labels, under which profiles. */
import { effectiveList, everyContainer, inRanges, literals, quoted } from '../cel.ts';
import type { Constraint } from '../constraints.ts';
import type { GroupRule, Psp, PspSpec } from '../psp.ts';

export function identityConstraints(spec: PspSpec, isRestricted: boolean): Constraint[] {
  const found: Constraint[] = [];
  const user = effectiveList('runAsUser');
  const nonRoot = effectiveList('runAsNonRoot');
  if (spec.runAsUser.rule === 'MustRunAs')
    found.push({
      message: `runAsUser must be set within ${rangeText(spec.runAsUser.ranges)}`,
      expression: everyContainer(`${user}.exists(u, ${inRanges('u', spec.runAsUser.ranges)})`),
    });
  // The level asks for the same.
  if (spec.runAsUser.rule === 'MustRunAsNonRoot' && !isRestricted)
    found.push({
      message: 'containers must not run as root: runAsNonRoot true, or a runAsUser',
      expression: everyContainer(
        `!${user}.exists(u, u == 0) && !${nonRoot}.exists(n, !n) && size(${user}) + size(${nonRoot}) > 0`,
      ),
    });
  const group = effectiveList('runAsGroup');
  if (spec.runAsGroup.rule !== 'RunAsAny') {
    const within = inRanges('g', spec.runAsGroup.ranges);
    found.push({
      message: `runAsGroup ${must(spec.runAsGroup)} ${rangeText(spec.runAsGroup.ranges)}`,
      expression: everyContainer(
        spec.runAsGroup.rule === 'MustRunAs' ? `${group}.exists(g, ${within})` : `${group}.all(g, ${within})`,
      ),
    });
  }
  if (spec.fsGroup.rule !== 'RunAsAny')
    found.push({
      message: `fsGroup ${must(spec.fsGroup)} ${rangeText(spec.fsGroup.ranges)}`,
      expression: ofPod(spec.fsGroup, 'fsGroup', inRanges('object.spec.securityContext.fsGroup', spec.fsGroup.ranges)),
    });
  if (spec.supplementalGroups.rule !== 'RunAsAny') {
    const all = `object.spec.securityContext.supplementalGroups.all(g, ${inRanges('g', spec.supplementalGroups.ranges)})`;
    const some = 'size(object.spec.securityContext.supplementalGroups) > 0';
    found.push({
      message: `supplementalGroups ${must(spec.supplementalGroups)} ${rangeText(spec.supplementalGroups.ranges)}`,
      expression: ofPod(
        spec.supplementalGroups,
        'supplementalGroups',
        spec.supplementalGroups.rule === 'MustRunAs' ? `${some} && ${all}` : all,
      ),
    });
  }
  return [...found, ...seLinux(spec)];
}

function must({ rule }: GroupRule): string {
  return rule === 'MustRunAs' ? 'must be set within' : 'must be within';
}

function rangeText(ranges: readonly { readonly min: number; readonly max: number }[]): string {
  return ranges.map(({ min, max }) => `${min}-${max}`).join(', ') || 'nothing';
}

function ofPod({ rule }: GroupRule, field: string, condition: string): string {
  const isSet = `has(object.spec.securityContext) && has(object.spec.securityContext.${field})`;
  return rule === 'MustRunAs' ? `${isSet} && ${condition}` : `!(${isSet}) || ${condition}`;
}

function seLinux({ seLinux: { rule, seLinuxOptions } }: PspSpec): Constraint[] {
  if (rule !== 'MustRunAs') return [];
  const options = effectiveList('seLinuxOptions');
  const conditions = (['user', 'role', 'type', 'level'] as const).map((field) => {
    const wanted = seLinuxOptions?.[field] ?? '';
    return wanted === ''
      ? `${options}.all(o, !has(o.${field}) || o.${field} == "")`
      : `${options}.exists(o, has(o.${field}) && o.${field} == ${quoted(wanted)})`;
  });
  const text = Object.entries(seLinuxOptions ?? {})
    .filter(([, value]) => value !== '')
    .map(([field, value]) => `${field} ${value}`);
  return [
    {
      message: `seLinuxOptions must be ${text.join(', ') || 'empty'}`,
      expression: everyContainer(conditions.join(' && ')),
    },
  ];
}

/**
 * A policy that says nothing of seccomp let in only pods that set no profile: that is not carried on, since stricter levels ask
 * for one.
 */
export function profileConstraints({ seccompProfiles, appArmorProfiles }: Psp): Constraint[] {
  const found: Constraint[] = [];
  if (seccompProfiles !== null && !seccompProfiles.includes('*')) {
    const own = effectiveList('seccompProfile');
    const set = `${own}.exists(p, ${profileCondition(seccompProfiles)})`;
    found.push({
      message: `seccomp profiles must be among ${profileText(seccompProfiles)}`,
      expression: everyContainer(seccompProfiles.includes('') ? `size(${own}) == 0 || ${set}` : set),
    });
  }
  if (appArmorProfiles !== null && !appArmorProfiles.includes('*')) {
    const own = effectiveList('appArmorProfile');
    const set = `${own}.exists(p, ${profileCondition(appArmorProfiles)})`;
    // Where none is set the runtime takes its own.
    const mayBeUnset = appArmorProfiles.some((each) => each === 'runtime/default' || each === 'docker/default');
    found.push({
      message: `AppArmor profiles must be among ${profileText(appArmorProfiles)}`,
      expression: everyContainer(mayBeUnset ? `size(${own}) == 0 || ${set}` : set),
    });
  }
  return found;
}

function profileText(names: readonly string[]): string {
  return names.map((each) => (each === '' ? 'none' : each)).join(', ');
}

function profileCondition(names: readonly string[]): string {
  const local = names.flatMap((each) => /^localhost\/(.+)$/.exec(each)?.[1] ?? []);
  const conditions = [
    ...(names.some((each) => each === 'runtime/default' || each === 'docker/default')
      ? ['p.type == "RuntimeDefault"']
      : []),
    ...(names.includes('unconfined') ? ['p.type == "Unconfined"'] : []),
    ...(local.includes('*')
      ? ['p.type == "Localhost"']
      : local.length > 0
        ? [`(p.type == "Localhost" && has(p.localhostProfile) && p.localhostProfile in ${literals(local)})`]
        : []),
  ];
  return conditions.length === 0 ? 'false' : conditions.join(' || ');
}
