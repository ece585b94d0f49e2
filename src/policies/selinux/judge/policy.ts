/**
 * A policy as the node would have it: the texts together, resolved as secilc 3.4 does. A text that declares object
 * classes is a whole policy, in which every name must be declared; any other leaves names to the node (`open`).
 */
import { UnreadableArtifact } from '../../kind.ts';
import { type ContextRule, contextRule, isContextRule } from './contexts.ts';
import { type Constraint, constraint, type Levels, levels } from './constraints.ts';
import { type ExtendedRule, extendedRule } from './extended.ts';
import { type Condition, expand, type Missing, type Statement } from './expand.ts';
import { type Expression, type List, symbol, textOf } from './expressions.ts';
import { lookUp, type Scope } from './names.ts';
import { type ClassPermissions, classPermissions, type Names, typeSet, Unresolved, words } from './resolve.ts';
import { circularAttribute, Members, type TypeSet } from './sets.ts';

export interface Rule {
  readonly kind: 'allow' | 'dontaudit' | 'auditallow' | 'neverallow';
  readonly source: TypeSet;
  readonly target: TypeSet | 'self';
  readonly classes: readonly ClassPermissions[];
  readonly conditions: readonly Condition[];
  readonly statement: Statement;
  /** In an optional block that names what only the node knows: whether it stays. */
  readonly uncertain: string | null;
}
export interface Transition {
  readonly source: TypeSet;
  readonly target: TypeSet;
  readonly class: string;
  readonly name: string | null;
  readonly result: TypeSet;
}
export interface Policy {
  readonly open: boolean;
  readonly types: ReadonlySet<string>;
  readonly aliases: ReadonlyMap<string, TypeSet>;
  readonly classes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly members: Members;
  /** Attributes of the node that the text adds to. */
  readonly externalAttributes: readonly string[];
  /** By class; neverallow rules under their kind. */
  readonly rules: ReadonlyMap<string, readonly Rule[]>;
  readonly neverallows: readonly Rule[];
  readonly extended: readonly ExtendedRule[];
  readonly transitions: readonly Transition[];
  readonly permissive: readonly TypeSet[];
  readonly contexts: readonly ContextRule[];
  readonly missing: readonly Missing[];
  readonly roles: ReadonlyMap<string, readonly TypeSet[]>;
  /** `system_r object_r`: who may become whom. */
  readonly roleAllows: ReadonlySet<string>;
  readonly constraints: readonly Constraint[];
  readonly levels: Levels;
  readonly booleans: ReadonlyMap<string, boolean>;
}
export interface Text {
  readonly statements: readonly List[];
  readonly own: boolean;
  readonly sorts?: ReadonlyMap<string, 'type' | 'attribute'>;
}

const ruleKinds = ['allow', 'dontaudit', 'auditallow', 'neverallow'] as const;
/** Statements of CIL 3.4 that give or take no access by themselves. */
const silent = new Set(
  `typealias typeattribute classpermission classmap class common boolean tunable expandtypeattribute typebounds role
  roleattribute roleattributeset rolebounds roletransition user userrole userattribute userattributeset
  userlevel userrange userbounds userprefix selinuxuser selinuxuserdefault typechange typemember rangetransition sid
  sidorder sidcontext classorder classcommon unordered handleunknown mls policycap defaultuser defaultrole defaulttype
  defaultrange sensitivity sensitivityalias sensitivityaliasactual sensitivityorder category categoryalias
  categoryaliasactual categoryorder categoryset sensitivitycategory level levelrange context genfscon fsuse nodecon
  netifcon ibpkeycon ibendportcon pcidevicecon iomemcon ioportcon pirqcon devicetreecon ipaddr filecon portcon
  constrain mlsconstrain validatetrans mlsvalidatetrans permissionx dontauditx auditallowx neverallowx blockabstract
  <root> <src_info>`.split(/\s+/),
);

/** Throws `UnreadableArtifact` where secilc would refuse it. */
export function policyOf(texts: readonly Text[]): Policy {
  const open = !texts.some(({ statements }) => statements.some((each) => symbol(each, 0) === 'class'));
  const sorts = new Map(texts.flatMap((each) => [...(each.sorts ?? [])]));
  const disabled = new Set<string>();
  for (;;) {
    const before = disabled.size;
    const policy = attempt(texts, open, sorts, disabled);
    if (disabled.size === before) return policy;
  }
}

