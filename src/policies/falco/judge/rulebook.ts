/** The rules of a file, found by the types of events that they are about and by the container that they speak of. */
import { collect } from '../language/collect.ts';
import type { Expression } from '../language/condition.ts';
import { type Expanded, Expander, type Grant } from '../language/expand.ts';
import { readItems } from '../language/items.ts';
import { isNumeric, type Truth } from './compare.ts';
import { type Field, fieldName, fieldReader, type Labelled, type SeenEvent } from './event.ts';
import { asksContainer, conjuncts, every, type Matcher, matcherOf, typesOf } from './match.ts';

export interface Asked {
  readonly rule: Rule;
  /** Whether the rule tells. */
  readonly fires: Truth;
  /** The exceptions' values that keep it silent; empty where its condition does not hold anyway. */
  readonly grants: readonly string[];
}

export class Rule {
  readonly name: string;
  readonly priority: string;
  readonly types: ReadonlySet<string> | null;
  readonly expanded: Expanded;
  /** What it asks of the container alone, and what else. */
  readonly #scope: Matcher;
  /** The same for rules that ask the same of the container. */
  readonly scopeText: string;
  readonly #rest: Matcher;
  readonly #grants: Grants;
  readonly #exceptions: readonly Matcher[];

  constructor(expanded: Expanded) {
    const { rule, base, exceptions, grants } = expanded;
    const where = `rule ${JSON.stringify(rule.name)}`;
    const parts = conjuncts(base);
    this.name = rule.name;
    this.priority = rule.priority;
    this.types = typesOf(base);
    this.expanded = expanded;
    const matchers = (about: boolean): Matcher[] =>
      parts.filter((each) => asksContainer(each) === about).map((each) => matcherOf(each, where));
    this.#scope = every(matchers(true));
    this.scopeText = JSON.stringify(parts.filter(asksContainer));
    this.#rest = every(matchers(false));
    this.#grants = new Grants(grants, where);
    this.#exceptions = exceptions.map((each) => matcherOf(each, where));
  }

  isAbout(types: readonly string[]): boolean {
    return this.types === null || types.some((each) => this.types?.has(each));
  }

  speaksOf(container: Labelled): Truth {
    return this.#scope(nothing, container);
  }

  /** The exceptions that hold for the event for sure, whatever container it comes from. */
  silencing(event: SeenEvent): readonly string[] {
    return this.#grants.ask(event, anywhere).grants;
  }

  /** `inScope`: what it asks of the container holds, or (null) may hold. */
  ask(event: SeenEvent, container: Labelled, inScope: Truth): Asked {
    const rest = this.#rest(event, container);
    if (rest === false || inScope === false) return { rule: this, fires: false, grants: [] };
    const { silent, grants, open } = this.#grants.ask(event, container);
    // Of an address that may be in either of two networks no single value holds, and both together do.
    if (silent === null && this.#exceptions.some((each) => each(event, container) === true))
      return { rule: this, fires: false, grants: open };
    if (silent === true) return { rule: this, fires: false, grants };
    return { rule: this, fires: rest === null || inScope === null || silent === null ? null : true, grants: [] };
  }
}

/** Another exception of the same rule that keeps silent about all that this one does; null where there is none. */
export function coveredBy(rule: Rule, grant: Grant): string | null {
  const fields: Record<string, Field> = {};
  let types: readonly string[] = [];
  for (const each of conjuncts(grant.expression)) {
    if (each.type !== 'check' || 'field' in each.right || each.left.transformers.length > 0) return null;
    const { field, argument } = each.left;
    if (field === 'evt.type') types = each.right;
    else if (each.right.length === 1 && ['=', '==', 'in'].includes(each.operator))
      fields[fieldName(field, argument)] = each.right[0];
    else return null;
  }
  const own = permissionOf(grant);
  return rule.silencing({ types, fields: typed(fields), without: [] }).find((each) => each !== own) ?? null;
}

/** Of numbers, numbers: ports and user ids. */
function typed(fields: Readonly<Record<string, Field>>): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isNumeric(name) ? Number(value) : value]),
  );
}

const nothing: SeenEvent = { types: [], fields: {}, without: [] };

const anywhere: Labelled = { fields: {}, bare: false };

interface Granted {
  readonly text: string;
  readonly matcher: Matcher;
}

/** Exceptions by the value that one of their checks compares a field with, so that thousands cost a look-up. */
class Grants {
  readonly #byField = new Map<string, { read: ReturnType<typeof fieldReader>; values: Map<string, Granted[]> }>();
  readonly #others: Granted[] = [];

