/**
 * What a policy answers to (source, target, class, permission), as the kernel's security server does
 * (security/selinux/ss/services.c, context_struct_compute_av): rules, conditional ones by their booleans, then
 * constraints. What the text leaves to the node is `unknown`, with what would decide.
 */
import type { Verdict } from '../../kind.ts';
import { type Context, levelOf, satisfied } from './constraints.ts';
import { truthOf } from './expand.ts';
import { textOf } from './expressions.ts';
import { lookUp } from './names.ts';
import { leftToBase } from './base.ts';
import type { Policy, Rule } from './policy.ts';
import { both, includes, type Truth, type TypeSet } from './sets.ts';

export interface Question {
  /** A type, or a whole context `user:role:type:level`. */
  readonly source: string;
  /** The same, or `self`. */
  readonly target: string;
  readonly class: string;
  readonly permission: string;
  /** The number of an ioctl, where `allowx` rules tell numbers apart. */
  readonly ioctl?: number | undefined;
}

/** Values of booleans other than the text's own. */
export type Booleans = ReadonlyMap<string, boolean>;

export function decide(policy: Policy, question: Question, booleans: Booleans = new Map()): Verdict {
  const source = contextOf(policy, question.source, 'process');
  const target =
    question.target === 'self'
      ? source
      : contextOf(policy, question.target, question.class === 'process' ? 'process' : 'object');
  for (const each of [source, target]) if (typeof each === 'string') return { verdict: 'unknown', rule: each };
  return typeof source === 'string' || typeof target === 'string'
    ? { verdict: 'unknown', rule: 'no context' }
    : between(policy, source, target, question, booleans);
}

function between(policy: Policy, source: Context, target: Context, question: Question, booleans: Booleans): Verdict {
  const { class: kind, permission, ioctl } = question;
  const known = policy.classes.get(kind);
  if (!policy.open && known === undefined) return { verdict: 'unknown', rule: `the policy has no class ${kind}` };
  if (known?.has(permission) === false)
    return { verdict: 'unknown', rule: `class ${kind} has no permission ${permission}` };
  if (policy.permissive.some((set) => policy.members.has(set, source.type) === 'yes'))
    return { verdict: 'allow', rule: `typepermissive ${source.type}: logged, not refused` };
  let doubt: string | null = null;
  let granting: Rule | null = null;
  for (const rule of policy.rules.get(kind) ?? []) {
    if (!rule.classes.some((each) => includes(each.permissions, permission))) continue;
    const matches = both(covers(policy, rule, source.type, target.type), active(policy, rule, booleans));
    if (matches === 'yes' && rule.uncertain === null) {
      granting = rule;
      break;
    }
    if (matches !== 'no')
      doubt ??= `${textOf(rule.statement.list)}: ${rule.uncertain ?? 'the node alone knows whom it is about'}`;
  }
  if (granting !== null) {
    const grant = { permissions: [permissionText(granting, kind, permission)] };
    const refusal =
      roleChange(policy, source, target, kind, permission) ??
      constrained(policy, source, target, kind, permission) ??
      extended(policy, source, target, kind, permission, ioctl);
    return refusal ?? { verdict: 'allow', rule: textOf(granting.statement.list), ...grant };
  }
  doubt ??= policy.open ? leftToBase(policy, source.type, target.type, kind, permission) : null;
  return doubt === null ? { verdict: 'deny', rule: 'no rule allows it' } : { verdict: 'unknown', rule: doubt };
}

export function covers(policy: Policy, { source, target }: Rule, from: string, to: string): Truth {
  const { members } = policy;
  return both(members.has(source, from), target === 'self' ? (from === to ? 'yes' : 'no') : members.has(target, to));
}

function active(policy: Policy, { conditions }: Rule, booleans: Booleans): Truth {
  let found: Truth = 'yes';
  for (const { expression, holds, scope } of conditions) {
    const value = truthOf(expression, (name) => {
      const declared = lookUp(scope, 'boolean', name);
      const full = declared !== null && 'full' in declared ? declared.full : name;
      return booleans.get(full) ?? policy.booleans.get(full) ?? null;
    });
    found = both(found, value === null ? 'unknown' : value === holds ? 'yes' : 'no');
  }
  return found;
}

