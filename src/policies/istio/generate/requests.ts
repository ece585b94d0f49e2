/** Templates of requests → operations. What Istio would read as a pattern, or rewrite before it compares, is not said. */
import { type Template } from '#baseline/request-templates.ts';

export interface Operation {
  readonly ports: readonly string[];
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}

/** Null where Istio has no words for exactly this path. */
export function pathOf({ segments }: Template): string | null {
  const open = segments.includes(null);
  const words = segments.flatMap((each) => each ?? []);
  const dotted = words.some((each) => each === '.' || each === '..');
  if (dotted || words.some((each) => /[{}\\]|%(2[def]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae])/i.test(each)))
    return null;
  // A template takes the characters of a path's segment and no other; `*` has a meaning at the ends of a plain path.
  if (open && words.some((each) => !/^[a-zA-Z0-9\-._~%!$&'()+,;=:@]*$/.test(each))) return null;
  const path = segments.map((each) => each ?? '{*}').join('/');
  if (!open && /^\*|\*$/.test(path)) return null;
  return path === '' || !path.startsWith('/') ? null : path;
}

/** A method with `*` at an end is a pattern. */
export function methodOf({ method }: Template): string | null {
  return /^\*|\*$/.test(method) || method === '' ? null : method;
}

/** One operation for each set of methods, and what could not be said. */
export function operationsOf(
  ports: readonly string[],
  all: readonly Template[],
): { readonly operations: readonly Operation[]; readonly unsaid: readonly Template[] } {
  const said = all.map((template) => ({ template, path: pathOf(template), method: methodOf(template) }));
  const byPath = new Map<string, string[]>();
  for (const { path, method } of said)
    if (path !== null && method !== null) byPath.set(path, [...(byPath.get(path) ?? []), method]);
  const byMethods = Map.groupBy([...byPath], ([, methods]) => JSON.stringify(methods.toSorted()));
  const operations = [...byMethods]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([methods, group]): Operation => ({
        ports,
        methods: JSON.parse(methods) as string[],
        paths: group.map(([path]) => path).toSorted(),
      }),
    );
  return {
    operations,
    unsaid: said.flatMap(({ template, path, method }) => (path === null || method === null ? [template] : [])),
  };
}
