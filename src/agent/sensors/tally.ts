/** Facts that arrive one by one: counted by content, bounded, and counted as lost when there is no more room. */
import type { Sighting } from '#observation/observation.ts';

export interface Tallied<Fact> {
  readonly fact: Fact;
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
  add(fact: Fact, at: number): Tallied<Fact> | null {
    // Facts of one type are built with the same order of keys, so their JSON is their identity.
    const key = JSON.stringify(fact);
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
    const fresh = { fact, first: at, last: at, arrived: 1, repeated: 0 };
    this.#facts.set(key, fresh);
    return fresh;
  }

  tallied(): Iterable<Tallied<Fact>> {
    return this.#facts.values();
  }

  facts(): (Fact & { seen: Sighting })[] {
    return [...this.#facts.values()].map(({ fact, first, last, arrived, repeated }) => ({
      ...fact,
      seen: { first, last, count: arrived + repeated },
    }));
  }
}
