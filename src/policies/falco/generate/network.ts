/** Whom the workload spoke with, and where it listened → rules that tell of others. */
import type { Claim } from '#baseline/baseline.ts';
import { type ClaimOf, ofType } from './activities.ts';
import type { Drafted, ExceptionDraft, RuleDraft } from './draft.ts';
import { quoted } from './names.ts';
import { macros } from './shared.ts';

type Protocol = 'tcp' | 'udp';

interface End {
  readonly protocol: Protocol;
  readonly port: number;
  /** Null for one of the cluster's own addresses, which change. */
  readonly ip: string | null;
}

/** `networks`: where the cluster's own addresses lie; empty when nobody said. */
export function network(claims: readonly Claim[], networks: readonly string[]): Drafted {
  const ends = ofType(claims, 'flow').flatMap(endsOf);
  const own = byPort(ends.filter(({ ip }) => ip === null));
  const others = byPort(ends.filter(({ ip }) => ip !== null));
  const exceptions: ExceptionDraft[] = [];
  if (others.size > 0)
    exceptions.push({
      name: 'peers',
      fields: ['fd.l4proto', 'fd.sport', 'fd.sip'],
      comps: ['=', '=', 'in'],
      values: [...others.values()].map((all) =>
        row(
          all,
          all.map(({ ip }) => ip ?? ''),
        ),
      ),
    });
  if (own.size > 0)
    exceptions.push(
      networks.length > 0
        ? {
            name: 'cluster',
            fields: ['fd.l4proto', 'fd.sport', 'fd.snet'],
            comps: ['=', '=', 'in'],
            values: [...own.values()].map((all) => row(all, networks)),
          }
        : {
            name: 'cluster',
            fields: ['fd.l4proto', 'fd.sport'],
            comps: ['=', '='],
            values: [...own.values()].map((all) => row(all, null)),
          },
    );
  const served = portsOf(claims).filter(([protocol]) => protocol === 'udp');
  // Of a socket that has a port of its own, the engine shows that one, whomever it sends to.
  if (served.length > 0)
    exceptions.push({
      name: 'served',
      fields: ['fd.l4proto', 'fd.sport', 'fd.is_server'],
      comps: ['=', '=', '='],
      values: served.map((each) => [...each, 'true']),
    });
  const open = [...own.values()].map(([end]) => (end === undefined ? '' : `${end.port}/${end.protocol}`));
  const notes = own.size > 0 && networks.length === 0 ? [wide(open)] : [];
  const unsaid = ofType(claims, 'flow').filter(
    ({ protocol, direction }) => direction === 'egress' && !isProtocol(protocol),
  );
  if (unsaid.length > 0)
    notes.push(
      `${unsaid.length} flows of ${[...new Set(unsaid.map(({ protocol }) => protocol))].toSorted().join(', ')} made no rule: Falco does not tell them apart`,
    );
  return { rules: [outbound(exceptions), listening(claims)], notes };
}

function wide(ports: readonly string[]): string {
  return `addresses of pods and services change: to ${ports.join(', ')} the rules let connections to any address pass in silence (--cluster-network says where the cluster's own lie)`;
}

function outbound(exceptions: readonly ExceptionDraft[]): RuleDraft {
  return {
    title: 'Unexpected outbound connection',
    desc: 'An address or port was connected to that was not seen when this workload was recorded',
    macro: macros.outbound,
    priority: 'WARNING',
    tags: ['network', 'mitre_command_and_control', 'mitre_exfiltration', 'T1071', 'T1041'],
    output: {
      connection: 'fd.name',
      server: 'fd.sip',
      port: 'fd.sport',
      protocol: 'fd.l4proto',
      command: 'proc.cmdline',
    },
    exceptions,
    lists: [],
  };
}

function listening(claims: readonly Claim[]): RuleDraft {
  const rows = portsOf(claims);
  return {
    title: 'Unexpected listening port',
    desc: 'A port was opened that was not seen when this workload was recorded',
    macro: macros.listening,
    priority: 'WARNING',
    tags: ['network', 'mitre_command_and_control', 'T1571'],
    output: { port: 'fd.sport', protocol: 'fd.l4proto', command: 'proc.cmdline' },
    exceptions:
      rows.length === 0 ? [] : [{ name: 'ports', fields: ['fd.l4proto', 'fd.sport'], comps: ['=', '='], values: rows }],
    lists: [],
  };
}

/** Where it listened: protocol and port. */
function portsOf(claims: readonly Claim[]): readonly (readonly [Protocol, string])[] {
  const ports = new Map<string, readonly [Protocol, string]>();
  for (const { protocol, port } of ofType(claims, 'listen'))
    if (isProtocol(protocol)) ports.set(`${protocol} ${String(port).padStart(5, '0')}`, [protocol, String(port)]);
  return [...ports].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function isProtocol(protocol: string): protocol is Protocol {
  return protocol === 'tcp' || protocol === 'udp';
}

/** Falco sees what was dialled: of a Service its own address and port, or what stands behind where that was put in before. */
function endsOf({ direction, protocol, port, peer, service }: ClaimOf<'flow'>): End[] {
  if (direction !== 'egress' || port === null || !isProtocol(protocol)) return [];
  const ip = 'ip' in peer ? peer.ip : null;
  return [{ protocol, port, ip }, ...(service === undefined ? [] : [{ protocol, port: service.port, ip: null }])];
}

/** By protocol and port, in order; each address once. */
function byPort(ends: readonly End[]): Map<string, readonly End[]> {
  const unique = new Map(ends.map((end) => [`${end.protocol} ${String(end.port).padStart(5, '0')} ${end.ip}`, end]));
  const sorted = [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, end]) => end);
  return Map.groupBy(sorted, ({ protocol, port }) => `${protocol} ${port}`);
}

function row(ends: readonly End[], values: readonly string[] | null): (string | readonly string[])[] {
  const [end] = ends;
  const { protocol, port } = end ?? { protocol: 'tcp', port: 0 };
  return [protocol, String(port), ...(values === null ? [] : [values.map(quoted)])];
}
