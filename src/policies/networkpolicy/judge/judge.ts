/** Flows against all policies of a cluster, on both ends. */
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Verdict } from '../../kind.ts';
import { candidatesAmong } from './candidates.ts';
import { type Decision, decide, permissionText, type Stage } from './decide.ts';
import { type Endpoint, type EndpointName, type Endpoints, endpointsOf, isSame } from './endpoint.ts';
import type { Direction, Flow, Http, Policy, Protocol, Tier } from './policy.ts';
import type { Given } from '../../documents.ts';
import { type Dialect, readPolicies } from './read/policies.ts';

/** A flow as it is asked about. */
export interface FlowQuery {
  readonly src: EndpointName;
  readonly dst: EndpointName;
  readonly port?: number | null | undefined;
  readonly protocol: Protocol;
  readonly icmpType?: number | undefined;
  readonly http?: Http | undefined;
  readonly dns?: string | undefined;
}

export interface Judgement extends Verdict {
  readonly parts: { readonly ingress: Verdict['verdict']; readonly egress: Verdict['verdict'] };
}

export interface Judge {
  readonly endpoints: Endpoints;
  readonly policies: readonly Policy[];
  judge(query: FlowQuery): Judgement;
  judgeFlow(flow: Flow): Judgement;
  /** One direction alone: what the policies of that end say. */
  decide(direction: Direction, flow: Flow): Decision;
  /** Whether a policy has a say about the end, in any direction. */
  isolates(subject: Endpoint): boolean;
  /** The policies that have, or may have, a say about the end. */
  about(subject: Endpoint): readonly Policy[];
  /** Every grant of every policy, sorted, as `Verdict.permissions` names them. */
  permissions(): string[];
}

export interface Setting {
  readonly dialect: Dialect;
  readonly clusterName?: string | undefined;
  readonly asEnforced?: boolean | undefined;
}

/** Throws `UnreadableArtifact` for a policy that an API server would refuse. */
export function judgeOf(
  objects: readonly Given[],
  cluster: Cluster,
  { dialect, clusterName = 'default', asEnforced = false }: Setting,
): Judge {
  const policies = readPolicies(objects, dialect, { cluster, clusterName, asEnforced }).toSorted(byTierAndOrder);
  const selecting = candidatesAmong(policies, ({ hint }) => [hint]);
  const endpoints = endpointsOf(cluster);
  const known: Record<Direction, (readonly Stage[])[]> = { ingress: [], egress: [] };

  /** Pods of one identity share the policies that have a say about them. */
  function stagesOf(direction: Direction, subject: Endpoint): readonly Stage[] {
    if (subject.type !== 'pod') return stages(selecting(subject), direction, subject);
    return (known[direction][subject.identity.id] ??= stages(selecting(subject), direction, subject));
  }

  function decideOne(direction: Direction, flow: Flow): Decision {
    const [subject, peer] = direction === 'ingress' ? [flow.dst, flow.src] : [flow.src, flow.dst];
    if (subject.type === 'world') return { verdict: 'allow', rule: 'outside of the cluster no policy holds' };
    const open = stagesOf(direction, subject);
    if (subject.type === 'unresolved')
      return policies.length === 0
        ? { verdict: 'allow', rule: 'there is no policy' }
        : { verdict: 'unknown', rule: subject.why };
    if (isSame(subject, peer)) return { verdict: 'allow', rule: 'no policy holds for traffic to itself' };
    if (
      direction === 'ingress' &&
      subject.type === 'pod' &&
      peer.type === 'node' &&
      subject.node !== null &&
      subject.node === peer.node
    )
      return { verdict: 'allow', rule: 'its own node is always let in' };
    return decide(open, direction, flow);
  }

  function judgeFlow(flow: Flow): Judgement {
    const egress = decideOne('egress', flow);
    const ingress = decideOne('ingress', flow);
    const parts = { ingress: ingress.verdict, egress: egress.verdict };
    for (const verdict of ['deny', 'unknown'] as const) {
      const deciding = egress.verdict === verdict ? egress : ingress.verdict === verdict ? ingress : null;
      if (deciding !== null) return { verdict, rule: deciding.rule, parts };
    }
    const permissions = [egress, ingress].flatMap(({ permission }) => permission ?? []);
    return {
      verdict: 'allow',
      rule: `${egress.rule}; ${ingress.rule}`,
      ...(permissions.length === 0 ? {} : { permissions }),
      parts,
    };
  }

  return {
    endpoints,
    policies,
    judgeFlow,
    decide: decideOne,
    isolates: (subject) =>
      (['ingress', 'egress'] as const).some((direction) => stagesOf(direction, subject).length > 0),
    about: (subject) =>
      (['ingress', 'egress'] as const).flatMap((direction) =>
        stagesOf(direction, subject).flatMap((stage) => stage.policies.map(({ policy }) => policy)),
      ),
    judge: ({ src, dst, port, dns, ...rest }) =>
      judgeFlow({ ...rest, src: endpoints.named(src), dst: endpoints.named(dst), port: port ?? null, dnsName: dns }),
    permissions: () => [...new Set(policies.flatMap(grantsOf))].toSorted(),
  };
}

function stages(policies: readonly Policy[], direction: Direction, subject: Endpoint): Stage[] {
  const found = new Map<Tier, { policy: Policy; selects: 'yes' | 'maybe' }[]>();
  for (const policy of policies) {
    if (policy[direction] === null) continue;
    const selects = policy.selects(subject);
    if (selects === 'no') continue;
    const own = found.get(policy.tier) ?? [];
    own.push({ policy, selects });
    found.set(policy.tier, own);
  }
  return [...found].map(([tier, own]) => ({ tier, policies: own }));
}

function byTierAndOrder(a: Policy, b: Policy): number {
  return place(a.tier.order) - place(b.tier.order) || place(a.order) - place(b.order) || (a.name < b.name ? -1 : 1);
}

function place(order: number | null): number {
  return order ?? Number.MAX_SAFE_INTEGER;
}

function grantsOf(policy: Policy): string[] {
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    (policy[direction]?.rules ?? [])
      .filter(({ action }) => action === 'allow')
      .flatMap(({ peers, ports }) =>
        peers.flatMap((peer) => ports.map((port) => permissionText(policy, direction, peer.label, port.label))),
      ),
  );
}
