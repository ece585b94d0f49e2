/** What every kind of policy is read into: tiers of policies, whose rules test the peer and the port. */
import { candidatesAmong, type Hint } from './candidates.ts';
import type { Endpoint } from './endpoint.ts';

export type Direction = 'ingress' | 'egress';
export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6';

/** `maybe`: the text and the flow alone do not tell. Never taken for a yes, nor for a no. */
export type Match = 'yes' | 'no' | 'maybe';

export interface Http {
  readonly method: string;
  readonly path: string;
  readonly host?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A connection after the translation of addresses. */
export interface Flow {
  readonly src: Endpoint;
  readonly dst: Endpoint;
  /** Null for ICMP. */
  readonly port: number | null;
  readonly protocol: Protocol;
  readonly icmpType?: number | undefined;
  readonly http?: Http | undefined;
  /** The name that is asked for, where the flow is a DNS question. */
  readonly dnsName?: string | undefined;
}

/** One member of a rule's list, with the words that stand for it in a permission. */
export interface PeerTest {
  readonly label: string;
  /** What every pod that passes must have; absent when others than pods may pass, or any pod. */
  readonly hint?: Hint;
  matches(peer: Endpoint, subject: Endpoint): Match;
}
export interface PortTest {
  readonly label: string;
  matches(flow: Flow): Match;
}

export type Action = 'allow' | 'deny' | 'pass';

export interface Rule {
  /** Where it stands in the policy: `ingress[0]`. */
  readonly where: string;
  readonly action: Action;
  /** One must match; an empty list matches nothing. */
  readonly peers: readonly PeerTest[];
  readonly ports: readonly PortTest[];
  /** What the application's own protocol must be like; the connection alone leaves it open. */
  readonly request?: ((flow: Flow) => Match) | undefined;
}

/** A policy's say in one direction. */
export interface Side {
  readonly rules: readonly Rule[];
  /** Whether what no rule of the tier allows is refused. */
  readonly isolates: boolean;
  /** The rules that a peer may match, in their order. */
  readonly rulesFor: (peer: Endpoint) => readonly Rule[];
}

export interface Policy {
  /** `NetworkPolicy shop/web`. */
  readonly name: string;
  readonly tier: Tier;
  /** Place in its tier, lower first; null comes last. */
  readonly order: number | null;
  /** What every selected pod must have; null for nothing. */
  readonly hint: Hint;
  selects(subject: Endpoint): Match;
  readonly ingress: Side | null;
  readonly egress: Side | null;
  /** The API object that it was read from; absent until it stands among others. */
  readonly source?: object;
}

export interface Tier {
  readonly name: string;
  /** Lower first; null comes last. */
  readonly order: number | null;
  /**
   * - `first match`: policies by order, rules as they stand.
   * - `deny wins`: one union of rules, in which a deny beats every allow.
   */
  readonly mode: 'first match' | 'deny wins';
  /** Whether two policies of one order leave open which comes first; else names decide. */
  readonly equalOrder: 'undefined' | 'by name';
  /** What happens to a flow that an isolating policy was asked about and no rule decided. */
  readonly end: 'deny' | 'pass';
}

export function sideOf(rules: readonly Rule[], isolates: boolean): Side {
  const rulesFor = candidatesAmong(rules, ({ peers }) =>
    peers.length === 0 ? [null] : peers.map(({ hint }) => hint ?? null),
  );
  return { rules, isolates, rulesFor };
}

/** The least certain of several that must all hold. */
export function both(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'maybe';
}

/** The most certain of several of which one must hold. */
export function either(a: Match, b: Match): Match {
  if (a === 'yes' || b === 'yes') return 'yes';
  return a === 'no' && b === 'no' ? 'no' : 'maybe';
}

export function not(match: Match): Match {
  return match === 'maybe' ? 'maybe' : match === 'yes' ? 'no' : 'yes';
}

export function match(holds: boolean): Match {
  return holds ? 'yes' : 'no';
}
