/** The kernel's flows → observations, each end resolved for the time at which it was met. */
import type { ObservationOf } from '#observation/observation.ts';
import {
  addressInDialled,
  deliveredInTranslationKey,
  FLOW_EGRESS,
  FLOW_ESTABLISHED,
  FLOW_FAILED,
  type FlowKey,
  peerInFlowKey,
  readDialled,
  readFlowKey,
  readSighting,
  readTranslationKey,
} from '../layouts.gen.ts';
import type { BpfMap } from '../libbpf/map.ts';
import type { Dialled, Met } from '../peers/resolver.ts';
import { addressText, protocolName } from './address.ts';
import type { SensorContext } from './sensor.ts';
import { keyOf, liveEntries, type Sift } from './sift.ts';
import { sighting } from './syscalls.ts';

type Flow = ObservationOf<'flow'>;

interface Found {
  readonly id: string;
  readonly subject: number;
  readonly key: FlowKey;
  readonly ip: string;
  readonly protocol: Flow['protocol'];
  readonly common: Pick<Flow, 'container' | 'phase' | 'program' | 'seen'>;
}

/** One stretch of a flow in which its other end was the same. */
interface Stretch {
  readonly since: number;
  readonly met: readonly Met[];
}

/** A call's outcome comes a moment after it. */
const settlingMs = 3000;

export class Flows {
  readonly #context: SensorContext;
  readonly #flows: BpfMap;
  readonly #translations: BpfMap;
  /** By subject, then the kernel's key. What was resolved stays: the address may be somebody else's later. */
  readonly #stretches = new Map<number, Map<string, Stretch>>();
  /** Keys whose other end could not be told yet. */
  readonly #waiting = new Set<string>();

  constructor(context: SensorContext, flows: BpfMap, translations: BpfMap) {
    this.#context = context;
    this.#flows = flows;
    this.#translations = translations;
  }

  collect(sift: Sift): Flow[] {
    for (const subject of this.#stretches.keys()) if (this.#context.gone(subject)) this.#stretches.delete(subject);
    const all = this.#entries();
    const before = this.#dialledBefore();
    return this.#settled(all, before).flatMap((each) => this.#told(each, sift, before));
  }

  #told(found: Found, sift: Sift, before: ReadonlyMap<string, NonNullable<Dialled['before']>>): Flow[] {
    const { id, subject, key, ip, protocol, common } = found;
    const { first, last } = common.seen;
    if (!this.#waiting.has(id) && !sift.moved(subject, last)) return [];
    const end: Omit<Dialled, 'at'> = {
      direction: key.direction === FLOW_EGRESS ? 'egress' : 'ingress',
      protocol,
      ip,
      port: protocol === 'icmp' || protocol === 'icmpv6' ? null : key.port,
      before: before.get(endText(subject, protocol, ip, key.port)) ?? null,
      names: (address) => this.#context.namesOf(subject, address),
    };
    const known = this.#stretches.get(subject)?.get(id);
    const earlier = known ?? this.#stretch({ ...end, at: first }, first);
    const now = earlier === null ? null : this.#stretch({ ...end, at: last }, last);
    if (earlier === null || now === null) {
      this.#waiting.add(id);
      return [];
    }
    this.#waiting.delete(id);
    const moved = sameEnd(earlier.met) !== sameEnd(now.met);
    const current = moved ? now : { since: earlier.since, met: now.met };
    if (!this.#context.keeps) this.#remember(subject, id, current);
    const told: Flow[] = [];
    const tell = ({ met, since }: Stretch, until: number, count: number): void => {
      if (!sift.wants(subject, `${id}${JSON.stringify(met)}`, until)) return;
      const seen = { first: since, last: until, count };
      const whole = {
        type: 'flow',
        ...common,
        seen,
        direction: end.direction,
        protocol,
        outcome: outcomeOf(key),
        // Of ICMP the kernel's side tells echo requests, and replies as their outcome.
        ...(protocol === 'icmp' ? { icmpType: 8 } : protocol === 'icmpv6' ? { icmpType: 128 } : {}),
      } as const;
      for (const each of met) told.push({ ...whole, ...each });
    };
    // An address that came to mean somebody else meanwhile: both are told, each for its own time.
    if (moved && known === undefined) tell(earlier, first, 1);
    tell(current, last, current.since === first ? common.seen.count : 1);
    return told;
  }

  #stretch(end: Dialled, since: number): Stretch | null {
    const met = this.#context.peers.resolve(end);
    return met === null ? null : { since, met };
  }

  #remember(subject: number, id: string, stretch: Stretch): void {
    const own = this.#stretches.get(subject) ?? new Map<string, Stretch>();
    own.set(id, stretch);
    this.#stretches.set(subject, own);
  }

