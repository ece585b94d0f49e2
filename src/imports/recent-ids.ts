/**
 * Which ids were seen of late, by 52 bits of each: two generations of a table, of which the older is let go of as a whole. An
 * id that looks like another, once in 10,000,000,000 events, is taken for a repeat: so it may count less, and nothing else.
 */
const slots = 1 << 18;
/** Of one generation: the table stays sparse. */
const most = 100_000;

export function recentIds(): (id: string) => boolean {
  let now = new Float64Array(slots);
  let before = new Float64Array(slots);
  let size = 0;
  /** Whether it is new; from then on it is known. */
  return (id) => {
    const bits = bitsOf(id);
    if (has(before, bits)) return false;
    for (let at = bits % slots; ; at = (at + 1) % slots) {
      const known = now[at] ?? 0;
      if (known === bits) return false;
      if (known !== 0) continue;
      now[at] = bits;
      size += 1;
      break;
    }
    if (size >= most) {
      [before, now] = [now, before.fill(0)];
      size = 0;
    }
    return true;
  };
}

function has(table: Float64Array, bits: number): boolean {
  for (let at = bits % slots; ; at = (at + 1) % slots) {
    const known = table[at] ?? 0;
    if (known === bits) return true;
    if (known === 0) return false;
  }
}

/** FNV-1a with two bases; never 0, which stands for an empty slot. */
function bitsOf(id: string): number {
  let low = 0x811c9dc5;
  let high = 0x01234567;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x01000197);
  }
  return (high & 0xfffff) * 0x1_0000_0000 + (low >>> 0) + 1;
}
