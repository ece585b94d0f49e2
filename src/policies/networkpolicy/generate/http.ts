/**
 * Requests → rules of Cilium for HTTP: method and path are regular expressions (RE2) that must cover the whole text;
 * the path is Envoy's `:path`, with its query.
 */
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import type { Request } from './edges.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function httpRules(requests: readonly Request[]): YamlMap[] {
  const rules = new Map(
    requests.map(({ method, path }) => {
      const rule = { method: literal(method), path: pathPattern(path) };
      return [`${rule.path} ${rule.method}`, rule];
    }),
  );
  return [...rules].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

/** What names one thing among many stands for all of them: numbers, UUIDs, long hexadecimal words. A query may be any. */
export function pathPattern(path: string): string {
  const [base = '', ...query] = path.split('?');
  const pattern = base.split('/').map(segmentPattern).join('/');
  return query.length === 0 ? pattern : `${pattern}(\\?.*)?`;
}

function segmentPattern(segment: string): string {
  if (/^\d+$/.test(segment)) return '[0-9]+';
  if (uuid.test(segment)) return '[0-9a-fA-F-]{36}';
  if (/^[0-9a-f]{16,}$/i.test(segment)) return '[0-9a-fA-F]+';
  return literal(segment);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}
