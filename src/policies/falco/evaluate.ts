/**
 * What the rules of a file tell of. `deny` is an alert: nothing is refused. `allow` is silence, and `permissions` are the
 * exceptions that keep it. `unknown`: the rules ask for what an observation does not have.
 */
import type { Network } from '#kubernetes/addresses.ts';
import type { Observation } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { wordsOf } from '#observation/words.ts';
import type { Evaluator, Verdict } from '../kind.ts';
import type { Truth } from './judge/compare.ts';
import { labelledOf, type Metadata } from './judge/container.ts';
import type { Happenings, Labelled, SeenEvent } from './judge/event.ts';
import { neighbours } from './judge/neighbours.ts';
import { asked } from './judge/questions.ts';
import { type Asked, coveredBy, permissionOf, Rulebook } from './judge/rulebook.ts';
import { happenings } from './judge/seen.ts';
import type { Query } from './query.ts';

export interface Reading {
  readonly metadata: Metadata;
  /** Where pods and services of the cluster have their addresses; empty when not known. */
  readonly clusterNetworks: readonly Network[];
}

type Told = { readonly fires: Truth; readonly rule: string; readonly grants: readonly string[] };

export function evaluator(text: string, { metadata, clusterNetworks }: Reading): Evaluator<Query> {
  const book = new Rulebook(text);

  const grantOf = new Map(
    book.rules.flatMap((rule) => rule.expanded.grants.map((grant) => [permissionOf(grant), { rule, grant }] as const)),
  );

  const permissions = [...grantOf.keys()].toSorted();

  /** `container` null: every rule speaks of it. */
  function told(event: SeenEvent, container: Labelled | null): Told {
    const candidates =
      container === null
        ? book.about(event.types).map((rule) => ({ rule, inScope: true }))
        : book.candidates(event.types, container);
    let open: Asked | null = null;
    const grants: string[] = [];
    for (const { rule, inScope } of candidates) {
      const found = rule.ask(event, container ?? anywhere, inScope);
      if (found.fires === true) return { fires: true, rule: named(found), grants: [] };
      if (found.fires === null) open ??= found;
      for (const each of found.grants) grants.push(each);
    }
    if (open !== null) return { fires: null, rule: `${named(open)} may tell: it asks what is not known`, grants: [] };
    const rule = grants.length === 0 ? 'no rule tells' : `silent: ${grants[0]}`;
    return { fires: false, rule, grants };
  }

  function verdictOf(all: Happenings, container: Labelled | null): Verdict {
    let open: string | null = null;
    let silent: string | null = null;
    const grants = new Set<string>();
    for (const oneOf of all) {
      const each = oneOf.map((event) => told(event, container));
      const fires = each.filter((one) => one.fires === true);
      if (fires.length === each.length) return { verdict: 'deny', rule: fires[0]?.rule ?? '' };
      const other = each.find((one) => one.fires !== false);
      if (other !== undefined) open ??= other.rule;
      for (const one of each) {
        for (const grant of one.grants) grants.add(grant);
        if (one.grants.length > 0) silent ??= one.rule;
      }
    }
    if (open !== null) return { verdict: 'unknown', rule: open };
    const rule = silent ?? 'no rule tells';
    return grants.size === 0 ? { verdict: 'allow', rule } : { verdict: 'allow', rule, permissions: [...grants] };
  }

  function governed(observation: Observation, by: Container): boolean {
    if (!('phase' in observation) || observation.phase === 'setup') return false;
    const container = labelledOf(by, metadata);
    return happenings(observation, clusterNetworks).some((oneOf) =>
      oneOf.some(({ types }) => book.candidates(types, container).length > 0),
    );
  }

  return {
    alerts: true,
    governs: governed,
    judge: (observation, by) => verdictOf(happenings(observation, clusterNetworks), labelledOf(by, metadata)),
    answer: (query) => {
      const { events, container } = asked(query, metadata);
      return verdictOf(events, container);
    },
    about: wordsOf,
    permissions,
    ground: (permission) => {
      const found = grantOf.get(permission);
      const wider = found === undefined ? null : coveredBy(found.rule, found.grant);
      return wider === null ? null : `what it keeps silent about, ${wider} does too`;
    },
    neighbours: () => neighbours(book),
  };
}

const anywhere: Labelled = { fields: {}, bare: false };

function named({ rule }: Asked): string {
  return `${rule.name} (${rule.priority.toUpperCase()})`;
}
