/** DNS answers: which name led to which addresses (bpf/dns.bpf.c). */
import packet, { type Answer } from 'dns-packet';
import ipaddr from 'ipaddr.js';
import type { ObservationOf } from '#observation/observation.ts';
import { readDnsEvent, serverInDnsEvent, sizeOfDnsEvent } from '../layouts.gen.ts';
import { addressText } from './address.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { Tally } from './tally.ts';

export const dns: SensorKind = { sensor: 'dns', attach };

type Dns = ObservationOf<'dns'>;
const maxFacts = 50_000;

function attach(context: SensorContext): AttachedSensor {
  const object = context.open('dns').load();
  const facts = new Tally<Omit<Dns, 'seen' | 'container'>>(maxFacts);
  let unreadable = 0;
  const ring = object.ring('dns_events', (sample) => {
    const event = readDnsEvent(sample, 0);
    if (context.gone(event.subject)) return;
    const message = new Uint8Array(sample.buffer, sample.byteOffset + sizeOfDnsEvent, event.bytes).slice();
    const answer = readAnswer(message);
    if (answer === null) {
      unreadable += 1;
      return;
    }
    for (const address of answer.addresses) context.noteName(event.subject, answer.name.toLowerCase(), address);
    facts.add(
      event.subject,
      {
        type: 'dns',
        phase: 'program',
        program: null,
        server: addressText(sample, serverInDnsEvent),
        ...answer,
      },
      context.time(event.time),
    );
  });
  object.attachToCgroup('record_answer', context.cgroupFolder);
  return {
    sensor: 'dns',
    hook: [...object.programs().values()].join(', '),
    drain: () => ring.drain(),
    collect(sift) {
      ring.drain();
      return facts.take(context, sift, (fact) => fact);
    },
    lost: () => Number(object.counts().lost) + facts.lost,
    gaps: () =>
      [
        'DNS over TCP, TLS and HTTPS is not read',
        ...(unreadable > 0 ? [`${unreadable} answers could not be read`] : []),
        ...(context.wholeCgroup ? [] : ['DNS answers are not seen when a process is followed']),
      ].toSorted(),
    maps: () => [],
    close() {
      ring.drain();
      object.detach();
    },
  };
}

type Reading = Pick<Dns, 'name' | 'question' | 'rcode' | 'addresses' | 'aliases' | 'ttlSeconds'>;

/** Null for a message that is no answer, or broken: it comes from the network. */
export function readAnswer(message: Uint8Array): Reading | null {
  let decoded: packet.DecodedPacket & { rcode?: string };
  try {
    decoded = packet.decode(Buffer.from(message));
  } catch {
    return null;
  }
  const [question] = decoded.questions ?? [];
  if (decoded.type !== 'response' || question === undefined) return null;
  const answers = decoded.answers ?? [];
  const aliases: string[] = [];
  const ttls: number[] = [];
  let name = question.name;
  // Each alias once: a loop ends where it began.
  for (
    let next = aliasOf(answers, name);
    next !== null && !aliases.includes(next.data);
    next = aliasOf(answers, name)
  ) {
    aliases.push(next.data);
    ttls.push(next.ttl);
    name = next.data;
  }
  const addresses = answers.flatMap((answer) => {
    if ((answer.type !== 'A' && answer.type !== 'AAAA') || !same(answer.name, name)) return [];
    ttls.push(answer.ttl ?? 0);
    return [ipaddr.process(answer.data).toString()];
  });
  return {
    name: question.name,
    question: question.type,
    rcode: decoded.rcode ?? 'UNKNOWN',
    addresses: [...new Set(addresses)].toSorted(),
    aliases,
    ttlSeconds: ttls.length === 0 ? 0 : Math.max(0, Math.min(...ttls)),
  };
}

function aliasOf(answers: readonly Answer[], name: string): { data: string; ttl: number } | null {
  for (const answer of answers) {
    if (answer.type === 'CNAME' && same(answer.name, name)) return { data: answer.data, ttl: answer.ttl ?? 0 };
  }
  return null;
}

/** Names do not differ by case (RFC 4343). */
function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
