/**
 * Samples of a metrics database, from either of its texts: the exposition format that targets serve, or what
 * `/api/v1/query` and `/api/v1/query_range` of Prometheus answer.
 */
import { z } from 'zod';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The highest of a range. */
  readonly value: number;
  /** Milliseconds since the epoch; null where the text does not tell. */
  readonly first: number | null;
  readonly last: number | null;
}

export class UnreadableSamples extends Error {}

const point = z.tuple([z.number(), z.string()]);
const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: point.optional(),
        values: z.array(point).optional(),
      }),
    ),
  }),
});

/** Throws `UnreadableSamples`. */
export function readSamples(text: string): Sample[] {
  if (/^\s*\{/.test(text)) return samplesOfAnswer(text);
  return text.split('\n').flatMap((line, at) => (/^\s*(#|$)/.test(line) ? [] : [sampleOf(line, at + 1)]));
}

function samplesOfAnswer(text: string): Sample[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnreadableSamples('neither an exposition of metrics nor JSON');
  }
  const parsed = answer.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableSamples(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an answer of Prometheus'}`);
  }
  return parsed.data.data.result.map(({ metric, value: one, values = [] }) => {
    const { __name__: name = '', ...labels } = metric;
    const points = one === undefined ? values : [one, ...values];
    const times = points.map(([seconds]) => Math.round(seconds * 1000));
    return {
      name,
      labels,
      value: Math.max(0, ...points.map(([, number]) => Number(number))),
      first: times.length === 0 ? null : Math.min(...times),
      last: times.length === 0 ? null : Math.max(...times),
    };
  });
}

const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+(-?\d+))?\s*$/;
const label = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

function sampleOf(text: string, at: number): Sample {
  const [, name, inner = '', value = '', time] = line.exec(text) ?? [];
  if (name === undefined || Number.isNaN(number(value))) throw new UnreadableSamples(`line ${at}: no sample`);
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < inner.length) {
    const found = label.exec(inner);
    if (found === null)
      throw new UnreadableSamples(`line ${at}: no label at column ${label.lastIndex + 1} of its labels`);
    const [, key = '', quoted = ''] = found;
    labels[key] = quoted.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  const when = time === undefined ? null : Number(time);
  return { name, labels, value: number(value), first: when, last: when };
}

function number(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : text === 'NaN' ? 0 : Number(text);
}
