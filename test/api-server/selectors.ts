/** Label and field selectors of lists and watches. */
import type { StoredObject } from './store.ts';
import { Refused } from './status.ts';

export function selector(query: URLSearchParams): (object: StoredObject) => boolean {
  const tests = [...fields(query.get('fieldSelector') ?? ''), ...labels(query.get('labelSelector') ?? '')];
  return (object) => tests.every((test) => test(object));
}

type Test = (object: StoredObject) => boolean;

/** `spec.nodeName=node-1,status.phase!=Failed`. */
function fields(text: string): Test[] {
  return text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const [, path = '', operator, value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? refuse(term);
      return (object) => (valueAt(object, path) === value) === (operator !== '!=');
    });
}

/** `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, joined by commas. */
function labels(text: string): Test[] {
  return text
    .split(/,(?![^(]*\))/)
    .filter((term) => term.trim() !== '')
    .map((term): Test => {
      const set = /^\s*(\S+)\s+(in|notin)\s+\((.*)\)\s*$/.exec(term);
      if (set !== null) {
        const [, key = '', operator, list = ''] = set;
        const values = list.split(',').map((value) => value.trim());
        return ({ metadata }) => values.includes(metadata.labels?.[key] ?? '\0') === (operator === 'in');
      }
      const compared = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(\S*)\s*$/.exec(term);
      if (compared !== null) {
        const [, key = '', operator, value] = compared;
        return ({ metadata }) => (metadata.labels?.[key] === value) === (operator !== '!=');
      }
      const [, not, key = ''] = /^\s*(!?)\s*([^=!\s]+)\s*$/.exec(term) ?? refuse(term);
      return ({ metadata }) => (metadata.labels?.[key] === undefined) === (not === '!');
    });
}

function valueAt(object: unknown, path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((at, field) => (at as Record<string, unknown> | undefined)?.[field], object);
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? String(value) : '';
}

function refuse(term: string): never {
  throw new Refused(400, `unable to parse requirement: ${term}`);
}
