/** What one profile says to one question, by its own rules alone. */
import type { Verdict } from '../kind.ts';
import { type Glob, matches } from './language/glob.ts';
import type { ExecMode, FileRule, Letter, LinkRule, MountRule, Profile, ProfileRule } from './language/rules.ts';
import { hidesDenials } from './includes.ts';
import { flagsOf } from './mount-flags.ts';
import {
  accessPermission,
  capabilityPermission,
  filePermission,
  linkPermission,
  mountPermission,
  networkPermission,
} from './permissions.ts';
import type { QueryOf } from './query.ts';

type Of<Type extends ProfileRule['type']> = ProfileRule & { readonly type: Type };

export class Rulebook {
  readonly profile: Profile;
  readonly #files: readonly FileRule[];
  /** Rules by the paths that they name, with their places among all; the rest has patterns. */
  readonly #named: ReadonlyMap<string, readonly number[]>;
  readonly #open: readonly number[];
  readonly #byPath = new Map<string, readonly FileRule[]>();
  constructor(profile: Profile) {
    this.profile = profile;
    this.#files = [...this.#all('file'), ...this.#all('link').map(asFileRule)];
    const named = new Map<string, number[]>();
    const open: number[] = [];
    for (const [at, { globs }] of this.#files.entries())
      for (const { literal } of globs) {
        if (literal === null) open.push(at);
        else named.set(literal, [...(named.get(literal) ?? []), at]);
      }
    this.#named = named;
    this.#open = [...new Set(open)];
  }

  /** Whether the process owns it: null where nobody knows, and it must not matter. */
  file(path: string, letters: readonly Letter[], owner: boolean | null): Verdict {
    const permissions: string[] = [];
    let rule = '';
    for (const letter of letters) {
      const found = this.#letter(path, letter, owner);
      if (found.verdict !== 'allow') return found;
      permissions.push(...(found.permissions ?? []));
      rule = rule === '' ? found.rule : `${rule}; ${found.rule}`;
    }
    return { verdict: 'allow', rule, permissions: [...new Set(permissions)] };
  }

  #letter(path: string, letter: Letter, owner: boolean | null): Verdict {
    const rules = this.#matching(path);
    const denied = rules.find((each) => each.deny && (owner !== false || !each.owner) && holds(each, letter));
    if (denied !== undefined) {
      const rule = `${denied.where}: deny ${denied.path} ${letter}`;
      return { verdict: denied.owner && owner === null ? 'unknown' : 'deny', rule };
    }
    const granting = rules.filter((each) => !each.deny && holds(each, letter));
    const granted = best(granting.filter((each) => !each.owner || owner === true));
    if (granted !== undefined) {
      const text = filePermission(granted, letter);
      return this.#allowed(`${granted.where}: ${text}`, [text]);
    }
    const [owners] = granting;
    if (owners !== undefined && owner === null)
      return {
        verdict: 'unknown',
        rule: `${owners.where}: ${filePermission(owners, letter)}; who owns it is not known`,
      };
    return this.#nothing(`${path} ${letter}`);
  }

  /** How a program would be started; null where it would not. A path that is named exactly goes before patterns. */
  execMode(path: string, owner: boolean | null): ExecMode | null {
    if (this.file(path, ['x'], owner).verdict !== 'allow') return null;
    return this.#execRule(path, owner)?.exec ?? null;
  }

