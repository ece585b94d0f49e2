/** Options that mean the same for every mesh. */
import { z } from 'zod';
import { memberships } from '#kubernetes/mesh-members.ts';

/** Of a namespace, a trust domain, a Gateway. */
export const meshName = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a name');

export const meshOptions = z.strictObject({
  members: z
    .enum(memberships)
    .optional()
    .describe(
      "which pods are in the mesh: those with its labels, or all but those in their node's network; by default labelled where any pod is",
    ),
  l7: z.boolean().default(false).describe('where requests were seen, let their methods and paths alone through'),
  output: z
    .enum(['yaml', 'json'])
    .default('yaml')
    .describe('yaml with the evidence as comments, or one JSON object a line'),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with recordings that lost flows or were cut; the notes say so'),
});
export type MeshOptions = z.infer<typeof meshOptions>;
