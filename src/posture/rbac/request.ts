/** What somebody asks of an API server, as its authorizers see it (k8s.io/apiserver authorizer.Attributes). */
import { z } from 'zod';

export const request = z.looseObject({
  user: z.looseObject({ name: z.string(), groups: z.array(z.string()).nullish() }),
  /** Lower case for resources (`get`, `deletecollection`); of paths the HTTP method, lower case. */
  verb: z.string(),
  resourceRequest: z.boolean(),
  apiGroup: z.string().default(''),
  resource: z.string().default(''),
  subresource: z.string().default(''),
  /** Empty for what is cluster-scoped, and for all namespaces. */
  namespace: z.string().default(''),
  name: z.string().default(''),
  /** Only of what is no resource. */
  path: z.string().default(''),
});
export type Request = Readonly<z.infer<typeof request>>;

export const rule = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()).nullish(),
  resources: z.array(z.string()).nullish(),
  resourceNames: z.array(z.string()).nullish(),
  nonResourceURLs: z.array(z.string()).nullish(),
});
export type Rule = Readonly<z.infer<typeof rule>>;

/** `pods/exec`. */
export function wholeResource({ resource, subresource }: Pick<Request, 'resource' | 'subresource'>): string {
  return subresource === '' ? resource : `${resource}/${subresource}`;
}
