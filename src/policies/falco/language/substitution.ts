/** Lists and exceptions as the text that loaders make of them. */
import type { Checked } from './collect.ts';
import type { Entry } from './items.ts';

export const listOperators = ['in', 'intersects', 'pmatch'];
const blanks = ' \t\n\r';
const delimiters = `${blanks}(),=`;

/** Loaders put quotes around what has a blank, and around nothing else. */
export function quotedItem(item: string): string {
  return item.includes(' ') && !/^["']/.test(item) ? `"${item}"` : item;
}

export function valueText(value: Entry, operator: string): string {
  if (typeof value !== 'string') return `(${value.map((each) => quotedItem(String(each))).join(', ')})`;
  if (listOperators.includes(operator)) return value.startsWith('(') ? value : `(${value})`;
  return quotedItem(value);
}

export function exceptionText(each: Checked): string {
  if (each.values.length === 0) return '';
  if (each.single)
    return `(${each.field} ${each.operator} (${each.values.map((value) => quotedItem(String(value))).join(', ')}))`;
  const rows = each.values.map((row) => {
    const checks = each.fields.map(
      (field, at) => ` ${field} ${each.operators[at]} ${valueText(row[at] ?? '', each.operators[at] ?? '')}`,
    );
    return `(${checks.join(' and ')})`;
  });
  return `(${rows.join(' or ')})`;
}

/** Every place where the name stands between delimiters, quoted or not. An empty list takes a comma with it. */
export function replaceList(condition: string, name: string, items: string): string {
  let text = condition;
  for (let start = text.indexOf(name); start >= 0; ) {
    let end = start + name.length;
    const whole =
      (start === 0 || delimiters.includes(text[start - 1] ?? '')) &&
      (end >= text.length || delimiters.includes(text[end] ?? ''));
    if (!whole) {
      start = text.indexOf(name, start + 1);
      continue;
    }
    while (start > 0 && blanks.includes(text[start - 1] ?? '')) start -= 1;
    while (end < text.length && blanks.includes(text[end] ?? '')) end += 1;
    if (items === '' && start > 0 && text[start - 1] === ',') start -= 1;
    else if (items === '' && text[end] === ',') end += 1;
    text = `${start > 0 ? `${text.slice(0, start)} ` : ''}${items} ${text.slice(end)}`;
    start = text.indexOf(name, start + items.length + 2);
  }
  return text;
}
