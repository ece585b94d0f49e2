/** Items added up as a loader does: defined again, appended to, replaced in parts. Who comes later counts. */
import { UnreadableArtifact } from '../../kind.ts';
import type { Entry, Exception, Item, ListItem, MacroItem, RuleItem } from './items.ts';

/** `seen`: the number of the last item that touched it; a reference to what was defined later is none. */
interface Ordered {
  readonly index: number;
  readonly seen: number;
}

export interface List extends Ordered {
  readonly name: string;
  readonly items: readonly string[];
}
export interface Macro extends Ordered {
  readonly name: string;
  readonly condition: string;
  readonly where: string;
}
export interface Rule {
  readonly name: string;
  readonly condition: string;
  readonly output: string;
  readonly priority: string;
  readonly source: string;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly exceptions: readonly Checked[];
  readonly skipIfUnknownFilter: boolean;
  readonly where: string;
}

/** One field with an operator of lists and values; or rows of as many values as there are fields. */
export type Checked = { readonly name: string; readonly values: readonly Entry[] } & (
  | { readonly single: true; readonly field: string; readonly operator: string }
  | { readonly single: false; readonly fields: readonly string[]; readonly operators: readonly string[] }
);

export interface Collected {
  readonly lists: ReadonlyMap<string, List>;
  readonly macros: ReadonlyMap<string, Macro>;
  readonly rules: ReadonlyMap<string, Rule>;
}

const operators = ['exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', 'contains', 'icontains'].concat(
  ['bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'], //
);

export function collect(items: readonly Item[]): Collected {
  const lists = new Map<string, List>();
  const macros = new Map<string, Macro>();
  const rules = new Map<string, Rule>();
  for (const [number, each] of items.entries()) {
    if (each.type === 'list') list(lists, each.item, number, each.where);
    else if (each.type === 'macro') macro(macros, each.item, number, each.where);
    else rules.set(each.item.rule, rule(rules.get(each.item.rule), each.item, each.where));
  }
  return { lists, macros, rules };
}

function list(lists: Map<string, List>, item: ListItem, number: number, where: string): void {
  const known = lists.get(item.list);
  const appends = item.append === true || item.override?.items === 'append';
  if (appends && known === undefined) throw missing(where, `list ${item.list}`);
  const items = appends ? [...(known?.items ?? []), ...item.items] : item.items;
  lists.set(item.list, { name: item.list, items, index: known?.index ?? number, seen: number });
}

function macro(macros: Map<string, Macro>, item: MacroItem, number: number, where: string): void {
  const known = macros.get(item.macro);
  const appends = item.append === true || item.override?.condition === 'append';
  if (appends && known === undefined) throw missing(where, `macro ${item.macro}`);
  const condition = appends ? `${known?.condition ?? ''} ${item.condition}` : item.condition;
  macros.set(item.macro, { name: item.macro, condition, index: known?.index ?? number, seen: number, where });
}

function rule(known: Rule | undefined, item: RuleItem, where: string): Rule {
  const { override = {}, append = false } = item;
  const overridden = Object.keys(override);
  if (append && overridden.length > 0) throw new UnreadableArtifact(where, 'append and override exclude each other');
  if (overridden.length > 0) return overriding(known, item, override, where);
  if (append) return appended(known, item, ['condition', 'exceptions'], where);
  const { rule: name, condition, output, desc, priority } = item;
  if (condition === undefined && output === undefined && desc === undefined && priority === undefined) {
    if (known === undefined) throw missing(where, `rule ${JSON.stringify(name)}`);
    if (item.enabled === undefined) throw new UnreadableArtifact(where, 'a rule has a condition, or says enabled');
    return { ...known, enabled: item.enabled };
  }
  if (condition === undefined || output === undefined || desc === undefined || priority === undefined)
    throw new UnreadableArtifact(where, 'a rule has condition, output, desc and priority');
  const { source = 'syscall', enabled = true, tags = [], 'skip-if-unknown-filter': skipIfUnknownFilter = false } = item;
  const exceptions = (item.exceptions ?? []).map((each) => checked(each, where));
  unique(exceptions, where);
  return { name, condition, output, priority, source, enabled, tags, exceptions, skipIfUnknownFilter, where };
}

const appendable = ['condition', 'output', 'desc', 'tags', 'exceptions'];
const replaceable = [...appendable, 'priority', 'enabled', 'warn_evttypes', 'skip-if-unknown-filter'];

