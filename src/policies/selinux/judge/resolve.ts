/** Names of one statement → sets. Throws `Unresolved` where secilc would not find what is meant. */
import { type Expression, type List, symbol, textOf } from './expressions.ts';
import { UnreadableArtifact } from '../../kind.ts';
import { type Declared, lookUp, type Scope } from './names.ts';
import { includes, type PermissionSet, type TypeSet } from './sets.ts';

export class Unresolved extends Error {}

export interface ClassPermissions {
  readonly class: string;
  readonly permissions: PermissionSet;
}

/** What resolving needs of the whole. */
export interface Names {
  /** Whether the text leaves names to the node. */
  readonly open: boolean;
  /** What a module's `require` says of names: type or attribute. */
  readonly sorts: ReadonlyMap<string, 'type' | 'attribute'>;
  readonly aliases: ReadonlyMap<string, TypeSet>;
  /** Permissions of each declared class, its common ones among them. */
  readonly classes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly classPermissions: ReadonlyMap<string, readonly ClassPermissions[]>;
  readonly classMappings: ReadonlyMap<string, readonly ClassPermissions[]>;
  /** Hears of each name that only the node knows. */
  external(name: string): void;
}

export function typeSet(expression: Expression | undefined, scope: Scope, names: Names): TypeSet {
  if (expression === undefined) throw new Unresolved('a type is missing');
  if (expression.type === 'atom') return named(expression.text, scope, names);
  const [first, ...rest] = expression.items;
  const word = first?.type === 'atom' ? first.text : '';
  if (word === 'all') return { op: 'all' };
  if (word === 'not') return { op: 'not', a: typeSet(rest[0], scope, names) };
  if (word === 'and' || word === 'or' || word === 'xor')
    return { op: word, a: typeSet(rest[0], scope, names), b: typeSet(rest[1], scope, names) };
  // A bare list is the union of its members.
  return expression.items
    .map((each) => typeSet(each, scope, names))
    .reduce<TypeSet>((all, each) => (all.op === 'none' ? each : { op: 'or', a: all, b: each }), { op: 'none' });
}

function named(name: string, scope: Scope, names: Names): TypeSet {
  const found = lookUp(scope, 'type', name);
  if (found !== null && 'value' in found) return typeSet(found.value, found.scope, names);
  if (found !== null && found.sort === 'alias') {
    const actual = names.aliases.get(found.full);
    if (actual === undefined) throw new Unresolved(`the alias ${found.full} stands for no type`);
    return actual;
  }
  if (found !== null && found.scope.owner.abstract)
    throw new UnreadableArtifact(
      `line ${found.statement.line}`,
      `${found.full} is of an abstract block, and no part of the policy`,
    );
  if (found !== null) return { op: found.sort === 'attribute' ? 'attribute' : 'type', name: found.full };
  if (!names.open) throw new Unresolved(`no type ${JSON.stringify(name)} is declared`);
  names.external(name);
  // By the reference policy's convention types end in _t, and nothing else does.
  const sort = names.sorts.get(name) ?? (name.endsWith('_t') ? 'type' : 'any');
  return { op: 'external', name: name.replace(/^\./, ''), sort };
}

/** `(file (read open))`, the name of a set, or `(mapped (word))`. */
export function classPermissions(
  expression: Expression | undefined,
  scope: Scope,
  names: Names,
): readonly ClassPermissions[] {
  if (expression === undefined) throw new Unresolved('classes and permissions are missing');
  if (expression.type === 'atom') {
    const found = lookUp(scope, 'permission', expression.text);
    if (found !== null && 'value' in found) return classPermissions(found.value, found.scope, names);
    if (found !== null) return names.classPermissions.get(found.full) ?? [];
    throw new Unresolved(`no classpermission ${JSON.stringify(expression.text)} is declared`);
  }
  const word = symbol(expression, 0) ?? '';
  const permissions = permissionSet(expression.items[1]);
  const found = classOf(word, scope);
  if (found === null) {
    if (!names.open) throw new Unresolved(`no class ${JSON.stringify(word)} is declared`);
    return [{ class: word, permissions }];
  }
  if (symbol(found.statement, 0) === 'classmap') return mapped(found, permissions, names);
  const known = names.classes.get(found.full);
  for (const each of wordsOf(permissions))
    if (known?.has(each) === false) throw new Unresolved(`class ${word} has no permission ${JSON.stringify(each)}`);
  return [{ class: found.full, permissions }];
}

function classOf(word: string, scope: Scope): Declared | null {
  const found = lookUp(scope, 'class', word);
  if (found === null || 'sort' in found) return found;
  return found.value.type === 'atom' ? classOf(found.value.text, found.scope) : null;
}

function mapped(map: Declared, permissions: PermissionSet, names: Names): ClassPermissions[] {
  const words = map.statement.items[2];
  const all = words?.type === 'list' ? words.items.flatMap((each) => (each.type === 'atom' ? [each.text] : [])) : [];
  const chosen = all.filter((each) => includes(permissions, each));
  for (const each of wordsOf(permissions))
    if (!all.includes(each)) throw new Unresolved(`classmap ${map.full} has no permission ${JSON.stringify(each)}`);
  return chosen.flatMap((each) => names.classMappings.get(`${map.full} ${each}`) ?? []);
}

export function permissionSet(expression: Expression | undefined): PermissionSet {
  if (expression === undefined) throw new Unresolved('permissions are missing');
  if (expression.type === 'atom') return { op: 'names', names: new Set([expression.text]) };
  const [first, ...rest] = expression.items;
  const word = first?.type === 'atom' ? first.text : '';
  if (word === 'all') return { op: 'all' };
  if (word === 'not') return { op: 'not', a: rest.length === 1 ? permissionSet(rest[0]) : union(rest) };
  if (word === 'and' || word === 'or' || word === 'xor')
    return { op: word, a: permissionSet(rest[0]), b: permissionSet(rest[1]) };
  if (expression.items.length === 0) throw new Unresolved(`no permission stands in ${textOf(expression)}`);
  return union(expression.items);
}

function union(items: readonly Expression[]): PermissionSet {
  if (items.every((each) => each.type === 'atom'))
    return { op: 'names', names: new Set(items.map((each) => (each.type === 'atom' ? each.text : ''))) };
  return items.map(permissionSet).reduce((a, b) => ({ op: 'or', a, b }));
}

function wordsOf(set: PermissionSet): string[] {
  if (set.op === 'names') return [...set.names];
  if (set.op === 'all') return [];
  return set.op === 'not' ? wordsOf(set.a) : [...wordsOf(set.a), ...wordsOf(set.b)];
}

/** Words of a list, `(a b)`. */
export function words(list: Expression | undefined): string[] {
  return list?.type === 'list' ? list.items.flatMap((each) => (each.type === 'atom' ? [each.text] : [])) : [];
}

export function asList(expression: Expression | undefined, scope: Scope): List | null {
  if (expression?.type === 'list') return expression;
  if (expression === undefined) return null;
  const found = lookUp(scope, 'other', expression.text);
  return found !== null && 'value' in found ? asList(found.value, found.scope) : null;
}
