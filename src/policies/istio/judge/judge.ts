/** Which proxies a call passes, and what they say together. */
import type { Cluster } from '#kubernetes/cluster.ts';
import type { CallJudge } from '../../call-evaluator.ts';
import type { Call, Called } from '../../calls.ts';
import type { Verdict } from '../../kind.ts';
import type { Reading } from '../options.ts';
import { decide } from './decide.ts';
import { callersOf, pathKeyOf, portsOf, requestsOf } from './landmarks.ts';
import { modeOf } from './peers.ts';
import type { Policies, Policy } from './read.ts';
import type { Seen } from './rule.ts';
import { isAboutWaypoint, isAboutWorkload, servicePorts, servicesOf } from './scope.ts';
import type { Told } from './texts.ts';

export function judgeOf({ policies: all, peers }: Policies, reading: Reading, cluster: Cluster): CallJudge {
  const { form, mode, waypoint, trustDomain, trustDomainAlias, rootNamespace } = reading;
  const trustDomains = [trustDomain, ...trustDomainAlias];
  // Annotated policies are asked what they would do, unless it is about what is in force.
  const policies = mode === 'dry-run' ? all : all.filter(({ dryRun }) => !dryRun);
  const byNamespace = Map.groupBy(policies, ({ namespace }) => namespace);
  /** Of its own namespace and the root: no other policy is about a workload. */
  const near = ({ namespace }: Called): Policy[] =>
    [...new Set([namespace, rootNamespace])].flatMap((each) => byNamespace.get(each) ?? []);
  const atWorkload = (called: Called): Policy[] =>
    near(called).filter(
      (each) =>
        isAboutWorkload(each, called, rootNamespace) &&
        (form === 'sidecar' || each.action === 'ALLOW' || each.action === 'DENY'),
    );
  const atWaypoint = (called: Called): Policy[] =>
    form === 'ambient' && waypoint !== undefined
      ? near(called).filter((each) => isAboutWaypoint(each, called, { waypoint, rootNamespace, cluster }))
      : [];
  const strict = (called: Called, port: number): boolean => modeOf(peers, called, port, rootNamespace).by !== null;

  function seenBy(call: Call, identity: Told): Seen {
    const { caller, called, port, http } = call;
    return { identity, ips: caller.ips, destinationIps: called.ips, ports: [port], http };
  }

  /** Mesh clients that dial a Service pass its waypoint; others come straight to the pod. */
  function passesWaypoint({ caller, called, port, service }: Call, identity: Told): boolean {
    if (form !== 'ambient' || waypoint === undefined || identity === null || caller.member === false) return false;
    return service ?? servicesOf(cluster, called).some(() => servicePorts(cluster, called, port).length > 0);
  }

  function judge(call: Call): Verdict {
    const { caller, called, port } = call;
    if (!called.member) return { verdict: 'allow', rule: 'the pod is not in the mesh' };
    if (isProbe(call)) return { verdict: 'allow', rule: "kubelet's probe, which no policy sees" };
    const asked = modeOf(peers, called, port, rootNamespace);
    const identity = identityOf(call, trustDomain, form === 'sidecar' && asked.mode === 'DISABLE');
    if (asked.mode === null) return { verdict: 'unknown', rule: `${asked.by} disagree, and the oldest decides` };
    if (asked.mode === 'STRICT' && identity === null) return { verdict: 'deny', rule: `${asked.by} STRICT` };
    if (asked.mode === 'STRICT' && caller.member === null && identity === undefined)
      return { verdict: 'unknown', rule: `${asked.by} STRICT, and whether the client is in the mesh is not known` };

    if (!passesWaypoint(call, identity))
      return verdictOf(
        decide(atWorkload(called), seenBy(call, identity), { trustDomains, readsHttp: form === 'sidecar' }),
      );
    // A waypoint sees the port of the Service; the pod's ztunnel sees the waypoint as the client.
    const ports = [...new Set([port, ...servicePorts(cluster, called, port)])];
    const first = decide(atWaypoint(called), { ...seenBy(call, identity), ports }, { trustDomains, readsHttp: true });
    const second = decide(
      atWorkload(called),
      { ...seenBy(call, `${trustDomain}/ns/${called.namespace}/sa/${waypoint}`), ips: [] },
      { trustDomains, readsHttp: false },
    );
    return both(first, second);
  }

  const accountOf = (namespace: string, account: string): string => `${trustDomain}/ns/${namespace}/sa/${account}`;
  /** A waypoint sees the ports of Services: theirs, and the pod's own that they lead to. */
  const portsOfServices = (called: Called): number[] =>
    form === 'sidecar' || waypoint === undefined
      ? []
      : servicesOf(cluster, called).flatMap(({ ports }) =>
          ports.flatMap(({ port, targetPort }) => (typeof targetPort === 'number' ? [port, targetPort] : [port])),
        );

  return {
    judge,
    identityOf: accountOf,
    callers: () => callersOf(policies, trustDomains, accountOf),
    about(called) {
      const own = [...new Set([...atWorkload(called), ...atWaypoint(called)])];
      const asked = peers.filter(({ namespace }) => namespace === called.namespace || namespace === rootNamespace);
      return {
        policies: JSON.stringify([own, asked]),
        ports: [
          ...portsOf(own),
          ...asked.flatMap(({ ports }) => Object.keys(ports).map(Number)),
          ...portsOfServices(called),
        ],
        requests: requestsOf(own),
        pathKey: pathKeyOf(own),
        direct: portsOfServices(called).length > 0,
        beyond: [],
      };
    },
    governs: (called, port) =>
      called.member && (atWorkload(called).length + atWaypoint(called).length > 0 || strict(called, port)),
  };
}

function verdictOf({ verdict, rule, permissions }: Verdict): Verdict {
  return { verdict, rule, ...(permissions === undefined ? {} : { permissions }) };
}

/** The waypoint and the pod's own ztunnel. */
function both(waypoint: Verdict, workload: Verdict): Verdict {
  const parts = { waypoint: waypoint.verdict, workload: workload.verdict };
  const rank = { deny: 2, unknown: 1, allow: 0 };
  const deciding = rank[workload.verdict] > rank[waypoint.verdict] ? workload : waypoint;
  const permissions = [...(waypoint.permissions ?? []), ...(workload.permissions ?? [])];
  return {
    verdict: deciding.verdict,
    rule: deciding.rule,
    parts,
    ...(deciding.verdict === 'allow' && permissions.length > 0 ? { permissions } : {}),
  };
}

/** Sidecars' probes are rewritten to the agent's own port; in ambient mode they come from an address that is let by. */
function isProbe({ caller, called, port }: Call): boolean {
  return (
    caller.node !== null &&
    caller.node === called.node &&
    called.probes !== null &&
    called.probes.some((probe) => probe.port === port)
  );
}

/**
 * What the mesh told holds; else a member's account, where it is known. Without mutual TLS nobody has an identity; in
 * ambient mode tunnels have it, whatever a PeerAuthentication says.
 */
function identityOf({ caller, identity }: Call, trustDomain: string, withoutTls: boolean): Told {
  if (withoutTls) return null;
  if (identity !== undefined) return identity === null ? null : identity.replace(/^spiffe:\/\//, '');
  if (caller.member === false) return null;
  if (caller.member === null || caller.account === null || caller.namespace === null) return undefined;
  return `${trustDomain}/ns/${caller.namespace}/sa/${caller.account}`;
}
