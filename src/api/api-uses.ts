/** Rights in the cluster that were used: what an API server's audit webhook sends, and what is kept of it. */
import { z } from 'zod';
import { moment } from './scope.ts';

const milliseconds = z.int().nonnegative().describe('milliseconds since the epoch');

/** Events of audit.k8s.io/v1; of each the broker takes what it knows, and bodies of objects are never kept. */
export const eventList = z.looseObject({
  kind: z.literal('EventList'),
  apiVersion: z.literal('audit.k8s.io/v1'),
  items: z.array(z.looseObject({ auditID: z.string() })),
});

export const takenEvents = z.strictObject({
  events: z.int().nonnegative().describe('of the batch'),
  rights: z.int().nonnegative().describe('different ones that were used or refused'),
  new: z.int().nonnegative().describe('rows that said something the broker did not know; 0 for a repeat'),
});

export const apiUse = z.strictObject({
  user: z.string(),
  groups: z.array(z.string()).describe('of the last request'),
  decision: z.enum(['allow', 'forbid']),
  verb: z.string(),
  resourceRequest: z.boolean(),
  apiGroup: z.string(),
  resource: z.string(),
  subresource: z.string(),
  namespace: z.string().describe('empty for what is cluster-scoped, and for all namespaces'),
  path: z.string().describe('empty for resources'),
  names: z.array(z.string()),
  manyNames: z.boolean().describe('there were more names than are kept'),
  nameless: z.boolean().describe('some request carried no name that an authorizer sees'),
  count: z.null().describe('not known: a batch that is sent twice changes nothing'),
  first: milliseconds,
  last: milliseconds,
});

export const apiUsesQuery = z.strictObject({
  namespace: z
    .string()
    .min(1)
    .optional()
    .describe('of service accounts; without it all users, for those who may read all'),
  user: z.string().min(1).optional(),
  since: moment.optional().describe('only what was used from then on'),
});

export type ApiUsesQuery = Readonly<z.infer<typeof apiUsesQuery>>;
