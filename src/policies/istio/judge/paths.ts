/**
 * Paths as Envoy compares them: without query; a template's `{*}` is one segment, `{**}` any tail (Envoy's
 * uri_template). Everything else is exact, or a prefix, suffix or presence by one `*` at an end.
 */
import type { Truth } from '../../three-valued.ts';
import { patternMatches } from './texts.ts';

/** What may stand in a segment by the grammar of URI templates: pchar of RFC 3986. */
const segment = "[a-zA-Z0-9\\-._~%!$&'()+,;=:@]";

function isTemplate(text: string): boolean {
  return text.includes('{*}') || text.includes('{**}');
}

/** What istiod says against a path; null for nothing. */
export function templateFault(text: string): string | null {
  if (!isTemplate(text)) return null;
  const parts = text.replaceAll(/^\/+|\/+$/g, '').split('/');
  const tail = parts.indexOf('{**}');
  if (tail >= 0 && parts.slice(tail + 1).some((part) => part === '{*}' || part === '{**}'))
    return '{**} is not the last operator';
  const broken = parts.find((part) => part !== '{*}' && part !== '{**}' && /[{}*]/.test(part));
  return broken === undefined ? null : `${JSON.stringify(broken)} stands beside a template`;
}

/** Proxies rewrite these before they compare (RFC 3986, section 6.2.2), by a setting of the mesh. */
const rewritten = /(^|\/)\.\.?(\/|$)|\\|%(2[def]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae])/i;

export function pathMatches(pattern: string, pathWithQuery: string): Truth {
  const [path = ''] = pathWithQuery.split(/[?#]/);
  if (pattern === '*') return path === '' ? 'no' : 'yes';
  if (rewritten.test(path)) return 'maybe';
  return isTemplate(pattern) ? templateMatches(pattern, path) : patternMatches(pattern, path);
}

function templateMatches(pattern: string, path: string): Truth {
  const parts = pattern.split(/(\{\*\*?\})/);
  const expression = parts
    .map((part) =>
      part === '{*}'
        ? `${segment}+`
        : part === '{**}'
          ? `(?:${segment}|/)*`
          : part.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${expression}$`).test(path) ? 'yes' : 'no';
}
