/** Templates of requests → matches of an HTTPRoute: exact, or a regular expression (Rust's) over the whole path. */
import type { Request } from '#baseline/arrivals.ts';
import { isOf } from '#baseline/left-out.ts';
import { type Template, templates } from '#baseline/request-templates.ts';

export interface Match {
  readonly path: { readonly type: 'Exact' | 'RegularExpression'; readonly value: string };
  readonly method: string;
}

/** All that the API's schema takes. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const longest = 1024;

/** Null where no route can say exactly this. `requests`: those that were seen, whose open segments tell what they take. */
export function matchOf(template: Template, requests: readonly Request[]): Match | null {
  const { method, segments } = template;
  if (!methods.includes(method) || segments[0] !== '') return null;
  const open = segments.includes(null);
  const value = open
    ? segments.map((each, at) => (each === null ? anyOf(values(template, requests, at)) : literal(each))).join('/')
    : segments.join('/');
  if (value.length > longest || !value.startsWith('/')) return null;
  return { path: { type: open ? 'RegularExpression' : 'Exact', value }, method };
}

function values(template: Template, requests: readonly Request[], at: number): string[] {
  return requests.flatMap((request) =>
    templates([request]).flatMap((own) => (isOf(own, template) ? (own.segments[at] ?? []) : [])),
  );
}

/** As narrow as what was seen allows, so that a route for a word beside numbers stays another one. */
function anyOf(seen: readonly string[]): string {
  if (seen.every((each) => /^[0-9]+$/.test(each))) return '[0-9]+';
  return seen.every((each) => /^[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*$/.test(each))
    ? '[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*'
    : '[^/]+';
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}&~#-]/g, '\\$&');
}