function attempt(
  texts: readonly Text[],
  open: boolean,
  sorts: ReadonlyMap<string, 'type' | 'attribute'>,
  disabled: Set<string>,
): Policy {
  const before = disabled.size;
  function fails({ list, optionals }: Pick<Statement, 'list' | 'optionals'>, why: string): void {
    const inner = optionals.at(-1);
    if (inner === undefined) throw new UnreadableArtifact(`line ${list.line}`, `${textOf(list).slice(0, 120)}: ${why}`);
    disabled.add(inner);
  }
  const { root, statements, missing } = expand(texts, disabled, fails, open);
  const types = new Set<string>();
  const aliases = new Map<string, TypeSet>();
  const attributes = new Map<string, TypeSet[]>();
  const externalAttributes = new Set<string>();
  const classes = new Map<string, ReadonlySet<string>>();
  const sets = new Map<string, ClassPermissions[]>();
  const mappings = new Map<string, ClassPermissions[]>();
  const roles = new Map<string, TypeSet[]>();
  const roleAllows = new Set<string>();
  const booleans = new Map<string, boolean>();
  /** Names of the node that an optional block needs. */
  const needs = new Map<string, Set<string>>();
  let current: Statement | null = null;
  const names: Names = {
    open,
    sorts,
    aliases,
    classes,
    classPermissions: sets,
    classMappings: mappings,
    external(name) {
      for (const each of current?.optionals ?? []) needs.set(each, (needs.get(each) ?? new Set()).add(name));
    },
  };
  const made = {
    rules: [] as Rule[],
    extended: [] as ExtendedRule[],
    transitions: [] as Transition[],
    permissive: [] as TypeSet[],
    contexts: [] as ContextRule[],
    constraints: [] as Constraint[],
  };
  const add = <T>(map: Map<string, T[]>, key: string, ...more: T[]): void =>
    void map.set(key, [...(map.get(key) ?? []), ...more]);

  for (const scope of scopesOf(root))
    for (const each of scope.names.values()) if (each.sort === 'type') types.add(each.full);
  declareClasses(statements, classes);

  const first: Readonly<Record<string, (list: List, scope: Statement['scope']) => void>> = {
    boolean: (list, scope) => void booleans.set(fullOf(scope, 'boolean', list), symbol(list, 2) === 'true'),
    typealiasactual(list, scope) {
      const alias = lookUp(scope, 'type', symbol(list, 1) ?? '');
      if (alias === null || !('sort' in alias)) throw new Unresolved(`no alias ${symbol(list, 1)} is declared`);
      aliases.set(alias.full, typeSet(list.items[2], scope, names));
    },
  };
  const second: typeof first = {
    typeattributeset(list, scope) {
      const attribute = typeSet(list.items[1], scope, names);
      if (attribute.op !== 'attribute' && attribute.op !== 'external')
        throw new Unresolved(`${symbol(list, 1)} is no attribute`);
      if (attribute.op === 'external') externalAttributes.add(attribute.name);
      add(attributes, attribute.name, typeSet(list.items[2], scope, names));
    },
    roleallow: (list) => void roleAllows.add(`${symbol(list, 1)} ${symbol(list, 2)}`),
    roletype: (list, scope) => add(roles, symbol(list, 1) ?? '', typeSet(list.items[2], scope, names)),
    classpermissionset(list, scope) {
      const set = lookUp(scope, 'permission', symbol(list, 1) ?? '');
      if (set === null || !('sort' in set)) throw new Unresolved(`no classpermission ${symbol(list, 1)} is declared`);
      add(sets, set.full, ...classPermissions(list.items[2], scope, names));
    },
    classmapping(list, scope) {
      const map = lookUp(scope, 'class', symbol(list, 1) ?? '');
      if (map === null || !('sort' in map)) throw new Unresolved(`no classmap ${symbol(list, 1)} is declared`);
      add(mappings, `${map.full} ${symbol(list, 2)}`, ...classPermissions(list.items[3], scope, names));
    },
  };
  const third = (statement: Statement): void => {
    const { list, scope, own, conditions } = statement;
    const word = symbol(list, 0) ?? '';
    const target = (at: Expression | undefined): TypeSet | 'self' =>
      at?.type === 'atom' && at.text === 'self' ? 'self' : typeSet(at, scope, names);
    const kind = ruleKinds.find((each) => each === word);
    if (kind !== undefined) {
      if (list.items.length !== 4) throw new Unresolved('a rule has a source, a target, and classes with permissions');
      const rule = {
        kind,
        source: typeSet(list.items[1], scope, names),
        target: target(list.items[2]),
        classes: classPermissions(list.items[3], scope, names),
      };
      made.rules.push({ ...rule, conditions, statement, uncertain: null });
    } else if (word === 'allowx')
      made.extended.push(extendedRule(list, typeSet(list.items[1], scope, names), target(list.items[2])));
    else if (word === 'typetransition') {
      const named = list.items.length > 5 ? (symbol(list, 4) ?? null) : null;
      made.transitions.push({
        source: typeSet(list.items[1], scope, names),
        target: typeSet(list.items[2], scope, names),
        class: symbol(list, 3) ?? '',
        name: named,
        result: typeSet(list.items[named === null ? 4 : 5], scope, names),
      });
    } else if (word === 'typepermissive') made.permissive.push(typeSet(list.items[1], scope, names));
    else if (isContextRule(word)) made.contexts.push(contextRule(list, scope, own, names));
    else if (word === 'mlsconstrain' || word === 'constrain') made.constraints.push(constraint(list, scope, names));
    else if (!silent.has(word) && !(word in first) && !(word in second))
      throw new Unresolved(`CIL has no statement ${JSON.stringify(word)}`);
  };
  const handlers = [first, second].map(
    (table) => (each: Statement) => table[symbol(each.list, 0) ?? '']?.(each.list, each.scope),
  );
  for (const handle of [...handlers, third])
    for (const statement of statements) {
      current = statement;
      try {
        handle(statement);
      } catch (error) {
        if (!(error instanceof Unresolved)) throw error;
        fails(statement, error.message);
      }
    }
  // What holds itself in a block that vanishes is gone with it.
  const circular = disabled.size === before ? circularAttribute(attributes) : null;
  if (circular !== null) throw new UnreadableArtifact('', `the attribute ${circular} holds itself`);
  const settled = made.rules.map((rule) => ({ ...rule, uncertain: needOf(rule.statement.optionals, needs) }));
  return {
    open,
    types,
    aliases,
    classes,
    missing,
    roles,
    roleAllows,
    booleans,
    members: new Members(attributes, types),
    externalAttributes: [...externalAttributes],
    rules: byClass(settled.filter(({ kind }) => kind === 'allow')),
    neverallows: settled.filter(({ kind }) => kind === 'neverallow'),
    extended: made.extended,
    transitions: made.transitions,
    permissive: made.permissive,
    contexts: made.contexts,
    constraints: made.constraints,
    levels: levels(statements),
  };
}

