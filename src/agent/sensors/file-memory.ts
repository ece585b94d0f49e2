/** What the files sensor remembers between events. */
import * as kernel from '../layouts.gen.ts';
import type { BpfMap } from '../libbpf/map.ts';
import type { SensorContext } from './sensor.ts';
import type { Tallied } from './tally.ts';

const maxFoldersAlone = 100_000;
const maxFoldersAmongMany = 2000;

/** Folders that were no links when the kernel passed through them: names in them resolve when they are gone. */
export class Folders {
  readonly known = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  above(path: string): void {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (this.known.has(folder) || this.known.size >= this.#max) return;
      this.known.add(folder);
    }
  }
}

/** Each container has a tree of its own. */
export class FoldersOf {
  readonly #context: SensorContext;
  readonly #folders = new Map<number, Folders>();

  constructor(context: SensorContext) {
    this.#context = context;
  }

  subject(subject: number): Folders {
    const known = this.#folders.get(subject);
    if (known !== undefined) return known;
    const fresh = new Folders(this.#context.keeps ? maxFoldersAlone : maxFoldersAmongMany);
    this.#folders.set(subject, fresh);
    return fresh;
  }

  sweep(): void {
    for (const subject of this.#folders.keys()) if (this.#context.gone(subject)) this.#folders.delete(subject);
  }
}

/** The kernel counts repeats by its own keys: which facts each key stands for. */
export class Repeats {
  readonly #max: number;
  readonly #facts = new Map<string, Tallied<object>[]>();

  constructor(max: number) {
    this.#max = max;
  }

  keep(sample: DataView, fact: Tallied<object> | null): void {
    if (fact === null) return;
    // Counts are lower bounds, and files that are made anew without end have keys without end.
    if (this.#facts.size >= this.#max) this.#facts.clear();
    const key = keyText(sample, kernel.keyInFileEvent);
    const same = this.#facts.get(key);
    if (same === undefined) this.#facts.set(key, [fact]);
    else if (!same.includes(fact)) same.push(fact);
  }

  count(context: SensorContext, entries: Iterable<{ key: DataView; value: DataView }>): void {
    for (const { key, value } of entries) {
      const { last, count } = kernel.readSighting(value, 0);
      for (const fact of this.#facts.get(keyText(key, 0)) ?? []) {
        fact.repeated += Number(count) - 1;
        fact.last = Math.max(fact.last, context.time(last));
      }
    }
  }
}

function keyText(view: DataView, at: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, kernel.sizeOfFileKey).toString('latin1');
}

const renewAfterMs = 3_600_000;
const lookEveryMs = 300_000;

/**
 * Where facts are not kept, the kernel forgets after an hour that it told of a file: the next time is told
 * again, with its path, so that a fact that goes on being true does not look old.
 */
export class Renewal {
  readonly #context: SensorContext;
  readonly #told: BpfMap;
  #looked = Date.now();

  constructor(context: SensorContext, told: BpfMap) {
    this.#context = context;
    this.#told = told;
  }

  renewOldest(): void {
    const now = Date.now();
    if (now - this.#looked < lookEveryMs) return;
    this.#looked = now;
    const old: Uint8Array[] = [];
    for (const { key, value } of this.#told.entries()) {
      const { first } = kernel.readSighting(value, 0);
      if (now - this.#context.time(first) > renewAfterMs)
        old.push(new Uint8Array(key.buffer, key.byteOffset, key.byteLength).slice());
    }
    for (const key of old) this.#told.delete(key);
  }
}
