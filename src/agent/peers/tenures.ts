/**
 * Who had an address at which time. Addresses are given to others as soon as they are free; what asks here always
 * says when, and where two may have had it then, nobody is named.
 */

/** One holder's time with an address, in milliseconds since the epoch. */
interface Tenure<Holder> {
  readonly uid: string;
  holder: Holder;
  readonly from: number;
  /** From then on another may have it, and is believed first; null while it is surely the holder's. */
  ending: number | null;
  /** Null while it lasts. */
  until: number | null;
}

/** Clocks of nodes differ; and an address is seen a moment before its holder says that it has begun. */
const slackMs = 5000;

export class Tenures<Holder> {
  readonly #byAddress = new Map<string, Tenure<Holder>[]>();
  readonly #addressesOf = new Map<string, Set<string>>();

  /** `ending`: whether the holder is about to leave. An address that is no longer named has been left. */
  hold(uid: string, holder: Holder, addresses: readonly string[], from: number, ending: boolean, now: number): void {
    for (const address of this.#addressesOf.get(uid) ?? [])
      if (!addresses.includes(address)) this.#end(address, uid, now);
    this.#addressesOf.set(uid, new Set(addresses));
    for (const address of addresses) {
      const all = this.#byAddress.get(address) ?? [];
      const known = all.find((each) => each.uid === uid && each.until === null);
      if (known === undefined) all.push({ uid, holder, from, ending: ending ? now : null, until: null });
      else Object.assign(known, { holder, ending: ending ? (known.ending ?? now) : null });
      this.#byAddress.set(address, all);
    }
  }

  leave(uid: string, now: number): void {
    for (const address of this.#addressesOf.get(uid) ?? []) this.#end(address, uid, now);
    this.#addressesOf.delete(uid);
  }

  /** Holders at that time, several only where it cannot be told which. */
  at(address: string, time: number): Holder[] {
    const held = (this.#byAddress.get(address) ?? []).filter(
      ({ from, until }) => from - slackMs <= time && (until === null || time <= until),
    );
    const sure = held.filter(({ ending }) => ending === null || time < ending);
    return (sure.length > 0 ? sure : held).map(({ holder }) => holder);
  }

  has(address: string): boolean {
    return this.#byAddress.has(address);
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Forgets tenures that ended before that time. */
  forget(before: number): void {
    for (const [address, all] of this.#byAddress) {
      const kept = all.filter(({ until }) => until === null || until >= before);
      if (kept.length === 0) this.#byAddress.delete(address);
      else if (kept.length < all.length) this.#byAddress.set(address, kept);
    }
  }

  #end(address: string, uid: string, now: number): void {
    const known = this.#byAddress.get(address)?.find((each) => each.uid === uid && each.until === null);
    if (known !== undefined) known.until = now;
  }
}
