/** A ring buffer map's reader. */
import * as libbpf from './libbpf.ts';
import type { Pointer } from './libbpf.ts';

export class Ring {
  readonly #ring: Pointer;
  readonly #release: () => void;
  #closed = false;

  constructor(fd: number, take: (sample: DataView) => void) {
    const { callback, release } = libbpf.onSample(take);
    this.#release = release;
    const ring = libbpf.newRing(fd, callback, null, null);
    if (ring === null) throw new Error(`cannot read a BPF ring buffer: error ${libbpf.errno()}`);
    this.#ring = ring;
  }

  /** Hands over everything that lies in the ring now. */
  drain(): void {
    if (!this.#closed) libbpf.consumeRing(this.#ring);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    libbpf.freeRing(this.#ring);
    this.#release();
  }
}
