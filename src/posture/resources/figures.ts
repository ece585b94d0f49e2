/** Requests and limits as numbers: what is judged, whoever chose them. */
import { z } from 'zod';

/** Cores or bytes; null: unset, or no opinion. */
const figure = z.number().nonnegative().nullable().default(null);
const pair = z.object({ request: figure, limit: figure });
const none = { request: null, limit: null };

export const figures = z.object({ cpu: pair.default(none), memory: pair.default(none) });
export type Figures = Readonly<z.infer<typeof figures>>;

/** A line of `gen resources -o jsonl`, as `evaluate resources` reads it: what else stands there is passed over. */
export const answer = z.object({ containers: z.record(z.string(), figures) });
