/** A policy's content, before it takes the form of a file. */

/**
 * A type: one of the policy's own is written `@name` (`@process` is the first program's), any other by its name in the
 * node's base.
 */
export type TypeName = string;

export interface Rule {
  readonly source: TypeName;
  readonly target: TypeName;
  readonly class: string;
  readonly permissions: readonly string[];
}
export interface FileContext {
  /** A path, or with `below` everything under it too. */
  readonly path: string;
  readonly below: boolean;
  readonly class: FileKind | null;
  readonly type: TypeName;
}
export interface Transition {
  readonly source: TypeName;
  readonly target: TypeName;
  readonly class: string;
  readonly result: TypeName;
}
export type FileKind = 'file' | 'dir' | 'lnk_file' | 'sock_file' | 'fifo_file' | 'chr_file' | 'blk_file';

export interface Draft {
  readonly domains: readonly TypeName[];
  /** Own types of files; those that programs are entered by among them. */
  readonly files: readonly TypeName[];
  readonly entries: readonly TypeName[];
  readonly allow: readonly Rule[];
  readonly dontaudit: readonly Rule[];
  readonly transitions: readonly Transition[];
  readonly contexts: readonly FileContext[];
  readonly inherit: readonly string[];
  readonly permissive: boolean;
  /** Whether categories keep its containers apart (MCS). */
  readonly constrained: boolean;
}

/** Rules as they come, merged by source, target and class. */
export class Rules {
  readonly #known = new Map<string, Set<string>>();

  add(source: TypeName, target: TypeName, kind: string, ...permissions: readonly string[]): void {
    const key = JSON.stringify([source, target, kind]);
    const known = this.#known.get(key) ?? new Set();
    this.#known.set(key, known);
    for (const each of permissions) for (const word of each.split(' ')) known.add(word);
  }

  /** Without what `granted` has already; sorted. */
  sorted(granted: (rule: Rule, permission: string) => boolean = () => false): Rule[] {
    return [...this.#known]
      .map(([key, permissions]): Rule => {
        const [source, target, kind] = JSON.parse(key) as [string, string, string];
        const rule = { source, target, class: kind, permissions: [] };
        return { ...rule, permissions: [...permissions].filter((each) => !granted(rule, each)).toSorted() };
      })
      .filter(({ permissions }) => permissions.length > 0)
      .toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  }

  targets(source: TypeName): string[] {
    return [...this.#known.keys()].flatMap((key) => {
      const [from, target] = JSON.parse(key) as [string, string, string];
      return from === source ? [target] : [];
    });
  }
}

function keyOf({ source, target, class: kind }: Rule): string {
  return `${source} ${target} ${kind}`;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
