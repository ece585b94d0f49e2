/**
 * The items of a rules file, in their order: YAML lists of `required_engine_version`, `required_plugin_versions`, `list`,
 * `macro` and `rule`. Scalars are read as the strings that they are written as. What a loader only warns about (unknown
 * items and keys) is passed over here; what it refuses throws `UnreadableArtifact`.
 */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { UnreadableArtifact } from '../../kind.ts';

const text = z.string().min(1);
const bool = z
  .string()
  .regex(/^(true|false|yes|no|on|off|y|n)$/i, 'neither true nor false')
  .transform((word) => /^(true|yes|on|y)$/i.test(word));
/** Values of an exception nest: a row of values, one of which may be a list. */
export type Entry = string | readonly Entry[];
const entry: z.ZodType<Entry> = z.lazy(() => z.union([text, z.array(entry)]));

const exception = z.object({
  name: text,
  fields: entry.optional(),
  comps: entry.optional(),
  values: z.array(entry).default([]),
});
/** `null` where a rule has the key and nothing in it. */
const exceptions = z.union([z.literal('').transform(() => []), z.array(exception)]);
const operation = z.enum(['append', 'replace']);
const priorities = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'informational', 'debug'];
const priority = text
  .transform((word) => word.toLowerCase())
  .refine((word) => priorities.includes(word), `none of ${priorities.join(', ')}`);
const plugin = z.object({ name: text, version: z.string().regex(/^\d+\.\d+\.\d+/, 'no version x.y.z') });

const list = z.object({
  list: z.string().regex(/^[^()"'\s=,]+$/, 'no name for a list'),
  items: z.array(z.string()),
  append: bool.optional(),
  override: z.object({ items: operation }).optional(),
});
const macro = z.object({
  macro: z.string().regex(/^[A-Za-z]+\w*$/, 'no name for a macro'),
  condition: text,
  append: bool.optional(),
  override: z.object({ condition: operation }).optional(),
});
const rule = z.object({
  rule: text,
  condition: text.optional(),
  output: text.optional(),
  desc: text.optional(),
  priority: priority.optional(),
  source: text.optional(),
  enabled: bool.optional(),
  tags: z.array(z.string()).optional(),
  exceptions: exceptions.optional(),
  'skip-if-unknown-filter': bool.optional(),
  append: bool.optional(),
  override: z.record(z.string(), operation).optional(),
});
const engine = z.object({
  required_engine_version: z.string().regex(/^\d+(\.\d+\.\d+.*)?$/, 'neither a number nor a version x.y.z'),
});
const plugins = z.object({
  required_plugin_versions: z.array(plugin.extend({ alternatives: z.array(plugin).optional() })),
});

export type Exception = Readonly<z.infer<typeof exception>>;
export type ListItem = Readonly<z.infer<typeof list>>;
export type MacroItem = Readonly<z.infer<typeof macro>>;
export type RuleItem = Readonly<z.infer<typeof rule>>;
export type Item = { readonly where: string } & (
  | { readonly type: 'list'; readonly item: ListItem }
  | { readonly type: 'macro'; readonly item: MacroItem }
  | { readonly type: 'rule'; readonly item: RuleItem }
);

/** In the order in which a loader looks for them. */
const types = [
  { key: 'required_engine_version', type: 'version', schema: engine },
  { key: 'required_plugin_versions', type: 'version', schema: plugins },
  { key: 'list', type: 'list', schema: list },
  { key: 'macro', type: 'macro', schema: macro },
  { key: 'rule', type: 'rule', schema: rule },
] as const;

/** Items of all documents. Whether an engine is new enough is the node's to say. */
export function readItems(text: string): Item[] {
  const documents = parseAllDocuments(text, { schema: 'failsafe' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, number): Item[] => {
    const [fault] = document.errors;
    if (fault !== undefined) throw new UnreadableArtifact('', `no YAML: ${fault.message.split('\n')[0]}`);
    const value = document.toJS() as unknown;
    if (value === null || value === '') return [];
    const prefix = documents.length > 1 ? `document ${number + 1}: ` : '';
    if (!Array.isArray(value)) throw new UnreadableArtifact(prefix, 'not a list; a rules file is a list of items');
    return value.flatMap((each: unknown, at) => itemOf(each, `${prefix}[${at}]`));
  });
}

function itemOf(value: unknown, where: string): Item[] {
  if (value === null || value === '') return [];
  if (typeof value !== 'object') throw new UnreadableArtifact(where, 'not an item with keys');
  const found = types.find(({ key }) => key in value);
  if (found === undefined) return [];
  const parsed = found.schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableArtifact(`${where}.${issue?.path.join('.') ?? ''}`, issue?.message ?? 'not valid');
  }
  // Which schema read it is what the type says.
  return found.type === 'version' ? [] : [{ where, type: found.type, item: parsed.data } as Item];
}
