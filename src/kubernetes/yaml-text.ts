/**
 * Objects as YAML, with comments before the items of lists and before the document. What could be read as something
 * else than the string it is stands in double quotes, and nothing but printable ASCII is written as it is.
 */
export type YamlValue = string | number | boolean | null | readonly YamlValue[] | YamlMap | Commented;
export interface YamlMap {
  readonly [key: string]: YamlValue | undefined;
}
export interface Commented {
  readonly [comments]: readonly string[];
  readonly value: YamlMap;
}
const comments = Symbol('comments');

/** An item of a list that has lines of comment above it. */
export function commented(lines: readonly string[], value: YamlMap): Commented {
  return { [comments]: lines, value };
}

/** A document, with its own `---`. */
export function yamlDocument(head: readonly string[], value: YamlMap): string {
  return `---\n${head.map((line) => `# ${commentText(line)}\n`).join('')}${mapLines(value, '').join('\n')}\n`;
}

/** The same value without comments, as JSON takes it. */
export function plain(value: YamlValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(plain);
  if (isCommented(value)) return plain(value.value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, plain(each)]])),
  );
}

function mapLines(map: YamlMap, indent: string): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const name = `${indent}${scalar(key)}:`;
    if (typeof value !== 'object' || value === null) return [`${name} ${scalar(value)}`];
    if (isList(value))
      return value.length === 0 ? [`${name} []`] : [name, ...value.flatMap((each) => itemLines(each, indent))];
    const inner = isCommented(value) ? value.value : value;
    return isEmpty(inner) ? [`${name} {}`] : [name, ...mapLines(inner, `${indent}  `)];
  });
}

function itemLines(item: YamlValue, indent: string): string[] {
  if (typeof item === 'object' && item !== null && !isList(item) && isCommented(item))
    return [...item[comments].map((line) => `${indent}# ${commentText(line)}`), ...itemLines(item.value, indent)];
  if (typeof item !== 'object' || item === null) return [`${indent}- ${scalar(item)}`];
  if (isList(item)) throw new Error('a list within a list is not needed by any policy');
  if (isEmpty(item)) return [`${indent}- {}`];
  const [first = '', ...rest] = mapLines(item, `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

function isList(value: object): value is readonly YamlValue[] {
  return Array.isArray(value);
}

function isCommented(value: object): value is Commented {
  return comments in value;
}

function isEmpty(map: object): boolean {
  return Object.values(map).every((value) => value === undefined);
}

/** Words that some reader of YAML takes for a truth value, a number, or nothing. */
const reserved = /^(y|n|yes|no|on|off|true|false|null|nan|inf|~)$/i;

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  const isPlain = /^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(value) && !reserved.test(value);
  return isPlain ? value : JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, escaped);
}

function commentText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
