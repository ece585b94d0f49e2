/**
 * Lines of other logs of connections → lines of ours, a file for each of the formats. One that tells of no connection
 * gives the reason.
 */
import { z } from 'zod';
import type { Converted, PodAt } from './flow-records/converted.ts';
import { ofEnvoy } from './flow-records/envoy.ts';
import { ofHubble } from './flow-records/hubble.ts';
import { isAccessLog, withoutServer } from './flow-records/linkerd-access-log.ts';
import { isTapEvent, readingTap } from './flow-records/linkerd-tap.ts';

export interface RecordReader {
  /** What is known with this line; null for one that is of none of the formats. */
  add(value: unknown): readonly Converted[] | null;
  /** What waited for a later line. */
  end(): readonly Converted[];
  /** What the formats that were read do not tell, as sentences. */
  gaps(): readonly string[];
}

/** `written`, milliseconds since the epoch, stands for times that a log does not tell; null where nobody knows it. */
export function readingRecords(podAt: PodAt, written: number | null): RecordReader {
  const tap = readingTap(podAt, written);
  return {
    add: (value) => (isTapEvent(value) ? tap.add(value) : converted(value, podAt)),
    end: () => tap.end(),
    gaps: () => tap.gaps(),
  };
}

function converted(value: unknown, podAt: PodAt): readonly Converted[] | null {
  const known = record.safeParse(value);
  if (!known.success) return null;
  const { flow, lost_events: lost, node_status: node, verdict, upstream_cluster: upstream } = known.data;
  if (lost !== undefined) return [{ type: 'lost', count: Math.max(1, Number(lost.num_events_lost ?? 1) || 1) }];
  if (node !== undefined) return [{ type: 'left', reason: 'the state of a node' }];
  if (flow !== undefined || verdict !== undefined) return [ofHubble(flow ?? value, podAt)];
  if (upstream !== undefined) return [ofEnvoy(value, podAt)];
  return isAccessLog(value) ? [withoutServer] : null;
}

const record = z.looseObject({
  flow: z.unknown().optional(),
  lost_events: z.looseObject({ num_events_lost: z.union([z.string(), z.number()]).optional() }).optional(),
  node_status: z.unknown().optional(),
  verdict: z.string().optional(),
  upstream_cluster: z
    .string()
    .nullish()
    .transform((text) => text ?? undefined),
});
