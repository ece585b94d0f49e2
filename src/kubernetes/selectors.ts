/** Label selectors as the API server takes them, and what they select. */
import { z } from 'zod';
import type { Labels } from './cluster.ts';

const name = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const prefix = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A qualified name: `app`, `app.kubernetes.io/name`. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  return slash < 0
    ? name.test(key)
    : prefix.test(key.slice(0, slash)) && slash <= 253 && name.test(key.slice(slash + 1));
}

export function isLabelValue(value: string): boolean {
  return value === '' || name.test(value);
}

export interface LabelSelector {
  readonly matchLabels?: Labels | null | undefined;
  readonly matchExpressions?: readonly Requirement[] | null | undefined;
}
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[] | null | undefined;
}

/** A selector's schema. `isKey`: some dialects put a source before the key (`k8s:app`). */
export function labelSelectorWith(isKey: (key: string) => boolean): z.ZodType<LabelSelector> {
  const key = z.string().refine(isKey, 'not a label key');
  const value = z.string().refine(isLabelValue, 'not a label value');
  return z.strictObject({
    matchLabels: z.record(key, value).nullish(),
    matchExpressions: z
      .array(
        z
          .strictObject({
            key,
            operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
            values: z.array(value).nullish(),
          })
          .superRefine(({ operator, values }, context) => {
            const needed = operator === 'In' || operator === 'NotIn';
            if (needed === (values ?? []).length > 0) return;
            const message = needed ? `${operator} needs values` : `${operator} takes no values`;
            context.addIssue({ code: 'custom', path: ['values'], message });
          }),
      )
      .nullish(),
  });
}

export const labelSelector = labelSelectorWith(isLabelKey);

/** Everything must hold. An empty selector selects all; NotIn and DoesNotExist hold where the key is absent. */
export function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  for (const key in matchLabels ?? {}) if (own(labels, key) !== matchLabels?.[key]) return false;
  return (matchExpressions ?? []).every((each) => holds(each, labels));
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = own(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Labels come from outside: `constructor` is no label. */
function own(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** One line for people and for comparisons: `app=web,tier notin (a,b)`; `everything` for an empty one. */
export function selectorText({ matchLabels, matchExpressions }: LabelSelector): string {
  const words: Readonly<Record<Requirement['operator'], (key: string, values: readonly string[]) => string>> = {
    In: (key, values) => `${key} in (${values.toSorted().join(',')})`,
    NotIn: (key, values) => `${key} notin (${values.toSorted().join(',')})`,
    Exists: (key) => key,
    DoesNotExist: (key) => `!${key}`,
  };
  const parts = [
    ...Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(matchExpressions ?? []).map(({ key, operator, values }) => words[operator](key, values ?? [])),
  ];
  return parts.length === 0 ? 'everything' : parts.toSorted().join(',');
}
