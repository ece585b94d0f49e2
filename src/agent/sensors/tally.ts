/** Facts that arrive one by one: counted by content, bounded, and counted as lost when there is no more room. */
import type { Sighting } from '#observation/observation.ts';
import type { SensorContext } from './sensor.ts';
import type { Sift } from './sift.ts';

export interface Tallied<Fact> {
  readonly fact: Fact;
  readonly subject: number;
  first: number;
  last: number;
  /** How often it arrived. */
  arrived: number;
  /** How often the kernel saw it besides, as of the last look. */
  repeated: number;
}

export class Tally<Fact extends object> {
  lost = 0;
  readonly #max: number;
  readonly #facts = new Map<string, Tallied<Fact>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** `at` in milliseconds since the epoch. Null when there was no room. */
  add(subject: number, fact: Fact, at: number): Tallied<Fact> | null {
    // Facts of one type are built with the same order of keys, so their JSON is their identity.
    const key = `${subject} ${JSON.stringify(fact)}`;
    const known = this.#facts.get(key);
    if (known !== undefined) {
      known.first = Math.min(known.first, at);
      known.last = Math.max(known.last, at);
      known.arrived += 1;
      return known;
    }
    if (this.#facts.size >= this.#max) {
      this.lost += 1;
      return null;
    }
    const fresh = { fact, subject, first: at, last: at, arrived: 1, repeated: 0 };
    this.#facts.set(key, fresh);
    return fresh;
  }

  get size(): number {
    return this.#facts.size;
  }

  tallied(): Iterable<Tallied<Fact>> {
    return this.#facts.values();
  }

  /**
   * The wanted facts of subjects that have a name, each as `finish` makes it. Unless the context keeps facts,
   * what was looked at is forgotten; so are facts of subjects that are gone.
   */
  take<Finished extends object>(
    context: SensorContext,
    sift: Sift,
    finish: (fact: Fact, subject: number) => Finished,
  ): (Finished & { container: string; seen: Sighting })[] {
    const taken: (Finished & { container: string; seen: Sighting })[] = [];
    for (const [key, { subject, fact, first, last, arrived, repeated }] of this.#facts) {
      const container = context.containerOf(subject);
      if (container !== null && sift.wants(subject, key, last))
        taken.push({ ...finish(fact, subject), container, seen: { first, last, count: arrived + repeated } });
      if (context.gone(subject) || (container !== null && !context.keeps)) this.#facts.delete(key);
    }
    return taken;
  }
}
