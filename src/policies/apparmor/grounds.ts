/** Permissions that stand in a profile without having been seen, and why: the runtime needs them, or any program may. */

const grounds: readonly (readonly [permission: RegExp, reason: string])[] = [
  [/^signal \(receive\) peer=(unconfined|runc|crun)$/, 'the runtime stops the container by signals'],
  [
    /^signal \((send|receive)\) peer=@\{profile_name\}(\/\/\*|\{,\/\/\*\})?$/,
    'processes of the container signal one another: abort, raise and timers of libraries do at any time',
  ],
];
const ofOperator: typeof grounds = [
  [
    /^ptrace \((readby|tracedby)\)$|^ptrace \(read\) peer=@\{profile_name\}$|^network unix$/,
    'abstractions/base of the node, which the operator takes along, has it',
  ],
  [/^network inet6? (stream|dgram)$/, 'an AppArmorProfile opens a protocol for both families of addresses'],
];

/** `ofObject`: of an object of the Security Profiles Operator. */
export function groundOf(permission: string, ofObject: boolean): string | null {
  return [...grounds, ...(ofObject ? ofOperator : [])].find(([pattern]) => pattern.test(permission))?.[1] ?? null;
}
