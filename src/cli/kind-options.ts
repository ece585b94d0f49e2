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
  const word = (choices ?? items?.enum)?.join('|') ?? 'value';
  const option = new Option(`${short}--${kebab(name)} <${word}>`, description);
  if (type === 'array') {
    return option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), ...value.split(',')]);
  }
  if (choices !== undefined) option.choices([...choices]);
  return preset === undefined ? option : option.default(preset);
}

/** The kind's options among all that commander read. */
export function parseOptions<S extends z.ZodObject>(schema: S, given: Record<string, unknown>): z.infer<S> {
  const own = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  const parsed = schema.safeParse(own);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(`--${kebab(String(issue?.path[0]))}: ${issue?.message ?? 'not valid'}`);
}
