/**
 * Numbers for what is recorded. The kernel's facts carry a number, so one must never come to mean somebody
 * else: its low bits are a place in the kernel's table, its high bits rise each time the place is used again.
 */
import type { UsageFolders } from './cgroups.ts';

const numbers = 2 ** 32;
/** Addresses that a container asked for by name; the oldest are forgotten first. */
const maxNamedAddresses = 4096;
const maxNames = 16;

/** What is known of one container, or of one recorded command, while its number is its own. */
export class Subject {
  readonly number: number;
  /** The container line's id; null while nobody has named it. */
  container: string | null = null;
  host = false;
  usage: UsageFolders | null = null;
  readonly pids = new Set<number>();
  /** Paths of executables, by the kernel's number. Of this container alone: another's may have the same number. */
  readonly programs = new Map<bigint, string>();
  /** Names that led to an address, as DNS told this container. */
  readonly names = new Map<string, Set<string>>();

  constructor(number: number) {
    this.number = number;
  }

  noteName(name: string, address: string): void {
    const known = this.names.get(address) ?? new Set();
    // Again at the end: the oldest is the one that was asked for longest ago.
    this.names.delete(address);
    this.names.set(address, known);
    if (known.size < maxNames) known.add(name);
    const [oldest] = this.names.keys();
    if (this.names.size > maxNamedAddresses && oldest !== undefined) this.names.delete(oldest);
  }
}

export class Subjects {
  readonly #places: number;
  readonly #subjects: (Subject | null)[];
  /** Numbers to give out next; the longest unused first. */
  readonly #spare: number[];

  /** `places`: how many there are at once, a power of two as in bpf/observed.h. Place 0 is nobody's. */
  constructor(places: number) {
    this.#places = places;
    this.#subjects = Array.from({ length: places }, () => null);
    this.#spare = Array.from({ length: places - 1 }, (_, at) => at + 1);
  }

  /** How many numbers are in use. */
  get used(): number {
    return this.#places - 1 - this.#spare.length;
  }

  /** Null when all places are taken. */
  take(): Subject | null {
    const number = this.#spare.shift();
    if (number === undefined) return null;
    const subject = new Subject(number);
    this.#subjects[number % this.#places] = subject;
    return subject;
  }

  /** Null for a number that was given back: what still carries it means nobody. */
  of(number: number): Subject | null {
    const subject = this.#subjects[number % this.#places] ?? null;
    return subject?.number === number ? subject : null;
  }

  release(number: number): void {
    if (this.of(number) === null) return;
    this.#subjects[number % this.#places] = null;
    this.#spare.push((number + this.#places) % numbers);
  }

  *[Symbol.iterator](): Generator<Subject> {
    for (const subject of this.#subjects) if (subject !== null) yield subject;
  }
}
