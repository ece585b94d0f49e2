/** Facts that arrive one by one: counted by content, bounded, and counted as lost when there is no more room. */
import type { Sighting } from '#observation/observation.ts';

export class Tally<Fact extends object> {
  lost = 0;
  readonly #max: number;
  readonly #facts = new Map<string, { fact: Fact; seen: { first: number; last: number; count: number } }>();

  constructor(max: number) {
    this.#max = max;
  }

  /** `at` in milliseconds since the epoch. */
  add(fact: Fact, at: number): void {
    // Facts of one type are built with the same order of keys, so their JSON is their identity.
    const key = JSON.stringify(fact);
    const known = this.#facts.get(key);
    if (known !== undefined) {
      known.seen.first = Math.min(known.seen.first, at);
      known.seen.last = Math.max(known.seen.last, at);
      known.seen.count += 1;
    } else if (this.#facts.size >= this.#max) this.lost += 1;
    else this.#facts.set(key, { fact, seen: { first: at, last: at, count: 1 } });
  }

  facts(): (Fact & { seen: Sighting })[] {
    return [...this.#facts.values()].map(({ fact, seen }) => ({ ...fact, seen: { ...seen } }));
  }
}
