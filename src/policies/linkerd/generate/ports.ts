/** A server's callers → what each of its ports asks for, with what a reader must know. */
import { arrivalKey, type Request } from '#baseline/arrivals.ts';
import type { Caller, Callers } from '#baseline/callers.ts';
import { type Evidence, firstOf, sum } from '#baseline/evidence.ts';
import { isOf, leaveOut, unsaidAt, type UnsaidAt } from '#baseline/left-out.ts';
import { type Template, templates } from '#baseline/request-templates.ts';
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import type { Options } from '../options.ts';
import { type Match, matchOf } from './matches.ts';

export interface Admitted {
  readonly client: Caller['client'];
  readonly remarks: readonly string[];
  /** Null for kubelet, which asks though nobody saw it. */
  readonly evidence: Evidence | null;
}

/** Requests that the same clients make. */
export interface Route {
  readonly matches: readonly Match[];
  readonly admitted: readonly Admitted[];
}

export interface Port {
  readonly port: number;
  /** Who may connect, whatever they ask for. */
  readonly admitted: readonly Admitted[];
  /** Empty where connections decide. */
  readonly routes: readonly Route[];
}

export interface Ports {
  readonly ports: readonly Port[];
  readonly notes: readonly string[];
  readonly leftOut: UnsaidAt;
}

interface Seen {
  readonly caller: Caller;
  readonly requests: readonly Request[];
  readonly evidence: Evidence;
}

export function portsOf(
  { callers, unsayable }: Callers,
  pods: readonly ClusterPod[],
  { nodes }: Cluster,
  { l7 }: Options,
): Ports {
  const numbers = [...new Set(callers.flatMap(({ arrivals }) => arrivals.map(({ port }) => port)))].toSorted(
    (a, b) => a - b,
  );
  const notes: string[] = [];
  const leftOut = unsaidAt(unsayable);
  if (!l7 && callers.some(({ arrivals }) => arrivals.some(({ requests }) => requests.length > 0)))
    notes.push('requests were seen; --l7 lets their methods and paths alone through');

  const ports = numbers.map((port): Port => {
    const seen = callers.flatMap((caller): Seen[] => {
      const own = caller.arrivals.filter((each) => each.port === port);
      if (own.length === 0) return [];
      const requests = l7 ? own.flatMap((each) => each.requests) : [];
      return [{ caller, requests, evidence: own.map(({ evidence }) => evidence).reduce(sum) }];
    });
    const silent = seen.filter(({ requests }) => requests.length === 0);
    const speaking = seen.filter(({ requests }) => requests.length > 0);
    if (speaking.length === 0) return { port, admitted: silent.map(admittedOf), routes: [] };
    const probes = probesOf(
      pods,
      port,
      nodes.flatMap((node) => node.ips),
    );
    const { routes, unsaid } = routesOf(speaking, probes);
    for (const { caller } of speaking)
      for (const arrival of caller.arrivals)
        if (arrival.port === port && arrival.requests.length > 0) leaveOut(leftOut, arrivalKey(arrival), unsaid);
    if (unsaid.length > 0) {
      const words = unsaid.map(({ method, segments }) =>
        JSON.stringify(`${method} ${segments.map((each) => each ?? '*').join('/')}`),
      );
      notes.push(`not written and refused when enforced, no HTTPRoute can say exactly ${firstOf(words)} at ${port}`);
    }
    if (probes.length > 0)
      notes.push(`kubelet's probes of ${port} have a route, since routes take the place of the default ones`);
    return { port, admitted: silent.map(admittedOf), routes };
  });
  return { ports, notes, leftOut };
}

function admittedOf({ caller: { client, remarks }, evidence }: Seen): Admitted {
  return { client, remarks, evidence };
}

interface Probing {
  readonly admitted: Admitted;
  readonly requests: readonly Request[];
}

/** With routes of its own a Server has none for probes any more. They come from the pod's node: any, since pods move. */
function probesOf(pods: readonly ClusterPod[], port: number, nodeIps: readonly string[]): Probing[] {
  const paths = new Set(
    pods.flatMap(({ probes = [] }) =>
      probes.flatMap((each) => (each.port === port && each.path !== undefined ? each.path : [])),
    ),
  );
  if (paths.size === 0) return [];
  // Where no node is known, Linkerd's own default for probes: everywhere.
  const networks =
    nodeIps.length === 0 ? ['0.0.0.0/0', '::/0'] : nodeIps.map((ip) => `${ip}/${ip.includes(':') ? 128 : 32}`);
  return [
    {
      admitted: {
        client: { type: 'addresses', networks: [...new Set(networks)].toSorted(), except: [], remarks: [] },
        remarks: ["kubelet's probes, by the pods' own specification"],
        evidence: null,
      },
      requests: [...paths].map((path) => ({ method: 'GET', path })),
    },
  ];
}

/** One request may stand in one route alone, since the best match decides: routes are made by who may take them. */
function routesOf(
  speaking: readonly Seen[],
  probes: readonly Probing[],
): { readonly routes: readonly Route[]; readonly unsaid: readonly Template[] } {
  const all = [...speaking.map((each) => ({ admitted: admittedOf(each), requests: each.requests })), ...probes];
  const folded = templates(all.flatMap(({ requests }) => requests));
  const asking = folded.map((template) => {
    const who = all.flatMap(({ requests }, at) =>
      requests.some((request) => templates([request]).some((own) => isOf(own, template))) ? [at] : [],
    );
    const values = all.flatMap(({ requests }) => requests);
    return { template, match: matchOf(template, values), who };
  });
  const groups = Map.groupBy(
    asking.flatMap(({ match, who }) => (match === null ? [] : [{ match, who }])),
    ({ who }) => who.join(),
  );
  return {
    routes: [...groups]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([, group]): Route => ({
          matches: group.map(({ match }) => match),
          admitted: (group[0]?.who ?? []).flatMap((at) => all[at]?.admitted ?? []),
        }),
      ),
    unsaid: asking.flatMap(({ template, match }) => (match === null ? [template] : [])),
  };
}
