/**
 * What was sent already. A fact is news once; after that only its last sighting moves, and is told again when it
 * has moved by an eighth of the time that the container has been watched: at least a minute, at most an hour.
 */
import { randomInt } from 'node:crypto';
import type { Sift } from '../sensors/sift.ts';

interface Sent {
  readonly since: number;
  /** By a hash of sensor and fact: the last sighting that was sent. */
  readonly facts: Map<number, number>;
  /** Facts that were last seen before this time were looked at. */
  considered: number;
  /** Its container has ended: the last word of each fact is told. */
  last: boolean;
}

const leastStepMs = 60_000;
const mostStepMs = 3_600_000;
/** The kernel's clock and ours drift apart by less. */
const slackMs = 5000;

export class Deltas implements Sift {
  readonly #sent = new Map<number, Sent>();
  #sensor = '';

  /** Facts of this sensor are asked about from now on. */
  turnTo(sensor: string): void {
    this.#sensor = sensor;
  }

  moved(subject: number, last: number): boolean {
    return last >= (this.#sent.get(subject)?.considered ?? 0);
  }

  wants(subject: number, key: string, last: number): boolean {
    const sent = this.#sent.get(subject) ?? { since: last, facts: new Map(), considered: 0, last: false };
    this.#sent.set(subject, sent);
    const fact = hash(this.#sensor + key);
    const before = sent.facts.get(fact);
    if (before !== undefined) {
      const step = sent.last ? 1 : Math.min(Math.max((last - sent.since) / 8, leastStepMs), mostStepMs);
      if (last - before < step) return false;
    }
    sent.facts.set(fact, last);
    return true;
  }

  /** All facts of these subjects up to that time were asked about. */
  considered(subjects: Iterable<number>, until: number): void {
    for (const subject of subjects) {
      const sent = this.#sent.get(subject);
      if (sent !== undefined) sent.considered = until - slackMs;
    }
  }

  /** Its container has ended. */
  close(subject: number): void {
    const sent = this.#sent.get(subject);
    if (sent === undefined || sent.last) return;
    sent.last = true;
    sent.considered = 0;
  }

  /** What was sent of it is lost: all that is still known is news again. */
  again(subject: number): void {
    this.#sent.delete(subject);
  }

  forget(subject: number): void {
    this.#sent.delete(subject);
  }

  get size(): number {
    let facts = 0;
    for (const sent of this.#sent.values()) facts += sent.facts.size;
    return facts;
  }
}

/** Another for each process: nobody outside can make two facts look like one. */
const seeds = [randomInt(2 ** 32), randomInt(2 ** 32)];

/**
 * 53 bits, cheap, without garbage: of a hundred thousand facts of one container two share one less often than once
 * in a million times.
 */
function hash(text: string): number {
  let [a = 0, b = 0] = seeds;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & b) + (a >>> 0);
}