/** Each rule under each of its classes, with the permissions of that class alone. */
function byClass(rules: readonly Rule[]): Map<string, Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of rules)
    for (const each of rule.classes) {
      const all = found.get(each.class) ?? [];
      all.push({ ...rule, classes: [each] });
      found.set(each.class, all);
    }
  return found;
}

function* scopesOf(scope: Scope): Generator<Scope> {
  if (!scope.abstract) yield scope;
  for (const each of scope.names.values())
    if (each.sort === 'block' && each.scope.parent !== null && each.scope.owner === each.scope)
      yield* scopesOf(each.scope);
}

function declareClasses(statements: readonly Statement[], classes: Map<string, ReadonlySet<string>>): void {
  const commons = new Map<string, string[]>();
  for (const { list } of statements)
    if (symbol(list, 0) === 'common') commons.set(symbol(list, 1) ?? '', words(list.items[2]));
  for (const { list } of statements)
    if (symbol(list, 0) === 'class') classes.set(symbol(list, 1) ?? '', new Set(words(list.items[2])));
  for (const { list } of statements) {
    if (symbol(list, 0) !== 'classcommon') continue;
    const name = symbol(list, 1) ?? '';
    classes.set(name, new Set([...(classes.get(name) ?? []), ...(commons.get(symbol(list, 2) ?? '') ?? [])]));
  }
}

function fullOf(scope: Scope, space: 'boolean', list: List): string {
  const found = lookUp(scope, space, symbol(list, 1) ?? '');
  return found !== null && 'full' in found ? found.full : (symbol(list, 1) ?? '');
}

function needOf(optionals: readonly string[], needs: ReadonlyMap<string, ReadonlySet<string>>): string | null {
  const names = optionals.flatMap((each) => [...(needs.get(each) ?? [])]);
  return names.length === 0
    ? null
    : `it stands in an optional block, which stays only where the node has ${[...new Set(names)].join(', ')}`;
}
