/** A kind's options as flags: names, help, choices and defaults come from its schema, and so does the check. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { Failure } from './failure.ts';

interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: { readonly enum?: readonly string[] };
  readonly default?: unknown;
  readonly description?: string;
}

/** Several commands have the same options: each schema is read once. */
const read = new WeakMap<z.ZodObject, Record<string, Property>>();

function properties(schema: z.ZodObject): Record<string, Property> {
  const known = read.get(schema);
  if (known !== undefined) return known;
  const { properties: found = {} } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, Property>;
  };
  read.set(schema, found);
  return found;
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function addOptions(command: Command, schema: z.ZodObject): Command {
  for (const [name, property] of Object.entries(properties(schema))) command.addOption(optionOf(name, property));
  return command;
}

function optionOf(name: string, { type, enum: choices, items, default: preset, description = '' }: Property): Option {
  const short = name === 'output' ? '-o, ' : '';
  if (type === 'boolean') return new Option(`${short}--${kebab(name)}`, description);
  const option = new Option(`${short}--${kebab(name)} <${placeholder(name, type)}>`, description);
  const known = choices ?? items?.enum;
  if (known !== undefined) option.choices([...known]);
  if (type === 'array')
    return option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), ...value.split(',')]);
  return preset === undefined || preset === '' ? option : option.default(preset);
}

/** What stands for the value in help. Short, since choices follow the description anyway. */
function placeholder(name: string, type: string | undefined): string {
  if (type === 'integer' || type === 'number') return 'number';
  return { output: 'form', since: 'time' }[name] ?? kebab(name).split('-').at(-1) ?? 'value';
}

/** The kind's options among all that commander read. */
export function parseOptions<S extends z.ZodObject>(schema: S, given: Record<string, unknown>): z.infer<S> {
  const own = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  const parsed = schema.safeParse(own);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  const value = [given[name]].flat()[Number(issue?.path[1] ?? 0)];
  const taken = issue === undefined ? null : takenBy(issue);
  throw new Failure(
    taken === null
      ? `--${kebab(name)}: ${issue?.message ?? 'not valid'}`
      : `--${kebab(name)} takes ${taken}, not ${JSON.stringify(value)}`,
  );
}

/** In words; null where the schema's own say it. */
function takenBy(issue: z.core.$ZodIssue): string | null {
  if (issue.code === 'invalid_type' && issue.expected === 'int') return 'a whole number';
  if (issue.code === 'invalid_type' && issue.expected === 'number') return 'a number';
  if (issue.code === 'invalid_value') return issue.values.join(', ').replace(/, ([^,]+)$/, ' or $1');
  if (issue.code === 'too_small') return `${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}`;
  return null;
}
