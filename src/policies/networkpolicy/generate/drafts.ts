/** Watched workloads → drafts, with what a reader must know. */
import { doubtsAbout, gapsOf } from '#baseline/doubts.ts';
import { windowLine } from '#baseline/evidence.ts';
import { objectName } from '#kubernetes/names.ts';
import type { Options } from '../options.ts';
import { type Draft, type DraftPort, type DraftRule, isDnsPort } from './draft.ts';
import type { Watched } from './edges.ts';
import { type Lookup, rulesOf } from './rules.ts';
import { isVolatile } from '#kubernetes/naming.ts';

export type Drafted =
  | { readonly type: 'draft'; readonly draft: Draft; readonly notes: readonly string[] }
  | { readonly type: 'abstained'; readonly reason: string };

/** Ports that the type of policy cannot speak of are told and left out. */
export interface Form {
  readonly cannotSay: (port: DraftPort) => boolean;
  /** Whether it has policies for nodes, whose network some pods share. */
  readonly hosts: boolean;
  /** Whether it names nodes and the world by what they are. */
  readonly identities: boolean;
}

/** So many ends without a name are listed; of more, their number. */
const mostUnresolved = 50;

export function draftOf(watched: Watched, options: Options, lookup: Lookup, form: Form): Drafted {
  const { cannotSay, hosts } = form;
  const { workload, baselines, edges, unresolved, questions } = watched;
  const doubts = doubtsAbout(baselines, 'network', 'flows');
  if (doubts.length > 0 && !options.allowLoss)
    return { type: 'abstained', reason: `${doubts.join('; ')} (--allow-loss goes ahead all the same)` };
  const pods = baselines.flatMap(({ instances }) => instances.flatMap(({ pod }) => pod ?? []));
  const onHost = pods.some(({ hostNetwork }) => hostNetwork);
  if (onHost && !hosts)
    return { type: 'abstained', reason: "its pods have their node's network, which no policy of this type governs" };
  const named = onHost
    ? null
    : lookup.named(
        workload,
        pods.map(({ labels }) => labels),
      );
  if (named?.type === 'unnamed') return { type: 'abstained', reason: named.reason };
  if (named !== null && named.also.length > 0)
    return {
      type: 'abstained',
      reason: `no label tells its pods from those of ${named.also.join(', ')}, which would be isolated with them`,
    };

  const notes = [...doubts, ...gapsOf(baselines, 'network')];
  const blocked: string[] = [];
  const direction = (name: 'ingress' | 'egress'): readonly DraftRule[] | null => {
    if (options.direction !== 'both' && options.direction !== name) return null;
    const made = rulesOf(
      workload,
      name,
      edges,
      { external: options.external, l7: options.l7 && form.identities },
      lookup,
    );
    notes.push(...made.notes);
    blocked.push(...made.blocked);
    return made.rules.flatMap((rule) => sayable(rule, cannotSay, name, notes));
  };
  const [ingress, egress] = [direction('ingress'), direction('egress')];
  const silent = edges.filter(({ requests }) => requests.length > 0).length;
  if (silent > 0 && !(options.l7 && form.identities))
    notes.push(
      form.identities
        ? `HTTP requests were seen over ${silent} of its connections; --l7 lets these alone through`
        : `HTTP requests were seen over ${silent} of its connections; this type of policy cannot tell them`,
    );
  if (blocked.length > 0) return { type: 'abstained', reason: blocked.join('; ') };
  const shown = unresolved.slice(0, mostUnresolved);
  for (const each of shown) notes.push(`not written, nobody could name the other end: ${each}`);
  if (shown.length < unresolved.length)
    notes.push(`not written, nobody could name the other end: ${unresolved.length - shown.length} more`);
  const byName = (egress ?? []).some(({ peer }) => peer.type === 'name');
  if (form.identities && byName && !(egress ?? []).some(({ ports }) => ports.some(isDnsPort)))
    notes.push('names are let out to, but no question to a DNS server was seen, from whose answers Cilium learns them');
  if ([...(ingress ?? []), ...(egress ?? [])].length === 0)
    return {
      type: 'abstained',
      reason: ['no connection of it was seen that a rule could be written for', ...notes].join('; '),
    };
  const nodes = [...new Set(pods.map(({ node }) => node))].toSorted();
  const draft: Draft = {
    workload,
    name: nameOf(watched),
    selector: named?.selector ?? nodeSelector(nodes, lookup),
    onHost,
    nodes,
    ingress,
    egress,
    questions: options.l7 && form.identities && questions.length > 0 ? questions : null,
    head: [headOf(watched), ...notes],
  };
  return { type: 'draft', draft, notes };
}

/** A workload's name; the kind is added where it is not what most are. */
function nameOf({ workload: { kind, name } }: Watched): string {
  return objectName(kind === 'Deployment' ? name : `${name}-${kind}`);
}

function sayable(rule: DraftRule, cannotSay: Form['cannotSay'], direction: string, notes: string[]): DraftRule[] {
  const lost = rule.ports.filter(cannotSay);
  if (lost.length > 0) {
    const words = [...new Set(lost.map(({ protocol }) => protocol))].join(', ');
    notes.push(
      `not written, ${direction} of ${words}: ${rule.remarks[0] ?? 'an address'}; this type of policy cannot tell it`,
    );
  }
  const ports = rule.ports.filter((port) => !cannotSay(port));
  return ports.length === 0 ? [] : [{ ...rule, ports }];
}

function nodeSelector(nodes: readonly string[], { cluster }: Lookup): Draft['selector'] {
  const labels = cluster.nodes.filter(({ name }) => nodes.includes(name)).map((node) => node.labels);
  const [first = {}] = labels;
  const common = Object.entries(first).filter(
    ([key, value]) => !isVolatile(key) && labels.every((each) => each[key] === value),
  );
  return common.length > 0
    ? { matchLabels: Object.fromEntries(common) }
    : { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: nodes }] };
}

function headOf({ workload, baselines }: Watched): string {
  return `${workload.kind} ${workload.namespace}/${workload.name}: ${windowLine(baselines, 'network')}`;
}
