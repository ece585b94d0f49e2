/**
 * Gatekeeper: ConstraintTemplates (templates.gatekeeper.sh) with CEL, and their Constraints. Rego is not run here: a template
 * that has nothing else is not judged.
 */
import { z } from 'zod';
import { labelSelector } from '#kubernetes/selectors.ts';
import { globMatches } from './globs.ts';
import type { Action, Judge } from './judge.ts';
import { inNamespaces, isSelected } from './match.ts';
import { bindingsOf, celSource, compile, type Run, Unjudgeable } from './program.ts';
import type { AdmissionRequest } from './request.ts';
import { objectsOf, read } from './text.ts';
import { celValue } from './value.ts';

const strings = z.array(z.string()).nullish();
const target = z.object({
  target: z.string(),
  operations: strings,
  rego: z.string().nullish(),
  code: z.array(z.object({ engine: z.string(), source: z.unknown() })).nullish(),
});
const templateSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    crd: z.object({ spec: z.object({ names: z.object({ kind: z.string() }) }) }),
    targets: z.array(target).min(1),
  }),
});
const matchSchema = z.object({
  kinds: z.array(z.object({ apiGroups: strings, kinds: strings })).nullish(),
  scope: z.enum(['*', 'Cluster', 'Namespaced']).nullish(),
  namespaces: strings,
  excludedNamespaces: strings,
  labelSelector: labelSelector.nullish(),
  namespaceSelector: labelSelector.nullish(),
  name: z.string().nullish(),
  source: z.enum(['', 'All', 'Generated', 'Original']).nullish(),
});
const constraintSchema = z.looseObject({
  kind: z.string(),
  metadata: z.object({ name: z.string() }),
  spec: z
    .object({
      enforcementAction: z.enum(['deny', 'warn', 'dryrun', 'scoped']).nullish(),
      scopedEnforcementActions: z
        .array(
          z.object({
            action: z.enum(['deny', 'warn', 'dryrun']),
            enforcementPoints: z.array(z.object({ name: z.string() })),
          }),
        )
        .nullish(),
      match: matchSchema.nullish(),
      parameters: z.unknown().optional(),
    })
    .nullish(),
});
type Spec = NonNullable<z.infer<typeof constraintSchema>['spec']>;

/** What Gatekeeper itself defines for each template. */
const own = {
  anyObject: 'object != null ? object : oldObject',
  params: 'params.?spec.?parameters.orValue(null)',
};

interface Template {
  readonly kind: string;
  readonly operations: readonly string[];
  readonly run: Run;
}

/** Throws `Unjudgeable`. */
export function gatekeeperJudge(text: string): Judge {
  const objects = objectsOf(text);
  const group = (each: Readonly<Record<string, unknown>>): string => String(each['apiVersion']).split('/')[0] ?? '';
  const templates = objects.filter((each) => group(each) === 'templates.gatekeeper.sh').map(templateOf);
  const constraints = objects
    .filter((each) => group(each) === 'constraints.gatekeeper.sh')
    .map((each) => {
      const { kind, metadata, spec } = read(constraintSchema, each, 'constraint');
      const template = templates.find((one) => one.kind === kind);
      if (template === undefined)
        throw new Unjudgeable(`the constraint ${metadata.name} is of ${kind}, which no template defines`);
      return { name: metadata.name, spec: spec ?? {}, template, value: celValue(each) };
    });
  if (constraints.length === 0) throw new Unjudgeable('there is no constraint');
  return {
    policies: constraints.map(({ name }) => name),
    failings(request) {
      const bindings = bindingsOf(request);
      return constraints.flatMap(({ name, spec, template, value }) => {
        const asked =
          template.operations.length === 0 ||
          template.operations.some((each) => each === '*' || each === request.operation);
        if (!asked || !takes(spec, request)) return [];
        const messages = template.run({ ...bindings, params: value }) ?? [];
        return messages.map((message) => ({ policy: name, message, actions: actionsOf(spec) }));
      });
    },
  };
}

function templateOf(object: Readonly<Record<string, unknown>>): Template {
  const { metadata, spec } = read(templateSchema, object, 'template');
  const { kind } = spec.crd.spec.names;
  if (metadata.name !== kind.toLowerCase())
    throw new Unjudgeable(`the template ${metadata.name} must be called ${kind.toLowerCase()}, after its kind`);
  const [first] = spec.targets;
  const code = first?.code?.find(({ engine }) => engine === 'K8sNativeValidation');
  if (code === undefined) throw new Unjudgeable(`the template ${metadata.name} has no CEL, and Rego is not run here`);
  // In Go it is MatchConditions, in the text matchCondition.
  const { matchCondition } = read(
    z.looseObject({ matchCondition: z.unknown().optional() }),
    code.source,
    metadata.name,
  );
  const source = read(celSource, { ...Object(code.source), matchConditions: matchCondition }, metadata.name);
  const reserved = (source.variables ?? []).find(({ name }) => name in own);
  if (reserved !== undefined)
    throw new Unjudgeable(`${metadata.name}: the variable ${reserved.name} is Gatekeeper's own`);
  return { kind, operations: first?.operations ?? [], run: compile(metadata.name, source, own) };
}

/** What happens at the webhook. */
function actionsOf({ enforcementAction, scopedEnforcementActions }: Spec): Action[] {
  const words = { deny: 'Deny', warn: 'Warn', dryrun: 'Audit' } as const;
  if (enforcementAction !== 'scoped') return [words[enforcementAction ?? 'deny']];
  return (scopedEnforcementActions ?? []).flatMap(({ action, enforcementPoints }) =>
    enforcementPoints.some(({ name }) => name === '*' || name === 'validation.gatekeeper.sh') ? [words[action]] : [],
  );
}

function takes({ match }: Spec, request: AdmissionRequest): boolean {
  const { resource, name } = request;
  const rules = match ?? {};
  const has = (list: readonly string[] | null | undefined, value: string): boolean =>
    (list ?? []).length === 0 || (list ?? []).some((each) => each === '*' || each === value);
  const kinds = rules.kinds ?? [];
  return (
    (kinds.length === 0 ||
      kinds.some((each) => has(each.apiGroups, resource.group) && has(each.kinds, resource.kind))) &&
    ((rules.scope ?? '*') === '*' || (rules.scope === 'Namespaced') === resource.namespaced) &&
    isListed(rules.namespaces, request, true) &&
    !isListed(rules.excludedNamespaces, request, false) &&
    ((rules.name ?? '') === '' || globMatches(rules.name ?? '', name)) &&
    // Requests are originals: what is made up from a workload's template is asked at no webhook.
    rules.source !== 'Generated' &&
    isSelected(rules.labelSelector ?? {}, request) &&
    inNamespaces(rules.namespaceSelector ?? {}, request)
  );
}

/** A namespace goes by its own name; other objects of the cluster are in whatever is listed, and excluded by nothing. */
function isListed(list: readonly string[] | null | undefined, request: AdmissionRequest, otherwise: boolean): boolean {
  if ((list ?? []).length === 0) return otherwise;
  const where = request.resource.kind === 'Namespace' ? request.name : request.namespace;
  return where === '' ? otherwise : (list ?? []).some((each) => globMatches(each, where));
}
