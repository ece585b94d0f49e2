/** HTTPRoute of policy.linkerd.io/v1beta3 and gateway.networking.k8s.io/v1, as far as it binds to a Server. */
import { z } from 'zod';

const filled = z.string().min(1);
const text = z.strictObject({
  name: filled.max(256),
  type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
  value: filled,
});

/** Methods that the schema takes. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;

const path = z
  .strictObject({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
    value: z.string().max(1024).default('/'),
  })
  .superRefine(({ type, value }, context) => {
    if (type !== 'RegularExpression' && !value.startsWith('/'))
      context.addIssue({ code: 'custom', path: ['value'], message: 'a path begins with a slash' });
  });

const match = z.strictObject({
  path: path.default({ type: 'PathPrefix', value: '/' }),
  method: z.enum(methods).optional(),
  headers: z.array(text).max(16).optional(),
  queryParams: z.array(text).max(16).optional(),
});
export type Match = z.infer<typeof match>;

const parentRef = z.looseObject({
  group: z.string().optional(),
  kind: z.string().optional(),
  name: filled,
  namespace: z.string().optional(),
});

export const httpRoute = z.looseObject({
  apiVersion: z.string(),
  metadata: z.looseObject({ name: filled, namespace: filled.default('default') }),
  spec: z.looseObject({
    parentRefs: z.array(parentRef).max(32).optional(),
    hostnames: z.array(filled).max(16).optional(),
    rules: z
      .array(z.looseObject({ matches: z.array(match).max(8).optional(), filters: z.array(z.unknown()).optional() }))
      .max(16)
      .optional(),
  }),
});
export type HttpRouteObject = z.infer<typeof httpRoute>;
