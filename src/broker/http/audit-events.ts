/** An API server's audit webhook: a batch of events → the rights that were used, folded. Nothing else of them is kept. */
import { type ApiUsesQuery, eventList } from '#api/api-uses.ts';
import { momentOf } from '#api/scope.ts';
import { gatheringUses } from '#imports/api-uses.ts';
import { eventsOf } from '#imports/kubernetes-audit-event.ts';
import { Refusal } from '../access/refusal.ts';
import { storedUses, storeUses } from '../storage/api-uses.ts';
import type { Context } from './context.ts';

/** An API server cuts its batches at 10 MiB when told to (--audit-webhook-truncate-enabled), and a little is around them. */
export const maxBatchBytes = (10 << 20) + (64 << 10);

/** Idempotent: what was begun and what was completed are the same use, and a batch that comes twice says nothing new. */
export async function takeAuditEvents(context: Context, body: unknown): Promise<object> {
  const items = itemsOf(body);
  const gathered = gatheringUses();
  let evidence = 0;
  for (const item of items)
    for (const event of eventsOf(item)) {
      if (event.stage !== 'ResponseComplete' && event.stage !== 'ResponseStarted') continue;
      // Nobody's: requests without credentials that were refused, whatever they probed for.
      if (event.user === '' || (event.user === 'system:anonymous' && event.decision === 'forbid')) continue;
      if (event.decision !== null) evidence += 1;
      gathered.add(event);
    }
  const { uses } = gathered.end();
  const { written, dropped } = await storeUses(context.storage, context.cluster ?? '', uses);
  context.metrics.auditEvents.inc({ kept: 'yes' }, evidence);
  context.metrics.auditEvents.inc({ kept: 'no' }, Math.max(0, items.length - evidence));
  if (dropped.length > 0)
    context.log.warn({ users: dropped.slice(0, 5) }, 'rights beyond the most that are kept of one user');
  return { events: items.length, rights: uses.length, new: written };
}

function itemsOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer));
  } catch (error) {
    throw new Refusal(400, 'the body is not JSON', error);
  }
  const parsed = eventList.safeParse(value);
  if (parsed.success) return parsed.data.items;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, `${['body', ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'not valid'}`);
}

export async function* apiUseLines(
  { storage, cluster, now }: Context,
  { namespace, user, since }: ApiUsesQuery,
): AsyncGenerator<string> {
  const query = {
    ...(cluster === null ? {} : { cluster }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(user === undefined ? {} : { user }),
    ...(since === undefined ? {} : { since: momentOf(since, now()) }),
  };
  for await (const page of storedUses(storage, query)) yield page.map((use) => `${JSON.stringify(use)}\n`).join('');
}
