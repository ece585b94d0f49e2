/** Lists of objects, as `kubectl get -o json` and an API server's collections are. */
import { json, list, text } from './json.ts';

/** The object, or those of the list. An API server leaves version and kind out of the items of a list of one kind. */
export function itemsOf(object: unknown): unknown[] {
  const { apiVersion, kind, items } = json(object);
  const isList = kind === undefined || (text(kind)?.endsWith('List') ?? false);
  if (!Array.isArray(items) || !isList) return [object];
  const own = text(kind)?.slice(0, -'List'.length) ?? '';
  return list(items).flatMap((each) => itemsOf(own === '' ? each : { apiVersion, kind: own, ...json(each) }));
}
