/** A server's arrivals → the rules of its policy, with what a reader must know. */
import { type Arrival, arrivalKey, type Server } from '#baseline/arrivals.ts';
import type { Callers } from '#baseline/callers.ts';
import type { Client } from '#baseline/clients.ts';
import { type Evidence, firstOf, sum } from '#baseline/evidence.ts';
import { leaveOut, unsaidAt, type UnsaidAt } from '#baseline/left-out.ts';
import { templates } from '#baseline/request-templates.ts';
import type { Labels } from '#kubernetes/cluster.ts';
import type { Options } from '../options.ts';
import { type Operation, operationsOf } from './requests.ts';

export interface Source {
  readonly principals?: readonly string[];
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
}

export interface DraftRule {
  readonly source: Source;
  readonly operations: readonly Operation[];
  readonly comment: readonly string[];
  readonly evidence: Evidence;
  /** An account of the mesh, as against an address. */
  readonly inMesh: boolean;
  /** A pod was dialled, not a Service. */
  readonly direct: boolean;
}

export interface Rules {
  readonly rules: readonly DraftRule[];
  readonly notes: readonly string[];
  /** Arrivals whose calls without a request, or with one that has no words, are not spoken of. */
  readonly leftOut: UnsaidAt;
  /** Every client's identity was seen by the mesh. */
  readonly mutualTls: boolean;
}

export interface Draft extends Rules {
  readonly server: Server;
  readonly name: string;
  readonly matchLabels: Labels;
}

/** Rules, or why no policy can be. */
export function rulesOf({ callers, notes: told, mutualTls, unsayable }: Callers, options: Options): Rules | string {
  const notes = [...told];
  const leftOut = unsaidAt(unsayable);
  const rules = callers.flatMap(({ client, arrivals, remarks }): DraftRule[] => {
    const { operations, notes: more } = operationsFor(arrivals, options, leftOut);
    notes.push(...more.map((note) => `${remarks[0] ?? ''}: ${note}`));
    if (operations.length === 0) return [];
    return [
      {
        source: sourceOf(client, options),
        operations,
        comment: remarks,
        evidence: arrivals.map(({ evidence }) => evidence).reduce(sum),
        inMesh: client.type !== 'addresses',
        // Which way another mesh's clients take is not known.
        direct: client.type === 'identity' || arrivals.some(({ direct }) => direct),
      },
    ];
  });
  if (!options.l7 && callers.some(({ arrivals }) => arrivals.some(({ requests }) => requests.length > 0)))
    notes.push('requests were seen; --l7 lets their methods and paths alone through');
  if (rules.length === 0) return ['no request of its clients can be said', ...notes].join('; ');
  return { rules, notes: [...new Set(notes)], leftOut, mutualTls };
}

function operationsFor(
  arrivals: readonly Arrival[],
  { l7 }: Options,
  leftOut: ReturnType<typeof unsaidAt>,
): { operations: Operation[]; notes: string[] } {
  const notes: string[] = [];
  const speaking = l7 ? arrivals.filter(({ requests }) => requests.length > 0) : [];
  const spoken = new Set(speaking.map(({ port }) => port));
  const silent = [...new Set(arrivals.map(({ port }) => port))].filter((port) => !spoken.has(port));
  const operations: Operation[] = silent.length === 0 ? [] : [{ ports: silent.toSorted((a, b) => a - b).map(String) }];
  for (const [port, own] of Map.groupBy(speaking, (each) => each.port)) {
    const all = templates(own.flatMap(({ requests }) => requests));
    const said = operationsOf([String(port)], all);
    operations.push(...said.operations);
    for (const arrival of own) leaveOut(leftOut, arrivalKey(arrival), said.unsaid);
    if (said.unsaid.length > 0) {
      const words = said.unsaid.map(({ method, segments }) =>
        JSON.stringify(`${method} ${segments.map((each) => each ?? '*').join('/')}`),
      );
      notes.push(`not written and refused when enforced, Istio has no words for exactly ${firstOf(words)}`);
    }
  }
  return { operations, notes };
}

function sourceOf(client: Exclude<Client, { type: 'nobody' }>, { trustDomain }: Options): Source {
  switch (client.type) {
    case 'account':
      return { principals: [`${trustDomain}/ns/${client.account.namespace}/sa/${client.account.name}`] };
    case 'identity':
      return { principals: [client.identity.replace(/^spiffe:\/\//, '')] };
    case 'addresses':
      return client.except.length === 0
        ? { ipBlocks: client.networks }
        : { ipBlocks: client.networks, notIpBlocks: client.except };
  }
}
