/** Evaluates a ValidatingAdmissionPolicy as an API server would, by a CEL implementation of its own (npm @marcbachmann/cel-js). */
import { Environment } from '@marcbachmann/cel-js';
import { plain, type YamlMap } from '#kubernetes/yaml-text.ts';

interface PolicySpec {
  readonly matchConditions?: readonly { readonly expression: string }[];
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

/** The messages of what refuses; null where the policy is not about the pod. What cannot be evaluated refuses (failurePolicy). */
export function refusedBy(policy: YamlMap, pod: unknown): string[] | null {
  const { spec } = plain(policy) as { spec: PolicySpec };
  const environment = new Environment({ unlistedVariablesAreDyn: true });
  const variables: Record<string, unknown> = {};
  const context = { object: integers(pod), variables };
  if ((spec.matchConditions ?? []).some(({ expression }) => environment.evaluate(expression, context) !== true))
    return null;
  for (const { name, expression } of spec.variables) variables[name] = environment.evaluate(expression, context);
  return spec.validations.flatMap(({ expression, message }) => {
    try {
      return environment.evaluate(expression, context) === true ? [] : [message];
    } catch (error) {
      return [`${message}: ${(error as Error).message.split('\n')[0]}`];
    }
  });
}

/** Numbers of the API's objects are integers. */
function integers(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (Array.isArray(value)) return value.map(integers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, integers(each)]));
}
