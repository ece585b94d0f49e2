/**
 * CUSTOM, then DENY, then ALLOW (istio.io/latest/docs/concepts/security): a provider and a DENY may refuse; without any
 * ALLOW everything passes, with one only what it matches. AUDIT decides nothing.
 */
import { any, type Truth } from '../../three-valued.ts';
import type { Verdict } from '../../kind.ts';
import { type Grant, grantsOf } from './grants.ts';
import type { Policy } from './read.ts';
import { type Frame, ruleMatches, type Seen } from './rule.ts';
import type { Rule } from './schema.ts';

export interface Judged extends Verdict {
  /** Whether any policy had a say. */
  readonly governed: boolean;
}

export type Surroundings = Pick<Frame, 'trustDomains' | 'readsHttp'>;

export function decide(policies: readonly Policy[], seen: Seen, { trustDomains, readsHttp }: Surroundings): Judged {
  const of = (action: Policy['action']): readonly Policy[] => policies.filter((each) => each.action === action);
  const frame = ({ action, namespace }: Policy): Frame => ({ action, namespace, trustDomains, readsHttp });
  const hits = (policy: Policy): Truth => any(policy.rules.map((rule) => ruleMatches(rule, seen, frame(policy))));

  // ztunnel knows neither; a waypoint and a sidecar do.
  const custom = readsHttp ? of('CUSTOM').find((each) => hits(each) !== 'no') : undefined;
  const denies = of('DENY').map((policy) => ({ policy, hit: hits(policy) }));
  const allows = of('ALLOW');
  const governed = denies.length + allows.length + (readsHttp ? of('CUSTOM').length : 0) > 0;
  const denying = denies.find(({ hit }) => hit === 'yes');
  if (denying !== undefined) return { verdict: 'deny', rule: `DENY ${denying.policy.name}`, governed };

  const allowing = allowed(allows, seen, frame);
  if (allowing.verdict === 'deny') return { ...allowing, governed };
  if (custom !== undefined)
    return { verdict: 'unknown', rule: `CUSTOM ${custom.name} asks ${custom.provider}`, governed };
  const doubtful = denies.find(({ hit }) => hit === 'maybe');
  if (doubtful !== undefined)
    return {
      verdict: 'unknown',
      rule: `DENY ${doubtful.policy.name} may match: not all that it asks is known`,
      governed,
    };
  return { ...allowing, governed };
}

function allowed(allows: readonly Policy[], seen: Seen, frame: (policy: Policy) => Frame): Verdict {
  if (allows.length === 0) return { verdict: 'allow', rule: 'no ALLOW policy is about it' };
  let doubtful: string | null = null;
  for (const policy of allows) {
    for (const rule of policy.rules) {
      const hit = ruleMatches(rule, seen, frame(policy));
      if (hit === 'no') continue;
      const permissions = granting(policy, rule, seen, frame(policy));
      const words = permissions.join(', ');
      if (hit === 'yes') return { verdict: 'allow', rule: `ALLOW ${words}`, permissions };
      doubtful ??= words;
    }
  }
  if (doubtful !== null)
    return { verdict: 'unknown', rule: `ALLOW ${doubtful} may match: not all that it asks is known` };
  return { verdict: 'deny', rule: `no rule of ALLOW ${allows.map(({ name }) => name).join(', ')} matches` };
}

/** One grant that does it alone, or all that do it together, since one of several ports is meant. */
function granting(policy: Policy, rule: Rule, seen: Seen, frame: Frame): string[] {
  const hits = expanded(policy)
    .filter(({ whole }) => whole === rule)
    .map((grant) => ({ text: grant.text, hit: ruleMatches(grant.rule, seen, frame, rule) }));
  const alone = hits.find(({ hit }) => hit === 'yes');
  return alone === undefined ? hits.filter(({ hit }) => hit === 'maybe').map(({ text }) => text) : [alone.text];
}

const known = new WeakMap<Policy, readonly Grant[]>();

function expanded(policy: Policy): readonly Grant[] {
  const found = known.get(policy) ?? grantsOf(policy);
  known.set(policy, found);
  return found;
}
