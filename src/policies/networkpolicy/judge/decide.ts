/** One direction of one flow against the tiers. */
import type { Endpoint } from './endpoint.ts';
import { both, type Direction, either, type Flow, type Match, type Policy, type Rule, type Tier } from './policy.ts';

export interface Decision {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** The policy and the rule that decided, or why none did. */
  readonly rule: string;
  /** The grant that let it through: policy, direction, member of the peers, member of the ports. */
  readonly permission?: string;
}

/** The policies of one tier that have a say about a subject, in their order. */
export interface Stage {
  readonly tier: Tier;
  readonly policies: readonly { readonly policy: Policy; readonly selects: Match }[];
}

/** Null when the tier leaves it to the next one. */
type Outcome = Decision | null;

export function decide(stages: readonly Stage[], direction: Direction, flow: Flow): Decision {
  const subject = direction === 'ingress' ? flow.dst : flow.src;
  const peer = direction === 'ingress' ? flow.src : flow.dst;
  for (const stage of stages) {
    const context = { stage, direction, flow, subject, peer };
    const outcome = stage.tier.mode === 'deny wins' ? union(context) : firstMatch(context);
    if (outcome !== null) return outcome;
  }
  const asked = stages.length > 0;
  return {
    verdict: 'allow',
    rule: asked ? `no ${direction} rule decides, nothing isolates it` : `no policy has a say in its ${direction}`,
  };
}

interface Context {
  readonly stage: Stage;
  readonly direction: Direction;
  readonly flow: Flow;
  readonly subject: Endpoint;
  readonly peer: Endpoint;
}

/** Rules in order; what may match and may not is remembered, and must not change the end. */
function firstMatch(context: Context): Outcome {
  const { stage, direction } = context;
  let doubt: { readonly of: string; readonly verdict: 'allow' | 'deny' | 'pass' } | null = null;
  let isolated: { readonly by: string; readonly surely: boolean } | null = null;
  for (const [at, { policy, selects }] of stage.policies.entries()) {
    if (policy[direction]?.isolates === true && isolated?.surely !== true)
      isolated = { by: policy.name, surely: selects === 'yes' };
    const hit = firstHit(policy, selects, context);
    if (hit === null) continue;
    if (hit.match === 'maybe') {
      if (doubt !== null && doubt.verdict !== hit.rule.action) return unknown(doubt.of);
      doubt ??= { of: `${policy.name} ${hit.rule.where}`, verdict: hit.rule.action };
      continue;
    }
    if (doubt !== null && doubt.verdict !== hit.rule.action) return unknown(doubt.of);
    const rival = rivalOf(at, hit.rule.action, context);
    if (rival !== null)
      return { verdict: 'unknown', rule: `${policy.name} and ${rival} have one priority and disagree` };
    return hit.rule.action === 'pass' ? null : decided(policy, hit, context);
  }
  const end = isolated !== null && stage.tier.end === 'deny' ? 'deny' : 'pass';
  if (end === 'deny' && isolated?.surely === false) return unknown(isolated.by);
  if (doubt !== null && doubt.verdict !== end) return unknown(doubt.of);
  return end === 'pass' ? null : refused(isolated?.by ?? '', context);
}

interface Hit {
  readonly rule: Rule;
  readonly match: Match;
  readonly permission?: string;
}

function firstHit(policy: Policy, selects: Match, context: Context): Hit | null {
  for (const rule of policy[context.direction]?.rulesFor(context.peer) ?? []) {
    const hit = hitOf(policy, rule, context);
    const certain = both(hit.match, selects);
    if (certain !== 'no') return { ...hit, match: certain };
  }
  return null;
}

/** Of policies with one priority, which comes first is not defined: all must come to the same answer. */
function rivalOf(at: number, action: Rule['action'], context: Context): string | null {
  const { policies, tier } = context.stage;
  if (tier.equalOrder === 'by name') return null;
  const order = policies[at]?.policy.order;
  for (const { policy, selects } of policies.slice(at + 1)) {
    if (policy.order !== order) break;
    const hit = firstHit(policy, selects, context);
    if (hit !== null && hit.rule.action !== action) return policy.name;
  }
  return null;
}

