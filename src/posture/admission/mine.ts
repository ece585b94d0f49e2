/** What objects have in common → rules, each with its support and with those for whom it does not hold. */
import { json } from '#kubernetes/json.ts';
import { type Candidate, isTarget, within, type Writable } from './candidate.ts';
import { patterns } from './patterns/index.ts';
import { inScope, type Rule, type Scope } from './rule/rule.ts';
import { type Existing, type Group, groups, type Manifest } from './subjects.ts';

export interface MiningOptions {
  /** A share of the objects, over 0 up to 1. */
  readonly minSupport: number;
  /** Fewer objects than these show no pattern. */
  readonly minObjects: number;
  /** A value that fewer objects use than these is an exception, not a pattern. */
  readonly minUses: number;
  readonly maxExceptions: number;
  readonly scope: Scope;
}

export const miningDefaults = { minSupport: 0.8, minObjects: 5, minUses: 2, maxExceptions: 20 } as const;

export interface Proposal {
  readonly rule: Rule;
  /** A real object, changed so that the rule must refuse it. */
  readonly counterExample: Existing;
}

export interface Rejected {
  readonly id: string;
  readonly why: string;
}

export interface Mined {
  readonly proposals: readonly Proposal[];
  readonly rejected: readonly Rejected[];
}

export function mine(objects: readonly Existing[], options: MiningOptions): Mined {
  const { scope, minUses } = options;
  const governed = objects.filter((each) => inScope(scope, each.kind === 'Namespace' ? each.name : each.namespace));
  const all = groups(governed);
  const proposals: Proposal[] = [];
  const rejected: Rejected[] = [];
  const ids = new Set<string>();
  for (const candidate of patterns.flatMap((pattern) => pattern(all, minUses))) {
    const id = unique(candidate.id, ids);
    const outcome = weigh({ ...candidate, id }, all, options);
    if ('why' in outcome) rejected.push(outcome);
    else proposals.push(outcome);
  }
  return { proposals: proposals.toSorted((a, b) => (a.rule.id < b.rule.id ? -1 : 1)), rejected };
}

function weigh(candidate: Candidate, all: readonly Group[], options: MiningOptions): Proposal | Rejected {
  const { id, targets, holds, message, reads, widening } = candidate;
  const asked = within(all, targets).filter(({ objects }) =>
    objects.some(({ object }) => candidate.concerns?.(object) ?? true),
  );
  const [passing, failing] = [[] as Group[], [] as Group[]];
  for (const group of asked)
    (group.objects.every(({ object }) => candidate.passes(object)) ? passing : failing).push(group);
  const support = { holds: passing.length, of: asked.length };
  const said = `${support.holds} of ${support.of}`;
  if (support.of < options.minObjects)
    return { id, why: `${said}: fewer than ${options.minObjects} objects (--min-objects)` };
  if (support.holds / support.of < options.minSupport)
    return { id, why: `${said}: below ${options.minSupport} (--min-support)` };
  if (failing.length > options.maxExceptions)
    return { id, why: `${said}: more than ${options.maxExceptions} exceptions (--max-exceptions)` };
  const [first] = passing.flatMap((group) => group.objects.filter((each) => isTarget(targets, each)));
  if (first === undefined) return { id, why: `${said}: nothing to try it on` };
  const exceptions = failing.map(({ subject }) => subject);
  const counterExample = spoiled(candidate, first);
  const { namespace } = json(counterExample.object['metadata']);
  if (typeof namespace === 'string' && !inScope(options.scope, namespace))
    return { id, why: `${said}: about namespaces that are left out` };
  return {
    rule: { id, targets, scope: options.scope, holds, message, support, exceptions, reads, widening },
    counterExample,
  };
}

function spoiled(candidate: Candidate, existing: Existing): Existing {
  // Objects come from YAML or JSON: a copy of them is one.
  const object = structuredClone(existing.object) as Writable;
  candidate.spoil(object);
  return { ...existing, object: object satisfies Manifest };
}

/** Kinds of Gatekeeper have no dashes: ids must differ without them, too. */
function unique(id: string, taken: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? id : `${id}-${number}`;
    const bare = name.replaceAll('-', '');
    if (taken.has(bare)) continue;
    taken.add(bare);
    return name;
  }
}
