/** Floors, and rounding up to a step: the last thing that happens to a figure. */

export interface Rounded {
  readonly value: number;
  /** Whether the floor made it. */
  readonly floored: boolean;
}

export function rounded(needed: number, floor: number, step: number): Rounded {
  const floored = needed < floor;
  const value = floored ? floor : needed;
  // What is a multiple but for the arithmetic of doubles stays as it is.
  const steps = Math.ceil(value / step - 1e-9);
  return { value: Number((steps * step).toPrecision(15)), floored };
}
