/** What two tools answer, as ../shared/suites/resources-sample/figures.jsonl has it → figures that the judge takes. */
import { z } from 'zod';
import type { Figures } from './figures.ts';

const vpaPair = z.object({ cpu: z.number(), memory: z.number() });
const krrFigure = z.union([z.number(), z.literal('?'), z.null()]);
const krrPair = z.object({ request: krrFigure, limit: krrFigure });
const krrAnswer = z.record(z.string(), z.object({ simple: z.object({ cpu: krrPair, memory: krrPair }) }));

const line = z.object({
  vpa: z.record(z.string(), z.object({ target: vpaPair, upperBound: vpaPair })),
  krr: krrAnswer,
  krr_use_oomkill_data: krrAnswer.optional(),
});

/** Requests at the target; limits in proportion to none that were there stay unset, but for memory, which we compare. */
export function vpa(given: unknown, container: string): Figures | null {
  const target = line.parse(given).vpa[container]?.target;
  if (target === undefined) return null;
  return {
    cpu: { request: target.cpu / 1000, limit: null },
    memory: { request: target.memory, limit: target.memory },
  };
}

export function krr(given: unknown, container: string, withOomData = false): Figures | null {
  const parsed = line.parse(given);
  const simple = ((withOomData ? parsed.krr_use_oomkill_data : undefined) ?? parsed.krr)[container]?.simple;
  if (simple === undefined || simple.cpu.request === '?') return null;
  const number = (figure: z.infer<typeof krrFigure>): number | null => (figure === '?' ? null : figure);
  const pair = ({ request, limit }: z.infer<typeof krrPair>): Figures['cpu'] => ({
    request: number(request),
    limit: number(limit),
  });
  return { cpu: pair(simple.cpu), memory: pair(simple.memory) };
}