  /** Every connect is first an attempt: one whose outcome is known, or still open, is not told as such. */
  #settled(found: readonly Found[], before: ReadonlyMap<string, NonNullable<Dialled['before']>>): Found[] {
    const identity = ({ key, ip, protocol, common }: Found): string =>
      JSON.stringify([common.container, common.phase, common.program, key.direction, protocol, ip, key.port]);
    const known = new Set(found.filter(({ key }) => outcomeOf(key) !== 'attempted').map(identity));
    // What went somewhere else is told as that.
    const elsewhere = new Set(
      [...before].map(([text, { ip, port }]) => {
        const [subject = '', protocol = ''] = text.split(' ');
        return `${subject} ${protocol} ${ip} ${port}`;
      }),
    );
    const open = Date.now() - settlingMs;
    return found.filter((each) => {
      if (outcomeOf(each.key) !== 'attempted') return true;
      if (known.has(identity(each))) return false;
      if (!this.#context.keeps && each.common.seen.first > open) {
        this.#waiting.add(each.id);
        return false;
      }
      return (
        each.key.direction !== FLOW_EGRESS ||
        !elsewhere.has(endText(each.subject, each.protocol, each.ip, each.key.port))
      );
    });
  }

  #entries(): Found[] {
    const found: Found[] = [];
    const subjectOf = (key: DataView): number => readFlowKey(key, 0).subject;
    for (const { container, subject, key: bytes, value } of liveEntries(this.#context, this.#flows, subjectOf)) {
      const key = readFlowKey(bytes, 0);
      const protocol = protocolName(key.protocol);
      if (protocol === null) continue;
      found.push({
        id: keyOf(this.#flows, bytes),
        subject,
        key,
        ip: addressText(bytes, peerInFlowKey),
        protocol,
        common: {
          container,
          phase: this.#context.phase(key.phase),
          program: this.#context.programOf(subject, key.program),
          seen: sighting(this.#context, readSighting(value, 0)),
        },
      });
    }
    return found;
  }

  /** Where calls that were redirected at the socket had been dialled to, by where they went. */
  #dialledBefore(): Map<string, NonNullable<Dialled['before']>> {
    const before = new Map<string, NonNullable<Dialled['before']>>();
    for (const { key: bytes, value } of this.#translations.entries()) {
      const key = readTranslationKey(bytes, 0);
      const protocol = protocolName(key.protocol);
      if (protocol === null || this.#context.gone(key.subject)) continue;
      before.set(endText(key.subject, protocol, addressText(bytes, deliveredInTranslationKey), key.port), {
        ip: addressText(value, addressInDialled),
        port: readDialled(value, 0).port,
      });
    }
    return before;
  }
}

function endText(subject: number, protocol: string, ip: string, port: number): string {
  return `${subject} ${protocol} ${ip} ${port}`;
}

/** Equal for equal ends; the names of an address may have grown. */
function sameEnd(met: readonly Met[]): string {
  return JSON.stringify(met.map(({ peer, ...rest }) => [{ ...peer, names: null }, rest]));
}

function outcomeOf({ outcome }: FlowKey): Flow['outcome'] {
  return outcome === FLOW_ESTABLISHED ? 'established' : outcome === FLOW_FAILED ? 'failed' : 'attempted';
}