  constructor(grants: readonly Grant[], where: string) {
    for (const grant of grants) {
      const granted = { text: permissionOf(grant), matcher: matcherOf(grant.expression, where) };
      const key = keyOf(grant.expression);
      if (key === null) this.#others.push(granted);
      else {
        const field = this.#byField.get(key.field) ?? {
          read: fieldReader(key.field),
          values: new Map<string, Granted[]>(),
        };
        this.#byField.set(key.field, field);
        const { values } = field;
        values.set(key.value, [...(values.get(key.value) ?? []), granted]);
      }
    }
  }

  /** `open`: those that may hold. */
  ask(event: SeenEvent, container: Labelled): { silent: Truth; grants: string[]; open: string[] } {
    const found: string[] = [];
    const open: string[] = [];
    const tryOut = ({ text, matcher }: Granted): void => {
      const truth = matcher(event, container);
      if (truth === true) found.push(text);
      else if (truth === null) open.push(text);
    };
    for (const { read, values } of this.#byField.values()) {
      const value = read(event, container);
      if (value === undefined || typeof value === 'object') {
        if (value !== null) for (const all of values.values()) for (const each of all) tryOut(each);
      } else for (const each of values.get(String(value)) ?? []) tryOut(each);
    }
    for (const each of this.#others) tryOut(each);
    return { silent: found.length > 0 ? true : open.length > 0 ? null : false, grants: found, open };
  }
}

export function permissionOf({ rule, text }: Grant): string {
  return `${rule}: ${text}`;
}

/** Of a string compared for equality. Numbers and addresses may be written in several ways. */
function keyOf(expression: Expression): { readonly field: string; readonly value: string } | null {
  for (const each of conjuncts(expression)) {
    if (each.type !== 'check' || 'field' in each.right || each.right.length !== 1) continue;
    const { field, argument, transformers } = each.left;
    const plain = transformers.length === 0 && ['=', '==', 'in'].includes(each.operator);
    if (plain && /^(fd\.(name|directory|filename)|proc\.\w+|fs\.path\.\w+)$/.test(field) && !/id$|tty$/.test(field))
      return { field: fieldName(field, argument), value: each.right[0] ?? '' };
  }
  return null;
}

export interface Candidate {
  readonly rule: Rule;
  readonly inScope: Truth;
}

export class Rulebook {
  /** Enabled rules about system calls, in the file's order. */
  readonly rules: readonly Rule[];
  readonly #byType = new Map<string, readonly Rule[]>();
  readonly #byScope: ReadonlyMap<string, readonly { readonly rule: Rule; readonly at: number }[]>;
  readonly #inScope = new WeakMap<Labelled, readonly Candidate[]>();
  readonly #candidates = new WeakMap<Labelled, Map<string, readonly Candidate[]>>();

  constructor(text: string) {
    const collected = collect(readItems(text));
    const expander = new Expander(collected);
    // What is disabled must be right, too; of other sources' events plugins alone know the fields.
    const own = [...collected.rules.values()].filter(({ source }) => source === 'syscall');
    this.rules = own.map((rule) => new Rule(expander.rule(rule))).filter(({ expanded }) => expanded.rule.enabled);
    const numbered = this.rules.map((rule, at) => ({ rule, at }));
    this.#byScope = Map.groupBy(numbered, ({ rule }) => rule.scopeText);
  }

  /** Of an event of one of these types. */
  about(types: readonly string[]): readonly Rule[] {
    const key = types.join(' ');
    const found = this.#byType.get(key) ?? this.rules.filter((rule) => rule.isAbout(types));
    this.#byType.set(key, found);
    return found;
  }

  /** Those that speak of the container, too, or (`inScope` null) may. */
  candidates(types: readonly string[], container: Labelled): readonly Candidate[] {
    const of = this.#candidates.get(container) ?? new Map<string, readonly Candidate[]>();
    this.#candidates.set(container, of);
    const key = types.join(' ');
    // The file's order: the first that tells is named.
    const found = of.get(key) ?? this.#speaking(container).filter(({ rule }) => rule.isAbout(types));
    of.set(key, found);
    return found;
  }

  /** Rules of one workload ask the same of the container, and are asked once. */
  #speaking(container: Labelled): readonly Candidate[] {
    const known = this.#inScope.get(container);
    if (known !== undefined) return known;
    const found: (Candidate & { readonly at: number })[] = [];
    for (const alike of this.#byScope.values()) {
      const [first] = alike;
      const inScope = first === undefined ? false : first.rule.speaksOf(container);
      if (inScope !== false) for (const { rule, at } of alike) found.push({ rule, at, inScope });
    }
    found.sort((a, b) => a.at - b.at);
    this.#inScope.set(container, found);
    return found;
  }
}
