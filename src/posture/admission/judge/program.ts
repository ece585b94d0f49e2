/** A policy's CEL: conditions, variables, validations. What does not compile is no policy that anybody could judge. */
import { type Environment, type ParseResult, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { kubernetesLibrary } from './library.ts';
import { foreignPattern } from './regular.ts';
import { type AdmissionRequest, requestValue } from './request.ts';
import { type CelValue, celValue } from './value.ts';

export const celSource = z.object({
  failurePolicy: z.enum(['Fail', 'Ignore']).nullish(),
  matchConditions: z.array(z.object({ name: z.string(), expression: z.string() })).nullish(),
  variables: z.array(z.object({ name: z.string(), expression: z.string() })).nullish(),
  validations: z
    .array(
      z.object({
        expression: z.string(),
        message: z.string().nullish(),
        messageExpression: z.string().nullish(),
      }),
    )
    .nullish(),
});
export type CelSource = z.infer<typeof celSource>;

/** Messages of what does not hold; null when a condition leaves the request out. */
export type Run = (bindings: Bindings) => readonly string[] | null;
export type Bindings = Readonly<Record<string, CelValue>>;

export class Unjudgeable extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'Unjudgeable';
  }
}

const names = ['object', 'oldObject', 'request', 'params', 'namespaceObject'];
let shared: { readonly conditions: Environment; readonly validations: Environment } | null = null;

/** Variables are computed after the conditions, which know of none. */
function environments(): NonNullable<typeof shared> {
  if (shared === null) {
    const of = (known: readonly string[]): Environment => {
      const made = kubernetesLibrary();
      for (const name of known) made.registerVariable(name, 'dyn');
      return made;
    };
    shared = { conditions: of(names), validations: of([...names, 'variables']) };
  }
  return shared;
}

/** `before` are variables that the engine itself defines. Throws `Unjudgeable`. */
export function compile(policy: string, source: CelSource, before: Readonly<Record<string, string>> = {}): Run {
  const { conditions: early, validations: late } = environments();
  const expression = (text: string, where: string): ParseResult => compiled(late, text, `${policy}: ${where}`);
  const conditions = (source.matchConditions ?? []).map(({ name, expression: text }) =>
    compiled(early, text, `${policy}: ${name}`),
  );
  const variables = [
    ...Object.entries(before),
    ...(source.variables ?? []).map(({ name, expression: text }) => [name, text] as const),
  ].map(([name, text]) => ({ name, program: expression(text, `variable ${name}`) }));
  const validations = (source.validations ?? []).map((each, at) => ({
    ...each,
    holds: expression(each.expression, `validation ${at}`),
    says:
      each.messageExpression === null || each.messageExpression === undefined
        ? null
        : expression(each.messageExpression, `message ${at}`),
  }));
  const failing = source.failurePolicy !== 'Ignore';
  return (bindings) => {
    const outcomes = conditions.map((each) => truth(each, bindings));
    if (outcomes.includes(false)) return null;
    const broken = outcomes.find((each) => typeof each === 'string');
    if (broken !== undefined) return failing ? [`a condition fails: ${broken}`] : null;
    const all = { ...bindings, variables: lazily(variables, bindings) };
    return validations.flatMap(({ expression: text, message, holds, says }) => {
      const outcome = truth(holds, all);
      if (outcome === true) return [];
      if (typeof outcome === 'string') return failing ? [`${message ?? text}: ${outcome}`] : [];
      return [said(says, all) ?? message ?? `failed expression: ${text}`];
    });
  };
}

function compiled(environment: Environment, text: string, where: string): ParseResult {
  try {
    const parsed = environment.parse(text);
    const { valid, error } = parsed.check();
    if (!valid) throw error ?? new Error('does not fit its types');
    const pattern = foreignPattern(parsed.ast);
    if (pattern !== null)
      throw new Unjudgeable(`${where}: ${JSON.stringify(pattern)} is read by RE2, which this judge does not have`);
    return parsed;
  } catch (error) {
    if (error instanceof Unjudgeable) throw error;
    const reason =
      error instanceof ParseError || error instanceof CelTypeError ? error.summary : (error as Error).message;
    throw new Unjudgeable(`${where}: cannot be compiled: ${reason}`, { cause: error });
  }
}

/** What an expression says, or why it fails. */
function truth(program: ParseResult, bindings: Bindings): boolean | string {
  try {
    // The library hands out what it computed without a type.
    const value = program(bindings) as unknown;
    return typeof value === 'boolean' ? value : 'is neither true nor false';
  } catch (error) {
    return ((error as Error).message.split('\n')[0] ?? '').trim();
  }
}

/** An expression of a message that fails, or is empty or longer than a line, gives way to the message. */
function said(program: ParseResult | null, bindings: Bindings): string | null {
  if (program === null) return null;
  try {
    const value = program(bindings) as unknown;
    return typeof value === 'string' && value.trim() !== '' && !value.includes('\n') ? value.trim() : null;
  } catch {
    return null;
  }
}

/** Each variable sees those before it; it is computed when it is asked for, once. */
function lazily(
  variables: readonly { readonly name: string; readonly program: ParseResult }[],
  bindings: Bindings,
): { readonly [key: string]: CelValue } {
  const values: Record<string, CelValue> = {};
  for (const { name, program } of variables) {
    let known: { readonly value: CelValue } | null = null;
    Object.defineProperty(values, name, {
      enumerable: true,
      configurable: true,
      get: () => (known ??= { value: program({ ...bindings, variables: values }) as CelValue }).value,
    });
  }
  return values;
}

export function bindingsOf(request: AdmissionRequest): Bindings {
  const { namespace, namespaceLabels } = request;
  return {
    object: celValue(request.object),
    oldObject: celValue(request.oldObject),
    request: celValue(requestValue(request)),
    namespaceObject:
      namespaceLabels === null
        ? null
        : celValue({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: namespaceLabels } }),
    params: null,
  };
}
