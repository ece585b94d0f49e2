/** A BPF map by its file descriptor, keys and values as bytes. */
import * as libbpf from './libbpf.ts';

const BPF_NOEXIST = 1;
const ENOENT = 2;
const EEXIST = 17;
const ENOSPC = 28;

export interface Entry {
  readonly key: DataView;
  readonly value: DataView;
}

export class BpfMap {
  readonly name: string;
  readonly fd: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;

  constructor(name: string, fd: number, keySize: number, valueSize: number, maxEntries: number) {
    this.name = name;
    this.fd = fd;
    this.keySize = keySize;
    this.valueSize = valueSize;
    this.maxEntries = maxEntries;
  }

  /** Null when there is no such key. Not for per-CPU maps. */
  lookup(key: Uint8Array): Uint8Array | null {
    const value = new Uint8Array(this.valueSize);
    return libbpf.lookupElement(this.fd, key, value) < 0 ? null : value;
  }

  update(key: Uint8Array, value: Uint8Array): void {
    if (libbpf.updateElement(this.fd, key, value, 0) < 0) {
      throw new Error(`cannot write to the BPF map ${this.name}: error ${libbpf.errno()}`);
    }
  }

  /** False when there is such a key already. */
  add(key: Uint8Array, value: Uint8Array): boolean {
    const code = libbpf.updateElement(this.fd, key, value, BPF_NOEXIST);
    if (code >= 0) return true;
    if (code === -EEXIST) return false;
    throw new Error(`cannot write to the BPF map ${this.name}: error ${-code}`);
  }

  /** For a queue, which has no keys. False when it is full. */
  push(value: Uint8Array): boolean {
    return libbpf.updateElement(this.fd, null, value, 0) >= 0;
  }

  delete(key: Uint8Array): void {
    libbpf.deleteElement(this.fd, key);
  }

  /** All entries of a hash, in no order. An entry that is added or moved meanwhile may be missed or come twice. */
  *entries(): Generator<Entry> {
    for (const { keys, values, batch } of this.#batches()) {
      for (let i = 0; i < batch; i++) {
        yield {
          key: new DataView(keys.buffer, i * this.keySize, this.keySize),
          value: new DataView(values.buffer, i * this.valueSize, this.valueSize),
        };
      }
    }
  }

  /** How many entries a hash holds. */
  count(): number {
    let entries = 0;
    for (const { batch } of this.#batches()) entries += batch;
    return entries;
  }

  *#batches(): Generator<{ keys: Uint8Array; values: Uint8Array; batch: number }> {
    const room = Math.min(this.maxEntries, 512);
    const keys = new Uint8Array(room * this.keySize);
    const values = new Uint8Array(room * this.valueSize);
    // The kernel's cursor is a hash bucket's number.
    let from: Uint8Array | null = null;
    const next = new Uint8Array(Math.max(this.keySize, 8));
    for (;;) {
      const count = new Uint32Array([room]);
      const code = libbpf.lookupBatch(this.fd, from, next, keys, values, count, null);
      if (code === -ENOSPC) throw new Error(`the BPF map ${this.name} has a bucket larger than a batch`);
      const last = code === -ENOENT;
      if (code < 0 && !last) throw new Error(`cannot read the BPF map ${this.name}: error ${-code}`);
      yield { keys, values, batch: count[0] ?? 0 };
      if (last) return;
      from = next.slice();
    }
  }
}
