/** Protocols, ports and ICMP types of a Calico rule. */
import { both, either, type Flow, type Match, match, not, type PortTest, type Protocol } from '../policy.ts';
import { isIcmp, namedPort, portRange } from '../tests.ts';
import type { CalicoPort, CalicoProtocol, CalicoRule } from './calico-schema.ts';

const numbers: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132, ICMP: 1, ICMPv6: 58 };

function protocolTest({ protocol, notProtocol, icmp, notICMP }: CalicoRule): PortTest {
  const tests: ((flow: Flow) => Match)[] = [];
  if (protocol !== undefined && protocol !== null) tests.push((flow) => match(isProtocol(protocol, flow)));
  if (notProtocol !== undefined && notProtocol !== null) tests.push((flow) => match(!isProtocol(notProtocol, flow)));
  if (icmp !== undefined && icmp !== null) tests.push((flow) => icmpMatch(icmp, flow));
  if (notICMP !== undefined && notICMP !== null) tests.push((flow) => not(icmpMatch(notICMP, flow)));
  const label = `${protocol ?? 'any protocol'}${icmp?.type === undefined ? '' : ` type ${icmp.type}`}`;
  return { label, matches: (flow) => tests.map((test) => test(flow)).reduce(both, 'yes') };
}

function isProtocol(wanted: CalicoProtocol, { protocol }: Flow): boolean {
  return wanted === protocol || wanted === numbers[protocol];
}

function icmpMatch({ type, code }: { type?: number | undefined; code?: number | undefined }, flow: Flow): Match {
  if (!isIcmp(flow)) return 'no';
  if (type !== undefined && flow.icmpType === undefined) return 'maybe';
  if (type !== undefined && flow.icmpType !== type) return 'no';
  return code === undefined ? 'yes' : 'maybe';
}

/** One test for each wanted port. Source ports are chosen by the client's kernel: no flow of ours tells them. */
export function calicoPortTests(rule: CalicoRule): PortTest[] {
  const { source, destination } = rule;
  const protocol = protocolTest(rule);
  const unwanted = destination?.notPorts ?? [];
  const bySource = (source?.ports ?? []).length > 0 || (source?.notPorts ?? []).length > 0;
  const others = (flow: Flow): Match =>
    both(
      protocol.matches(flow),
      both(bySource ? 'maybe' : 'yes', unwanted.length === 0 ? 'yes' : not(oneOf(unwanted, flow))),
    );
  const wanted = destination?.ports ?? [];
  if (wanted.length === 0) return [{ label: `any port/${protocol.label}`, matches: others }];
  return wanted.map((port) => {
    const test = portTest(port);
    return { label: `${port}/${protocol.label}`, matches: (flow) => both(others(flow), test.matches(flow)) };
  });
}

function oneOf(ports: readonly CalicoPort[], flow: Flow): Match {
  return ports.map((port) => portTest(port).matches(flow)).reduce(either, 'no');
}

function portTest(port: CalicoPort): PortTest {
  if (typeof port === 'number') return portRange(null, port, null, 'no');
  const [, first, last] = /^(\d+):(\d+)$/.exec(port) ?? [];
  return first === undefined ? namedPort(null, port, 'no') : portRange(null, Number(first), Number(last), 'no');
}
