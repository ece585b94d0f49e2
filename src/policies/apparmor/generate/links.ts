/** Hard links: a new name and what it leads to. Which went with which is not recorded: each for each, of one program. */
import type { Claim } from '#baseline/baseline.ts';
import type { Generaliser } from './generalise.ts';
import type { LinkNeed } from './needs.ts';
import { literal, type Pattern, written } from './pattern.ts';

export interface LinkRule {
  readonly link: Pattern;
  /** Null where it was not seen: then it may be anything that allows as much as the link itself. */
  readonly existing: Pattern | null;
  /** What was seen, one of each. */
  readonly example: string;
}

export interface Links {
  readonly links: readonly LinkRule[];
  /** Files that were linked to under a name that was not seen. */
  readonly unsayable: readonly Claim[];
}

export function linkRules(needs: readonly LinkNeed[], generaliser: Generaliser | null): Links {
  const pattern = (path: string): Pattern => generaliser?.pattern(path, 'l') ?? literal(path);
  const found = new Map<string, LinkRule>();
  const unsayable: Claim[] = [];
  for (const of of Map.groupBy(needs, ({ program }) => program).values()) {
    const named = of.filter(({ side }) => side === 'link');
    const existing = of.filter(({ side }) => side === 'existing');
    if (named.length === 0) unsayable.push(...existing.map(({ claim }) => claim));
    for (const { path } of named) {
      for (const to of existing.length === 0 ? [null] : existing) {
        const rule = {
          link: pattern(path),
          existing: to === null ? null : pattern(to.path),
          example: to === null ? path : `${path} -> ${to.path}`,
        };
        const key = textOf(rule);
        const known = found.get(key);
        if (known === undefined || rule.example < known.example) found.set(key, rule);
      }
    }
  }
  const links = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
  return { links, unsayable };
}

export function textOf({ link, existing }: Pick<LinkRule, 'link' | 'existing'>): string {
  return existing === null ? `${written(link)} l,` : `link ${written(link)} -> ${written(existing)},`;
}
