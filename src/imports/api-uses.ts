/**
 * Events of an API server's audit log → who used which right, and who was refused. In any order and with repeats the same,
 * but for `count`. Memory is bounded, however long the log and whatever names and paths it carries.
 */
import { type ApiRight, type ApiUse, byCodeUnits, longestName, mostNames } from '#kubernetes/api-use.ts';
import type { AuditEvent } from './kubernetes-audit-fields.ts';

/** Different rights that are kept, of all users and of one; whoever probes for more fills no memory. */
const mostRights = 200_000;
const mostRightsOfUser = 5_000;

interface Gathered {
  readonly user: string;
  readonly right: ApiRight;
  readonly decision: ApiUse['decision'];
  groups: readonly string[];
  readonly names: Set<string>;
  /** Of the names, once there are as many as are kept. */
  greatest: string;
  manyNames: boolean;
  nameless: boolean;
  count: number;
  first: number;
  last: number;
}

export interface UseGatherer {
  /** `counts` is false for what looks like a repeat: it is evidence all the same. */
  add(event: AuditEvent, counts?: boolean): void;
  /** Sorted. Notes say what was no evidence, and what was not kept. */
  end(): { readonly uses: readonly ApiUse[]; readonly notes: readonly string[] };
}

export function gatheringUses(): UseGatherer {
  const users = new Map<string, Map<string, Gathered>>();
  const notes = new Map<string, number>();
  let rights = 0;

  function note(what: string, counts: boolean): void {
    if (counts) notes.set(what, (notes.get(what) ?? 0) + 1);
  }

  function fresh(event: AuditEvent, decision: ApiUse['decision']): Gathered {
    const { user, groups, verb, resourceRequest, apiGroup, resource, subresource, namespace, path, at } = event;
    const right = { verb, resourceRequest, apiGroup, resource, subresource, namespace, path };
    const names = new Set<string>();
    const unseen = { greatest: '', manyNames: false, nameless: false, count: 0, first: at, last: at };
    return { user, right, decision, groups, names, ...unseen };
  }

  return {
    add(event, counts = true) {
      const { user, decision } = event;
      if (user === '') return note('without a user: nobody was authenticated', counts);
      if (decision === null)
        return note('without a decision of the authorizer: the audit policy or another authorizer keeps it', counts);
      let own = users.get(user);
      if (own === undefined) users.set(user, (own = new Map()));
      const key = keyOf(event, decision);
      let known = own.get(key);
      if (known === undefined) {
        if (own.size >= mostRightsOfUser || rights >= mostRights)
          return note(
            `of rights beyond the first ${mostRightsOfUser} of a user, or ${mostRights} of all: not kept`,
            counts,
          );
        rights += 1;
        own.set(key, (known = fresh(event, decision)));
      }
      see(known, event, counts);
    },
    end: () => ({
      uses: [...users]
        .toSorted(([a], [b]) => byCodeUnits(a, b))
        .flatMap(([, own]) => [...own].toSorted(([a], [b]) => byCodeUnits(a, b)).map(([, each]) => useOf(each))),
      notes: [...notes].map(([what, count]) => `${count} ${count === 1 ? 'event' : 'events'} ${what}`).toSorted(),
    }),
  };
}

function keyOf(event: AuditEvent, decision: string): string {
  const { verb, apiGroup, resource, subresource, namespace, path } = event;
  return `${decision}\0${verb}\0${apiGroup}\0${resource}\0${subresource}\0${namespace}\0${path}`;
}

function see(known: Gathered, { at, groups, name }: AuditEvent, counts: boolean): void {
  if (counts) known.count += 1;
  if (at > known.last || (at === known.last && isGreater(groups, known.groups))) known.groups = groups;
  if (at < known.first) known.first = at;
  if (at > known.last) known.last = at;
  if (name === '') known.nameless = true;
  else if (!known.names.has(name)) keepName(known, name);
}

function isGreater(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === b.length && a.every((each, at) => each === b[at])) return false;
  return JSON.stringify(a) > JSON.stringify(b);
}

function keepName(known: Gathered, name: string): void {
  if (name.length > longestName) {
    known.manyNames = true;
    return;
  }
  if (known.names.size === mostNames) {
    known.manyNames = true;
    if (name > known.greatest) return;
    known.names.delete(known.greatest);
  }
  known.names.add(name);
  if (known.names.size === mostNames) known.greatest = [...known.names].toSorted(byCodeUnits).at(-1) ?? '';
}

function useOf({ right, user, decision, groups, names, manyNames, nameless, count, first, last }: Gathered): ApiUse {
  const sorted = [...names].toSorted(byCodeUnits);
  return { ...right, user, decision, groups, names: sorted, manyNames, nameless, count, first, last };
}
