/** The API's own schemas of what we write (../shared/crds, ../shared/kubernetes): OpenAPI v3 as Kubernetes uses it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));

/** A reason to skip, or false. */
export const withoutSchemas: string | false = existsSync(`${shared}/crds`) ? false : 'no ../shared/crds here';

export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly maxLength?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly nullable?: boolean;
  readonly $ref?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

export interface Official {
  readonly schema: Schema;
  readonly scope: 'Namespaced' | 'Cluster';
  /** What `$ref` leads to. */
  readonly others: Readonly<Record<string, Schema>>;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly scope: Official['scope'];
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}
const definitions = new Map<string, readonly Definition[]>();

/** The schema of a kind in the named folder of CRDs. */
export function officialCrd(folder: string, apiVersion: string, kind: string): Official {
  const known =
    definitions.get(folder) ??
    // Experimental fields are files of their own; what we write must do without.
    (readdirSync(`${shared}/crds/${folder}`)
      .filter((name) => !name.startsWith('experimental'))
      .flatMap((name) => [...parseAllDocuments(readFileSync(`${shared}/crds/${folder}/${name}`, 'utf8'))])
      .map((document) => document.toJS() as Definition | null)
      .filter((each) => each !== null && each.spec?.versions !== undefined) as Definition[]);
  definitions.set(folder, known);
  for (const { spec } of known) {
    const version = spec.versions.find((each) => `${spec.group}/${each.name}` === apiVersion);
    if (spec.names.kind === kind && version !== undefined)
      return { schema: asServed(version.schema.openAPIV3Schema), scope: spec.scope, others: {} };
  }
  throw new Error(`no schema of ${apiVersion} ${kind} in ${folder}`);
}

/** With what every object has, said or not. */
function asServed(schema: Schema): Schema {
  const every: Schema['properties'] = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  };
  return { ...schema, properties: { ...every, ...schema.properties } };
}

/** The schema of a kind that Kubernetes itself serves. */
export function officialCore(file: string, name: string): Official {
  const { components } = JSON.parse(readFileSync(`${shared}/kubernetes/openapi/${file}`, 'utf8')) as {
    components: { schemas: Record<string, Schema> };
  };
  const schema = components.schemas[name];
  if (schema === undefined) throw new Error(`no schema ${name} in ${file}`);
  return { schema, scope: 'Namespaced', others: components.schemas };
}

/** What an API server would say against the value, with the path; empty when nothing. */
export function faults(value: unknown, { schema, others }: Official, path = ''): string[] {
  const within = (each: unknown, at: Schema, where: string): string[] =>
    faults(each, { schema: at, scope: 'Cluster', others }, where);
  const own = resolved(schema, others);
  const found: string[] = [];
  const say = (what: string): void => void found.push(`${path}: ${what}`);
  if (own['x-kubernetes-int-or-string'] === true) {
    if (typeof value !== 'string' && !Number.isInteger(value)) say('neither integer nor string');
    return found;
  }
  if (value === null) return own.nullable === true ? [] : [`${path}: null`];
  if (own.type !== undefined && !isType(value, own.type)) return [`${path}: not ${own.type}`];
  if (own.enum !== undefined && !own.enum.includes(value))
    say(`${JSON.stringify(value)} is not one of ${own.enum.join(', ')}`);
  for (const each of own.allOf ?? []) found.push(...within(value, each, path));
  if (own.anyOf !== undefined && !own.anyOf.some((each) => within(value, each, path).length === 0))
    say('fits none of anyOf');
  if (own.oneOf !== undefined && own.oneOf.filter((each) => within(value, each, path).length === 0).length !== 1)
    say('does not fit one of oneOf');
  if (typeof value === 'string') {
    if (own.pattern !== undefined && !new RegExp(own.pattern).test(value))
      say(`${value} does not match ${own.pattern}`);
    if (value.length > (own.maxLength ?? Number.POSITIVE_INFINITY)) say('too long');
  }
  if (typeof value === 'number' && (value < (own.minimum ?? value) || value > (own.maximum ?? value)))
    say(`${value} is out of bounds`);
  if (Array.isArray(value)) {
    if (value.length < (own.minItems ?? 0) || value.length > (own.maxItems ?? value.length))
      say(`${value.length} items`);
    for (const [at, each] of value.entries()) found.push(...within(each, own.items ?? {}, `${path}[${at}]`));
  } else if (typeof value === 'object') found.push(...objectFaults(value, own, path, within));
  return found;
}

function objectFaults(
  value: object,
  own: Schema,
  path: string,
  within: (each: unknown, at: Schema, where: string) => string[],
): string[] {
  const names = Object.keys(value);
  const found = (own.required ?? []).filter((name) => !names.includes(name)).map((name) => `${path}.${name}: missing`);
  if (names.length < (own.minProperties ?? 0) || names.length > (own.maxProperties ?? names.length))
    found.push(`${path}: ${names.length} fields`);
  // A part of a oneOf names some fields alone; the whole names them all.
  if (own.properties === undefined && own.additionalProperties === undefined) return found;
  for (const [name, each] of Object.entries(value)) {
    const at =
      own.properties?.[name] ?? (typeof own.additionalProperties === 'object' ? own.additionalProperties : undefined);
    if (at !== undefined) found.push(...within(each, at, `${path}.${name}`));
    else if (
      own.type === 'object' &&
      own['x-kubernetes-preserve-unknown-fields'] !== true &&
      own.additionalProperties !== true
    )
      found.push(`${path}.${name}: unknown field`);
  }
  return found;
}

function resolved(schema: Schema, others: Official['others']): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  // Kubernetes writes a reference as the one part of an allOf, beside a default.
  return name === undefined ? schema : resolved(others[name] ?? {}, others);
}

function isType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}
