/** What a PodSecurityPolicy holds back that a level does not: CEL conditions, each with the words of its refusal. */
import { baselineCapabilities } from '../pss/checks/rights.ts';
import { type Level, levels } from '../pss/level.ts';
import { everyContainer, hasOwn, inRanges, literals, quoted } from './cel.ts';
import { identityConstraints, profileConstraints } from './constraints/identity.ts';
import { volumeConstraints } from './constraints/volumes.ts';
import type { Psp } from './psp.ts';

export interface Constraint {
  readonly message: string;
  /** True for a pod that is let in. */
  readonly expression: string;
}

/** Empty where the level alone is at least as strict. */
export function constraintsBeyond(psp: Psp, level: Level): Constraint[] {
  const { spec } = psp;
  const isAtLeast = (other: Level): boolean => levels.indexOf(level) >= levels.indexOf(other);
  return [
    ...(isAtLeast('baseline') ? [] : hostConstraints(psp)),
    ...volumeConstraints(spec, level),
    ...capabilityConstraints(spec, level),
    ...(spec.allowPrivilegeEscalation || isAtLeast('restricted') ? [] : [escalation]),
    ...(spec.readOnlyRootFilesystem ? [readOnlyRoot] : []),
    ...identityConstraints(spec, isAtLeast('restricted')),
    ...profileConstraints(psp),
    ...otherConstraints(spec),
  ];
}

function hostConstraints({ spec }: Psp): Constraint[] {
  const found: Constraint[] = [];
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
    if (!spec[field])
      found.push({
        message: `${field} must not be set`,
        expression: `!has(object.spec.${field}) || !object.spec.${field}`,
      });
  if (!spec.privileged)
    found.push({
      message: 'containers must not be privileged',
      expression: everyContainer(`!(${hasOwn('privileged')}) || !c.securityContext.privileged`),
    });
  found.push({
    message: `host ports must be within ${spec.hostPorts.map(({ min, max }) => `${min}-${max}`).join(', ') || 'none'}`,
    expression: everyContainer(
      `!has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0 || ${inRanges('p.hostPort', spec.hostPorts)})`,
    ),
  });
  const mounts = ['Default', ...spec.allowedProcMountTypes];
  found.push({
    message: `procMount must be one of ${mounts.join(', ')}`,
    expression: everyContainer(`!(${hasOwn('procMount')}) || c.securityContext.procMount in ${literals(mounts)}`),
  });
  return found;
}

const escalation: Constraint = {
  message: 'allowPrivilegeEscalation must be false',
  expression: everyContainer(`${hasOwn('allowPrivilegeEscalation')} && !c.securityContext.allowPrivilegeEscalation`),
};
const readOnlyRoot: Constraint = {
  message: 'readOnlyRootFilesystem must be true',
  expression: everyContainer(`${hasOwn('readOnlyRootFilesystem')} && c.securityContext.readOnlyRootFilesystem`),
};

/** What the level lets containers add; null for everything. */
const addable: Readonly<Record<Level, readonly string[] | null>> = {
  privileged: null,
  baseline: baselineCapabilities,
  restricted: ['NET_BIND_SERVICE'],
};

function capabilityConstraints(spec: Psp['spec'], level: Level): Constraint[] {
  const found: Constraint[] = [];
  const allowed = [...new Set([...spec.allowedCapabilities, ...spec.defaultAddCapabilities])];
  const byLevel = addable[level];
  const isNarrower = byLevel === null || byLevel.some((each) => !allowed.includes(each));
  if (!allowed.includes('*') && isNarrower)
    found.push({
      message: `capabilities that are added must be among ${allowed.join(', ') || 'none'}`,
      expression: everyContainer(
        `!(${hasOwn('capabilities.add')}) || c.securityContext.capabilities.add.all(a, a in ${literals(allowed)})`,
      ),
    });
  // The level asks for ALL, which holds each of them.
  if (level !== 'restricted')
    for (const each of spec.requiredDropCapabilities)
      found.push({
        message: `capability ${each} must be dropped`,
        expression: everyContainer(
          `${hasOwn('capabilities.drop')} && (${quoted(each)} in c.securityContext.capabilities.drop || "ALL" in c.securityContext.capabilities.drop)`,
        ),
      });
  return found;
}

function otherConstraints({ forbiddenSysctls, runtimeClass }: Psp['spec']): Constraint[] {
  const found: Constraint[] = [];
  if (forbiddenSysctls.length > 0) {
    const matches = forbiddenSysctls.map((each) =>
      each.endsWith('*') ? `s.name.startsWith(${quoted(each.slice(0, -1))})` : `s.name == ${quoted(each)}`,
    );
    found.push({
      message: `sysctls must not be among ${forbiddenSysctls.join(', ')}`,
      expression: `!has(object.spec.securityContext) || !has(object.spec.securityContext.sysctls) || object.spec.securityContext.sysctls.all(s, !(${matches.join(' || ')}))`,
    });
  }
  const names = runtimeClass?.allowedRuntimeClassNames ?? ['*'];
  if (!names.includes('*'))
    found.push({
      message: `runtimeClassName must be among ${names.join(', ') || 'none'}`,
      expression: `!has(object.spec.runtimeClassName) || object.spec.runtimeClassName in ${literals(names)}`,
    });
  return found;
}