  #execRule(path: string, owner: boolean | null): FileRule | undefined {
    return best(
      this.#matching(path).filter((each) => !each.deny && each.exec !== null && (!each.owner || owner === true)),
    );
  }

  linkTarget(path: string, owner: boolean | null): Verdict {
    const links = this.#all('link').filter((each) => each.existings.some((glob) => matches(glob, path)));
    const found = links.find((each) => !each.deny && (!each.owner || owner === true));
    if (links.some(({ deny }) => deny)) return { verdict: 'deny', rule: `deny link to ${path}` };
    if (found !== undefined && !found.subset) {
      const text = linkPermission(found);
      return this.#allowed(`${found.where}: ${text}`, [text]);
    }
    const any = found ?? this.#all('file').find((each) => !each.deny && each.letters.has('l'));
    if (any === undefined) return this.#nothing(`link to ${path}`);
    return { verdict: 'unknown', rule: `${any.where}: the link may not allow more than what it leads to` };
  }

  capability(name: string): Verdict {
    const rules = this.#all('capability').filter(({ names }) => names === null || names.includes(name));
    return this.#decided(rules, `capability ${name}`, ({ names }) =>
      capabilityPermission(names === null ? null : name),
    );
  }

  network(family: string, kind: string): Verdict {
    const matching = (pair: { family: string | null; kind: string | null }): boolean =>
      (pair.family === null || pair.family === family) && (pair.kind === null || pair.kind === kind);
    const rules = this.#all('network').filter(({ pairs }) => pairs.some(matching));
    return this.#decided(rules, `network ${family} ${kind}`, ({ pairs }) =>
      networkPermission(pairs.find(matching) ?? { family, kind }),
    );
  }

  signal({ direction, signal, peer }: QueryOf<'signal'>): Verdict {
    const rules = this.#all('signal').filter(
      ({ accesses, signals, peers }) =>
        accesses.has(direction) && (signals === null || signals.has(signal)) && among(peers, peer),
    );
    return this.#decided(rules, `signal ${direction} ${signal} ${peer}`, (rule) =>
      accessPermission(rule, direction, rule.signals === null ? null : signal),
    );
  }

  ptrace({ access, peer }: QueryOf<'ptrace'>): Verdict {
    const rules = this.#all('ptrace').filter(({ accesses, peers }) => accesses.has(access) && among(peers, peer));
    return this.#decided(rules, `ptrace ${access} ${peer}`, (rule) => accessPermission(rule, access, null));
  }

  mount({ op, source, target, fstype, flags }: QueryOf<'mount' | 'remount' | 'umount'>): Verdict {
    const asked = new Set(flags);
    const fits = (rule: MountRule): boolean =>
      among(rule.targets, target) &&
      (op === 'umount' || (among(rule.sources, source) && among(rule.fstypes, fstype) && optionsFit(rule, asked)));
    const again = op === 'mount' && asked.has('remount');
    const rules = this.#all(op === 'umount' ? 'umount' : 'mount').filter(fits);
    const more = op === 'remount' || again ? this.#all('remount').filter(fits) : [];
    return this.#decided([...rules, ...more], `${op} ${target}`, mountPermission);
  }

  rlimit(resource: string, hard: number | null): Verdict {
    const rule = this.#all('rlimit').find((each) => each.resource === resource && each.most !== null);
    if (rule === undefined || rule.most === null) return this.#allowed(`no limit of ${resource} is set`, []);
    const text = `${rule.where}: rlimit ${resource} <= ${rule.most}`;
    return hard !== null && hard <= rule.most ? this.#allowed(text, []) : { verdict: 'deny', rule: text };
  }

  #all<Type extends ProfileRule['type']>(type: Type): Of<Type>[] {
    return this.profile.rules.filter((each): each is Of<Type> => each.type === type);
  }

  #matching(path: string): readonly FileRule[] {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const fits = (at: number): boolean => this.#files[at]?.globs.some((glob) => matches(glob, path)) === true;
    const places = new Set([...(this.#named.get(path) ?? []), ...this.#open.filter(fits)]);
    const found = [...places].toSorted((a, b) => a - b).flatMap((at) => this.#files[at] ?? []);
    this.#byPath.set(path, found);
    return found;
  }

  #decided<Rule extends ProfileRule>(
    rules: readonly Rule[],
    about: string,
    permission: (rule: Rule) => string,
  ): Verdict {
    const denied = rules.find(({ deny }) => deny);
    if (denied !== undefined) return { verdict: 'deny', rule: `${denied.where}: deny ${about}` };
    const [rule] = rules;
    return rule === undefined
      ? this.#nothing(about)
      : this.#allowed(`${rule.where}: ${permission(rule)}`, [permission(rule)]);
  }

  /** An include that is not known here could still deny it, unless its author never does. */
  #allowed(rule: string, permissions: readonly string[]): Verdict {
    const include = this.profile.includes.find(hidesDenials);
    if (include === undefined) return { verdict: 'allow', rule, permissions };
    return { verdict: 'unknown', rule: `${rule}, unless <${include}> denies it`, permissions };
  }

  /** No rule: refused, unless one of the includes that are not known here allows it. */
  #nothing(about: string): Verdict {
    const [include] = this.profile.includes;
    if (include !== undefined) return { verdict: 'unknown', rule: `no rule for ${about}; <${include}> may have one` };
    return { verdict: 'deny', rule: this.#inMode(`no rule for ${about}`) };
  }

  #inMode(rule: string): string {
    return this.profile.flags.includes('complain') ? `${rule} (complain: only logged)` : rule;
  }
}

/** The compiler's implications: w holds a, and inheriting holds m. */
function holds({ letters, exec }: FileRule, letter: Letter): boolean {
  if (letter === 'm' && exec !== null && (exec.to === 'inherit' || exec.fallback === 'inherit')) return true;
  return letters.has(letter) || (letter === 'a' && letters.has('w'));
}

function best(rules: readonly FileRule[]): FileRule | undefined {
  return rules.find(({ globs }) => globs.some(({ exact }) => exact)) ?? rules[0];
}

function among(globs: readonly Glob[] | null, text: string): boolean {
  return globs === null || globs.some((glob) => matches(glob, text));
}

function optionsFit({ options }: MountRule, asked: ReadonlySet<string>): boolean {
  return (
    options.length === 0 ||
    options.some(({ exact, flags }) => {
      const known = flagsOf(flags);
      return [...asked].every((flag) => known.has(flag)) && (!exact || known.size === asked.size);
    })
  );
}

function asFileRule(rule: LinkRule): FileRule {
  const { where, deny, owner, link, links } = rule;
  return {
    type: 'file',
    where,
    deny,
    owner,
    path: `link ${link} -> ${rule.existing}`,
    globs: links,
    letters: new Set(['l']),
    exec: null,
  };
}
