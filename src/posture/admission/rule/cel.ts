/**
 * CEL from parts: what stands between the quotes of a template is expression, what is put in is a value. Strings that come
 * from objects can so never become expression.
 */
export interface Cel {
  readonly cel: string;
}
type Part = Cel | string | number | boolean | readonly string[] | readonly number[];

/** cel`c.image.startsWith(${prefix})`: strings and lists are written as literals, other expressions stand as they are. */
export function cel(fixed: TemplateStringsArray, ...parts: readonly Part[]): Cel {
  return { cel: fixed.reduce((text, each, at) => `${text}${literal(parts[at - 1] ?? '')}${each}`) };
}

/** All of them; true for none. */
export function all(parts: readonly Cel[]): Cel {
  return parts.length === 0 ? cel`true` : { cel: parts.map(({ cel: text }) => `(${text})`).join(' && ') };
}

/** One of them; false for none. */
export function any(parts: readonly Cel[]): Cel {
  return parts.length === 0 ? cel`false` : { cel: parts.map(({ cel: text }) => `(${text})`).join(' || ') };
}

function literal(part: Part): string {
  if (typeof part === 'string') return quoted(part);
  if (typeof part === 'number' || typeof part === 'boolean') return String(part);
  if ('cel' in part) return part.cel;
  return `[${part.map(literal).join(', ')}]`;
}

/**
 * Printable ASCII stands as it is, all else as an escape. So do braces and dollars: Kyverno's old form replaces `{{…}}` and
 * `$(…)` in the text of a policy before CEL reads it. A lone surrogate is no character of CEL: U+FFFD, as Go reads it.
 */
export function quoted(text: string): string {
  const characters = Array.from(text.toWellFormed(), (each) => {
    if (each === '"' || each === '\\') return `\\${each}`;
    if (/[ -~]/.test(each) && !/[{}$]/.test(each)) return each;
    const code = each.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
  return `"${characters.join('')}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
