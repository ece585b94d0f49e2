/**
 * A ring buffer map's reader (kernel/bpf/ringbuf.c). The first page holds how far we have read, the second how far
 * the kernel has written, then come the records: 4 bytes of length with two flags, 4 bytes of the kernel's own,
 * the sample, padded to 8. libbpf maps the records twice, so that none is cut at the end; here the one that is cut
 * is copied, which takes half the memory and no call into C for each sample.
 */
import { mapMemory, pageBytes } from './libbpf.ts';

const headerBytes = 8;
const DISCARDED = 1 << 30;
const lengthBits = DISCARDED - 1;
/** The kernel gets room back after so many samples. */
const storeEvery = 64;

export class Ring {
  readonly #take: (sample: DataView) => void;
  readonly #bytes: number;
  readonly #consumed: BigUint64Array;
  readonly #produced: BigUint64Array;
  readonly #headers: Int32Array;
  readonly #records: Uint8Array;
  readonly #release: () => void;
  #at: number;
  #closed = false;

  /** `bytes`: the map's max_entries. What `take` is given is valid during the call only. */
  constructor(fd: number, bytes: number, take: (sample: DataView) => void) {
    const own = mapMemory(fd, 0, pageBytes, true);
    const kernel = mapMemory(fd, pageBytes, pageBytes + bytes, false);
    this.#take = take;
    this.#bytes = bytes;
    this.#consumed = new BigUint64Array(own.bytes, 0, 1);
    this.#produced = new BigUint64Array(kernel.bytes, 0, 1);
    this.#headers = new Int32Array(kernel.bytes, pageBytes, bytes / 4);
    this.#records = new Uint8Array(kernel.bytes, pageBytes, bytes);
    this.#at = Number(this.#consumed[0]);
    this.#release = () => {
      own.release();
      kernel.release();
    };
  }

  /** Hands over everything that lies in the ring now. Gives whether there was something. */
  drain(): boolean {
    if (this.#closed) return false;
    const from = this.#at;
    try {
      for (let taken = 1; this.#next(); taken += 1) if (taken % storeEvery === 0) this.#store();
    } finally {
      if (this.#at !== from) this.#store();
    }
    return this.#at !== from;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
  }

  /** Takes one record; false when there is none, or the next is still being written. */
  #next(): boolean {
    if (this.#at >= Number(Atomics.load(this.#produced, 0))) return false;
    const offset = this.#at % this.#bytes;
    const header = Atomics.load(this.#headers, offset / 4);
    // The highest bit: busy.
    if (header < 0) return false;
    const length = header & lengthBits;
    this.#at += headerBytes + Math.ceil(length / 8) * 8;
    if ((header & DISCARDED) === 0) this.#take(this.#sample((offset + headerBytes) % this.#bytes, length));
    return true;
  }

  #sample(start: number, length: number): DataView {
    const { buffer, byteOffset } = this.#records;
    const behind = start + length - this.#bytes;
    if (behind <= 0) return new DataView(buffer, byteOffset + start, length);
    const whole = new Uint8Array(length);
    whole.set(this.#records.subarray(start));
    whole.set(this.#records.subarray(0, behind), length - behind);
    return new DataView(whole.buffer);
  }

  #store(): void {
    Atomics.store(this.#consumed, 0, BigInt(this.#at));
  }
}