/** A process may change its role only where a `roleallow` says so. */
function roleChange(
  policy: Policy,
  source: Context,
  target: Context,
  kind: string,
  permission: string,
): Verdict | null {
  if (policy.open || kind !== 'process' || !/^(dyn)?transition$/.test(permission)) return null;
  if (source.role === target.role || policy.roleAllows.has(`${source.role} ${target.role}`)) return null;
  return { verdict: 'deny', rule: `no roleallow from ${source.role} to ${target.role}` };
}

function constrained(
  policy: Policy,
  source: Context,
  target: Context,
  kind: string,
  permission: string,
): Verdict | null {
  for (const { classes, test, text } of policy.constraints) {
    if (!classes.some((each) => each.class === kind && includes(each.permissions, permission))) continue;
    const held = satisfied(test, source, target, policy.members);
    if (held !== 'yes') return { verdict: held === 'no' ? 'deny' : 'unknown', rule: text };
  }
  return null;
}

function extended(
  policy: Policy,
  source: Context,
  target: Context,
  kind: string,
  permission: string,
  ioctl: number | undefined,
): Verdict | null {
  if (permission !== 'ioctl') return null;
  const rules = policy.extended.filter(
    (rule) =>
      rule.class === kind &&
      both(
        policy.members.has(rule.source, source.type),
        rule.target === 'self'
          ? source.type === target.type
            ? 'yes'
            : 'no'
          : policy.members.has(rule.target, target.type),
      ) === 'yes',
  );
  if (rules.length === 0 || rules.some(({ numbers }) => ioctl !== undefined && numbers(ioctl))) return null;
  const text = rules.map((rule) => rule.text).join(' ');
  return ioctl === undefined
    ? { verdict: 'unknown', rule: `${text}: the ioctl's number decides` }
    : { verdict: 'deny', rule: text };
}

/** A grant in the words of the policy: `shop.process etc_t file read`. */
export function permissionText(
  { source, target }: Pick<Rule, 'source' | 'target'>,
  kind: string,
  permission: string,
): string {
  return `${setText(source)} ${target === 'self' ? 'self' : setText(target)} ${kind} ${permission}`;
}

export function setText(set: TypeSet): string {
  switch (set.op) {
    case 'type':
    case 'attribute':
    case 'external':
      return set.name;
    case 'not':
      return `(not ${setText(set.a)})`;
    case 'and':
    case 'or':
    case 'xor':
      return `(${set.op} ${setText(set.a)} ${setText(set.b)})`;
    default:
      return `(${set.op})`;
  }
}

/** A bare type stands for `system_u:system_r:<type>:s0` where that role may have it, or with object_r. A sentence where there is none. */
function contextOf(policy: Policy, text: string, side: 'process' | 'object'): Context | string {
  const whole = text.includes(':') ? /^([^:]+):([^:]+):([^:]+)(?::(.+))?$/.exec(text) : null;
  if (text.includes(':') && whole === null) return `${JSON.stringify(text)} is no context`;
  const [, user = 'system_u', role, name = text, range = 's0'] = whole ?? [];
  const type = typeNamed(policy, name);
  if (type === null) return `the policy has no type ${JSON.stringify(name)}`;
  const [lowText = '', highText = lowText] = range.split('-');
  const [low, high] = [levelOf(lowText, policy.levels), levelOf(highText, policy.levels)];
  if (low === null || high === null) return `${JSON.stringify(range)} is no range of levels`;
  const mayRun = (policy.roles.get('system_r') ?? []).some((set) => policy.members.has(set, type) === 'yes');
  return { user, role: role ?? (side === 'process' && mayRun ? 'system_r' : 'object_r'), type, low, high };
}

/** The type of that name or alias, the name itself where only the node may know it; null when there is none. */
export function typeNamed(policy: Policy, name: string): string | null {
  if (policy.types.has(name)) return name;
  const alias = policy.aliases.get(name);
  if (alias !== undefined && (alias.op === 'type' || alias.op === 'external')) return alias.name;
  return policy.open ? name : null;
}