function overriding(
  known: Rule | undefined,
  item: RuleItem,
  override: Readonly<Record<string, 'append' | 'replace'>>,
  where: string,
): Rule {
  for (const [key, how] of Object.entries(override)) {
    if (!(how === 'append' ? appendable : replaceable).includes(key))
      throw new UnreadableArtifact(`${where}.override`, `${key} cannot be overridden with ${how}`);
    if (!(key in item) && key !== 'warn_evttypes')
      throw new UnreadableArtifact(`${where}.override`, `${key} is overridden and not there`);
  }
  const stray = replaceable.find((key) => key in item && !(key in override));
  if (stray !== undefined) throw new UnreadableArtifact(where, `${stray} is not named under override`);
  const of = (how: 'append' | 'replace'): string[] => Object.keys(override).filter((key) => override[key] === how);
  return replaced(appended(known, item, of('append'), where), item, of('replace'), where);
}

function appended(known: Rule | undefined, item: RuleItem, keys: readonly string[], where: string): Rule {
  if (known === undefined) throw missing(where, `rule ${JSON.stringify(item.rule)}`);
  const has = (key: string): boolean => keys.includes(key);
  return {
    ...known,
    condition:
      has('condition') && item.condition !== undefined ? `${known.condition} ${item.condition}` : known.condition,
    output: has('output') && item.output !== undefined ? `${known.output} ${item.output}` : known.output,
    tags: has('tags') ? [...new Set([...known.tags, ...(item.tags ?? [])])] : known.tags,
    exceptions: has('exceptions') ? joined(known.exceptions, item.exceptions ?? [], where) : known.exceptions,
  };
}

function replaced(known: Rule, item: RuleItem, keys: readonly string[], where: string): Rule {
  const has = (key: string): boolean => keys.includes(key);
  return {
    ...known,
    condition: (has('condition') ? item.condition : undefined) ?? known.condition,
    output: (has('output') ? item.output : undefined) ?? known.output,
    priority: (has('priority') ? item.priority : undefined) ?? known.priority,
    enabled: (has('enabled') ? item.enabled : undefined) ?? known.enabled,
    tags: (has('tags') ? item.tags : undefined) ?? known.tags,
    skipIfUnknownFilter:
      (has('skip-if-unknown-filter') ? item['skip-if-unknown-filter'] : undefined) ?? known.skipIfUnknownFilter,
    exceptions: has('exceptions') ? (item.exceptions ?? []).map((each) => checked(each, where)) : known.exceptions,
  };
}

/** To an exception of the same name its values are added, and it may say nothing else. */
function joined(known: readonly Checked[], added: readonly Exception[], where: string): Checked[] {
  const all = [...known];
  for (const each of added) {
    const at = all.findIndex(({ name }) => name === each.name);
    const before = all[at];
    if (before === undefined) {
      if (each.values.length === 0) throw new UnreadableArtifact(where, `exception ${each.name} has no values`);
      all.push(checked(each, where));
    } else if (each.fields !== undefined || each.comps !== undefined) {
      throw new UnreadableArtifact(where, `exception ${each.name} is there; only values can be added to it`);
    } else all[at] = { ...before, values: [...before.values, ...each.values] };
  }
  return all;
}

function unique(exceptions: readonly Checked[], where: string): void {
  if (new Set(exceptions.map(({ name }) => name)).size !== exceptions.length)
    throw new UnreadableArtifact(where, 'two exceptions have one name');
}

function checked({ name, fields, comps, values }: Exception, where: string): Checked {
  const fail = (what: string): never => {
    throw new UnreadableArtifact(`${where}.exceptions`, `${name}: ${what}`);
  };
  if (fields === undefined) return fail('has no fields');
  if (typeof fields === 'string') {
    const operator = comps ?? 'in';
    if (typeof operator !== 'string' || !['in', 'pmatch', 'intersects'].includes(operator))
      return fail('one field is compared by in, pmatch or intersects');
    if (values.some((each) => typeof each !== 'string')) return fail('the values of one field are strings');
    return { name, values, single: true, field: fields, operator };
  }
  const names = fields.map((each) => (typeof each === 'string' ? each : fail('fields are strings')));
  const given = comps === undefined ? names.map(() => '=') : typeof comps === 'string' ? [comps] : comps;
  const compared = given.map((each) =>
    typeof each === 'string' && operators.includes(each) ? each : fail(`${JSON.stringify(each)} is no operator`),
  );
  if (compared.length !== names.length) return fail('has another number of comps than of fields');
  for (const row of values)
    if (typeof row === 'string' || row.length !== names.length)
      return fail('a row has as many values as there are fields');
  return { name, values, single: false, fields: names, operators: compared };
}

function missing(where: string, what: string): UnreadableArtifact {
  return new UnreadableArtifact(where, `${what} is changed and not defined before`);
}
