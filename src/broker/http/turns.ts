/** Uploads take turns: what is decompressed and parsed at one time is bounded, whoever sends it. */
import { Refusal } from '../access/refusal.ts';

export interface Turns {
  take<T>(act: () => Promise<T>): Promise<T>;
}

/** `atOnce` act, `waiting` wait, the next is told to come again. */
export function turns(atOnce: number, waiting: number): Turns {
  let acting = 0;
  const queue: (() => void)[] = [];
  return {
    async take(act) {
      if (acting >= atOnce) {
        if (queue.length >= waiting) throw new Refusal(503, 'too many uploads at once; try again');
        await new Promise<void>((resolve) => queue.push(resolve));
      } else acting += 1;
      try {
        return await act();
      } finally {
        // The turn goes to who waits longest.
        const next = queue.shift();
        if (next === undefined) acting -= 1;
        else next();
      }
    },
  };
}