/** Every rule counts; a deny beats every allow. */
function union(context: Context): Outcome {
  const { stage, direction } = context;
  let allowed: Decision | null = null;
  let mayAllow: string | null = null;
  let mayDeny: string | null = null;
  let isolates: Match = 'no';
  let isolating = '';
  for (const { policy, selects } of stage.policies) {
    const side = policy[direction];
    if (side === null) continue;
    if (side.isolates && isolates !== 'yes') {
      isolates = either(isolates, selects);
      isolating = policy.name;
    }
    for (const rule of side.rulesFor(context.peer)) {
      // After a sure allow only denies matter.
      if (allowed !== null && rule.action === 'allow') continue;
      const hit = hitOf(policy, rule, context);
      const certain = both(hit.match, selects);
      if (certain === 'no') continue;
      if (certain === 'maybe') {
        if (rule.action === 'allow') mayAllow ??= `${policy.name} ${rule.where}`;
        else mayDeny ??= `${policy.name} ${rule.where}`;
      } else if (rule.action === 'deny') return decided(policy, hit, context);
      else allowed = decided(policy, hit, context);
    }
  }
  if (allowed !== null) return mayDeny === null ? allowed : unknown(mayDeny);
  if (isolates === 'no') return mayDeny === null ? free(stage, direction) : unknown(mayDeny);
  if (mayAllow !== null) return unknown(mayAllow);
  return isolates === 'yes' ? refused(isolating, context) : unknown(isolating);
}

/** Policies that select without default deny imply that the rest is let through, so a later tier is not asked. */
function free({ policies }: Stage, direction: Direction): Outcome {
  const first = policies.find(({ policy, selects }) => policy[direction] !== null && selects === 'yes');
  return first === undefined
    ? null
    : {
        verdict: 'allow',
        rule: `${first.policy.name} has no ${direction} default deny, nor has another that selects it`,
      };
}

function hitOf(policy: Policy, rule: Rule, { direction, flow, peer, subject }: Context): Hit {
  let best: Hit = { rule, match: 'no' };
  for (const peers of rule.peers) {
    const peerMatch = peers.matches(peer, subject);
    if (peerMatch === 'no') continue;
    for (const ports of rule.ports) {
      const found = both(peerMatch, ports.matches(flow));
      if (found === 'no' || (found === 'maybe' && best.match === 'maybe')) continue;
      best = { rule, match: found, permission: permissionText(policy, direction, peers.label, ports.label) };
      if (found === 'yes') return requested(best, flow);
    }
  }
  return requested(best, flow);
}

/** The connection is let through; what may be asked over it is another matter. */
function requested(hit: Hit, flow: Flow): Hit {
  if (hit.match === 'no' || hit.rule.request === undefined) return hit;
  return { ...hit, match: both(hit.match, hit.rule.request(flow)) };
}

export function permissionText(policy: Policy, direction: Direction, peer: string, ports: string): string {
  return `${policy.name} ${direction} ${direction === 'ingress' ? 'from' : 'to'} ${peer} ${ports}`;
}

function decided(policy: Policy, { rule, permission }: Hit, _context: Context): Decision {
  return {
    verdict: rule.action === 'allow' ? 'allow' : 'deny',
    rule: `${policy.name} ${rule.where}`,
    ...(rule.action === 'allow' && permission !== undefined ? { permission } : {}),
  };
}

function refused(policy: string, { direction }: Context): Decision {
  return { verdict: 'deny', rule: `${policy} isolates it, and no ${direction} rule lets this through` };
}

function unknown(of: string): Decision {
  return { verdict: 'unknown', rule: `${of}: what is known of the flow does not tell` };
}
