/**
 * Where CIL looks for a name (libsepol/cil/src/cil_resolve_ast.c, 3.4): the block of the statement, then the blocks
 * around it, last the global ones; in what was inherited, then around the original block; in what a macro brought,
 * what it declares itself, its arguments, around the macro, then around the call.
 */
import type { Expression, List } from './expressions.ts';

/** Names of one space do not meet those of another. Macros are among the blocks, attributes and aliases among the types. */
export type Space = 'block' | 'type' | 'class' | 'permission' | 'boolean' | 'tunable' | 'level' | 'other';

export interface Declared {
  readonly sort: 'block' | 'macro' | 'type' | 'attribute' | 'alias' | 'plain';
  /** With the blocks around it: `shop.process`. */
  readonly full: string;
  readonly statement: List;
  /** Of a block: what is declared in it. Of a macro: where it stands. */
  readonly scope: Scope;
  /** The optional blocks around it, outermost first. */
  readonly optionals: readonly string[];
}

export interface Argument {
  readonly space: Space;
  readonly value: Expression;
  /** Where the call stands, and so where its arguments mean something. */
  readonly scope: Scope;
}

export interface Scope {
  /** `shop.` in a block, empty outside. */
  readonly prefix: string;
  readonly parent: Scope | null;
  /** Holds what is declared here: the block itself, or the one that inherits, calls or wraps. */
  readonly owner: Scope;
  readonly names: Map<string, Declared>;
  /** Of something copied from elsewhere: where the search goes on. */
  readonly origin: Scope | null;
  readonly arguments: ReadonlyMap<string, Argument> | null;
  /** An abstract block: what it declares is found by whole names alone. */
  readonly abstract: boolean;
  /** Names that the macro declares itself. */
  readonly declaredByMacro: ReadonlySet<string> | null;
}

export function globalScope(): Scope {
  const names = new Map<string, Declared>();
  const made: { -readonly [K in keyof Scope]: Scope[K] } = {
    prefix: '',
    parent: null,
    // Replaced in the next line: an object cannot name itself while it is made.
    owner: undefined as unknown as Scope,
    names,
    origin: null,
    arguments: null,
    abstract: false,
    declaredByMacro: null,
  };
  made.owner = made;
  return made;
}

/** A scope within `parent`; a block when it has a name. */
export function within(parent: Scope, more: Partial<Scope> & { readonly block?: string }): Scope {
  const { block, ...rest } = more;
  const made: { -readonly [K in keyof Scope]: Scope[K] } = {
    prefix: block === undefined ? parent.prefix : `${parent.owner.prefix}${block}.`,
    parent,
    owner: parent.owner,
    names: new Map(),
    origin: null,
    arguments: null,
    abstract: false,
    declaredByMacro: null,
    ...rest,
  };
  if (block !== undefined) made.owner = made;
  return made;
}

/** What a name means there; an argument when it is a macro's parameter; null when it is not declared. */
export function lookUp(scope: Scope, space: Space, name: string): Declared | Argument | null {
  if (!name.includes('.')) return search(scope, space, name);
  const parts = name.split('.');
  // A leading dot starts from outside of all blocks.
  let at: Scope | null = parts[0] === '' ? outermost(scope) : null;
  for (const part of parts[0] === '' ? parts.slice(1, -1) : parts.slice(0, -1)) {
    const found = at === null ? search(scope, 'block', part) : (at.names.get(key('block', part)) ?? null);
    if (found === null || !('sort' in found) || found.sort !== 'block') return null;
    at = found.scope;
  }
  return at?.names.get(key(space, parts.at(-1) ?? '')) ?? null;
}

export function declare(scope: Scope, space: Space, name: string, declared: Omit<Declared, 'full'>): Declared | null {
  const at = scope.owner;
  if (at.names.has(key(space, name))) return null;
  const made = { ...declared, full: `${at.prefix}${name}` };
  at.names.set(key(space, name), made);
  return made;
}

/** Blocks, what they came from and what is around that; only when nobody there knows the name, the global ones. */
function search(from: Scope, space: Space, name: string): Declared | Argument | null {
  return inBlocks(from, space, name) ?? outermost(from).names.get(key(space, name)) ?? null;
}

function inBlocks(from: Scope, space: Space, name: string): Declared | Argument | null {
  for (let scope = from; scope.parent !== null; scope = scope.parent) {
    const own = scope.abstract ? undefined : scope.names.get(key(space, name));
    if (own !== undefined) return own;
    if (scope.arguments !== null) {
      if (scope.declaredByMacro?.has(key(space, name)) === true) continue;
      const argument = scope.arguments.get(name);
      if (argument !== undefined && argument.space === space) return argument;
      const beyond = scope.origin === null ? null : inBlocks(scope.origin, space, name);
      if (beyond !== null) return beyond;
    } else if (scope.origin !== null) {
      return inBlocks(scope.parent, space, name) ?? inBlocks(scope.origin, space, name);
    }
  }
  return null;
}

function outermost(scope: Scope): Scope {
  let at = scope;
  while (at.parent !== null) at = at.parent;
  return at;
}

export function key(space: Space, name: string): string {
  return `${space} ${name}`;
}
