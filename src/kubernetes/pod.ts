/** The pod that a container ran in, as the API server described it at that time. */
import { z } from 'zod';

export const pod = z.strictObject({
  /** The cluster's own name: part of every key, so that two clusters never mix. */
  cluster: z.string().min(1),
  namespace: z.string().min(1),
  /** The kind of its workload; the workload's name stands beside, in the container's line. */
  kind: z.string().min(1),
  name: z.string().min(1),
  /** Names come back, a uid does not. */
  uid: z.string().min(1),
  node: z.string().min(1),
  labels: z.record(z.string(), z.string()),
  serviceAccount: z.string().nullable(),
  hostNetwork: z.boolean(),
});

export type Pod = Readonly<z.infer<typeof pod>>;
