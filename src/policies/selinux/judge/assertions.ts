/** `neverallow`: a policy that breaks one does not compile. */
import { UnreadableArtifact } from '../../kind.ts';
import { textOf } from './expressions.ts';
import { setText } from './decide.ts';
import type { Policy, Rule } from './policy.ts';
import { includes, namesOf, type TypeSet } from './sets.ts';

/** A distribution's whole base keeps its own assertions; among its rules those of the artifact alone are asked again. */
const manyTypes = 1000;

/** Throws when a rule allows what an assertion forbids, as secilc does. */
export function checkAssertions(policy: Policy): void {
  if (policy.neverallows.length === 0) return;
  const all = [...policy.types];
  const of = (set: TypeSet): string[] =>
    set.op === 'type'
      ? [set.name]
      : set.op === 'external'
        ? [set.name]
        : all.filter((each) => policy.members.has(set, each) === 'yes');
  for (const rule of [...policy.rules.values()].flat()) {
    if (!rule.statement.own && all.length > manyTypes) continue;
    for (const assertion of policy.neverallows) {
      const kind = assertion.classes.find((each) => each.class === rule.classes[0]?.class);
      const permission = kind === undefined ? undefined : overlap(policy, rule, kind);
      if (permission === undefined) continue;
      for (const source of of(rule.source)) {
        if (policy.members.has(assertion.source, source) !== 'yes') continue;
        const targets = rule.target === 'self' ? [source] : of(rule.target);
        const hit = targets.find((target) =>
          assertion.target === 'self' ? target === source : policy.members.has(assertion.target, target) === 'yes',
        );
        if (hit !== undefined)
          throw new UnreadableArtifact(
            `line ${rule.statement.list.line}`,
            `${setText(rule.source)} may not have ${kind?.class} ${permission} on ${hit}: ${textOf(assertion.statement.list)}`,
          );
      }
    }
  }
}

function overlap(policy: Policy, rule: Rule, forbidden: Rule['classes'][number]): string | undefined {
  const [granted] = rule.classes;
  if (granted === undefined) return undefined;
  const names = namesOf(granted.permissions) ?? [...(policy.classes.get(granted.class) ?? [])];
  return names.find((each) => includes(granted.permissions, each) && includes(forbidden.permissions, each));
}
