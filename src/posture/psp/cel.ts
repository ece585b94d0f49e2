/** Pieces of CEL expressions over a pod, as validating admission policies have it. Whatever comes from outside is quoted. */

/** A literal; lone surrogates, which CEL has no way to write, are replaced. */
export function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function literals(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`;
}

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

const podFields = [
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'seLinuxOptions',
  'seccompProfile',
  'appArmorProfile',
] as const;
export type PodField = (typeof podFields)[number];

const podVariable = (field: PodField): string => `pod${field[0]?.toUpperCase()}${field.slice(1)}`;

/** All that expressions below refer to. What the pod says for all containers is a list of one, or of none. */
const variables: readonly Variable[] = [
  {
    name: 'containers',
    expression:
      'object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : []) + (has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : [])',
  },
  ...podFields.map((field) => ({
    name: podVariable(field),
    expression: `has(object.spec.securityContext) && has(object.spec.securityContext.${field}) ? [object.spec.securityContext.${field}] : []`,
  })),
];

/** Those that the expressions use, in their order. */
export function variablesFor(expressions: readonly string[]): Variable[] {
  return variables.filter(({ name }) => expressions.some((each) => new RegExp(`variables\\.${name}\\b`).test(each)));
}

export function everyContainer(condition: string): string {
  return `variables.containers.all(c, ${condition})`;
}

/** The container's own value, or the pod's: a list of one, or of none. */
export function effectiveList(field: PodField): string {
  return `(${hasOwn(field)} ? [c.securityContext.${field}] : variables.${podVariable(field)})`;
}

/** Whether the container `c` says something itself: `privileged`, `capabilities.add`. */
export function hasOwn(path: string): string {
  const parts = path.split('.');
  return [
    'has(c.securityContext)',
    ...parts.map((_, at) => `has(c.securityContext.${parts.slice(0, at + 1).join('.')})`),
  ].join(' && ');
}

export function inRanges(value: string, ranges: readonly { readonly min: number; readonly max: number }[]): string {
  if (ranges.length === 0) return 'false';
  return `(${ranges.map(({ min, max }) => `(${value} >= ${min} && ${value} <= ${max})`).join(' || ')})`;
}
