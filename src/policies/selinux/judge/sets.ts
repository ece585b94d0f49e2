/** Sets of types and of permissions, and who is in them. Where a name's meaning is the node's own, nobody may know. */

export type Truth = 'yes' | 'no' | 'unknown';

/**
 * `external`: a name that the given text does not declare. Of a `type` it stands for itself alone; an `attribute` has
 * members that only the node knows; `any` may be either.
 */
export type TypeSet =
  | { readonly op: 'type' | 'attribute'; readonly name: string }
  | { readonly op: 'external'; readonly name: string; readonly sort: 'type' | 'attribute' | 'any' }
  | { readonly op: 'all' | 'none' }
  | { readonly op: 'and' | 'or' | 'xor'; readonly a: TypeSet; readonly b: TypeSet }
  | { readonly op: 'not'; readonly a: TypeSet };

export type PermissionSet =
  | { readonly op: 'names'; readonly names: ReadonlySet<string> }
  | { readonly op: 'all' }
  | { readonly op: 'and' | 'or' | 'xor'; readonly a: PermissionSet; readonly b: PermissionSet }
  | { readonly op: 'not'; readonly a: PermissionSet };

export function includes(set: PermissionSet, permission: string): boolean {
  switch (set.op) {
    case 'names':
      return set.names.has(permission);
    case 'all':
      return true;
    case 'not':
      return !includes(set.a, permission);
    case 'and':
      return includes(set.a, permission) && includes(set.b, permission);
    case 'or':
      return includes(set.a, permission) || includes(set.b, permission);
    case 'xor':
      return includes(set.a, permission) !== includes(set.b, permission);
  }
}

/** The names in a set; null where it is told by what it is not. */
export function namesOf(set: PermissionSet): readonly string[] | null {
  if (set.op === 'names') return [...set.names];
  if (set.op !== 'or') return null;
  const [a, b] = [namesOf(set.a), namesOf(set.b)];
  return a === null || b === null ? null : [...a, ...b];
}

export class Members {
  readonly #attributes: ReadonlyMap<string, readonly TypeSet[]>;
  readonly #declared: ReadonlySet<string>;
  readonly #known = new Map<string, Truth>();
  readonly #open = new Set<string>();

  /** `attributes`: what the text puts into each, declared or not. `declared`: the types of the text. */
  constructor(attributes: ReadonlyMap<string, readonly TypeSet[]>, declared: ReadonlySet<string>) {
    this.#attributes = attributes;
    this.#declared = declared;
  }

  has(set: TypeSet, type: string): Truth {
    switch (set.op) {
      case 'all':
        return 'yes';
      case 'none':
        return 'no';
      case 'type':
        return set.name === type ? 'yes' : 'no';
      case 'attribute':
        return this.#stated(set.name, type);
      case 'external':
        return this.#external(set.name, set.sort, type);
      case 'not':
        return negated(this.has(set.a, type));
      case 'and':
        return both(this.has(set.a, type), this.has(set.b, type));
      case 'or':
        return either(this.has(set.a, type), this.has(set.b, type));
      case 'xor': {
        const [a, b] = [this.has(set.a, type), this.has(set.b, type)];
        return a === 'unknown' || b === 'unknown' ? 'unknown' : a === b ? 'no' : 'yes';
      }
    }
  }

  /** The attributes of the node that the text puts a type into. */
  externalAttributesOf(type: string, externals: readonly string[]): string[] {
    return externals.filter((name) => this.#stated(name, type) !== 'no');
  }

  #external(name: string, sort: 'type' | 'attribute' | 'any', type: string): Truth {
    if (name === type) return 'yes';
    if (sort === 'type') return 'no';
    const stated = this.#stated(name, type);
    if (stated !== 'no') return stated;
    // A type of the text is in attributes of the node where the text says so, or by attributes that it is in.
    return this.#declared.has(type) && !this.#inAny(type) ? 'no' : 'unknown';
  }

  #inAny(type: string): boolean {
    return [...this.#attributes.keys()].some((name) => this.#stated(name, type) !== 'no');
  }

  #stated(attribute: string, type: string): Truth {
    const at = `${attribute} ${type}`;
    const known = this.#known.get(at);
    if (known !== undefined) return known;
    // An attribute may not hold itself; secilc refuses it.
    if (this.#open.has(at)) return 'no';
    this.#open.add(at);
    let found: Truth = 'no';
    for (const set of this.#attributes.get(attribute) ?? []) found = either(found, this.has(set, type));
    this.#open.delete(at);
    if (this.#open.size === 0) this.#known.set(at, found);
    return found;
  }
}

/** An attribute that holds itself, by way of others; null when there is none. secilc refuses it. */
export function circularAttribute(attributes: ReadonlyMap<string, readonly TypeSet[]>): string | null {
  const done = new Set<string>();
  function visit(name: string, above: readonly string[]): string | null {
    if (above.includes(name)) return name;
    if (done.has(name)) return null;
    for (const inner of (attributes.get(name) ?? []).flatMap(attributesIn)) {
      const found = visit(inner, [...above, name]);
      if (found !== null) return found;
    }
    done.add(name);
    return null;
  }
  for (const name of attributes.keys()) {
    const found = visit(name, []);
    if (found !== null) return found;
  }
  return null;
}

function attributesIn(set: TypeSet): string[] {
  if (set.op === 'attribute' || set.op === 'external') return [set.name];
  if (set.op === 'not') return attributesIn(set.a);
  return 'b' in set ? [...attributesIn(set.a), ...attributesIn(set.b)] : [];
}

export function either(a: Truth, b: Truth): Truth {
  return a === 'yes' || b === 'yes' ? 'yes' : a === 'unknown' || b === 'unknown' ? 'unknown' : 'no';
}

export function both(a: Truth, b: Truth): Truth {
  return a === 'no' || b === 'no' ? 'no' : a === 'unknown' || b === 'unknown' ? 'unknown' : 'yes';
}

function negated(a: Truth): Truth {
  return a === 'yes' ? 'no' : a === 'no' ? 'yes' : 'unknown';
}
