/** Uses → rules by scope: merged where nothing is lost, with names where few and lasting ones were asked for. */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { isSameRight } from './settle.ts';

export interface DraftRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface Scope {
  /** Null: the cluster, with all namespaces. */
  readonly namespace: string | null;
  readonly rules: readonly DraftRule[];
}

/** Since 1.35 a WebSocket's `get` of these is authorized as `create` too, which no event tells; older clients post. */
const streams = new Set(['exec', 'attach', 'portforward']);
/** Authorizers see no name in these. */
const nameless = new Set(['create', 'deletecollection']);

interface Right {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
  readonly path: string;
  /** Null: any name. */
  readonly names: readonly string[] | null;
}

export interface DraftOptions {
  /** Up to so many names of one resource become resourceNames. */
  readonly maxNames: number;
  /** Of what is to be made smaller: its verbs are all that there is, and its names are not widened to any name. */
  readonly within?: { readonly mayStream: (verb: string) => boolean; readonly named: boolean };
}

export function draftRules(
  uses: readonly ApiUse[],
  denied: readonly ApiUse[],
  options: DraftOptions,
): { readonly scopes: readonly Scope[]; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const byScope = Map.groupBy(uses, ({ resourceRequest, namespace }) =>
    resourceRequest && namespace !== '' ? namespace : null,
  );
  // What holds in the whole cluster holds in each namespace.
  const rights = (own: readonly ApiUse[]): Right[] => rightsOf(own, denied, options, notes);
  const cluster = rights(byScope.get(null) ?? []);
  const scopes = [...byScope]
    .map(([namespace, own]): Scope => {
      if (namespace === null) return { namespace, rules: merged(cluster) };
      return { namespace, rules: merged(rights(own).filter((each) => !cluster.some((one) => holds(one, each)))) };
    })
    .filter(({ rules }) => rules.length > 0)
    .toSorted((a, b) => ((a.namespace ?? '') < (b.namespace ?? '') ? -1 : 1));
  return { scopes, notes: [...new Set(notes)] };
}

function rightsOf(uses: readonly ApiUse[], denied: readonly ApiUse[], options: DraftOptions, notes: string[]): Right[] {
  const mayStream = options.within?.mayStream ?? (() => true);
  const created = new Set(uses.filter(({ verb }) => verb === 'create').map(kindKey));
  return uses.flatMap((use): Right[] => {
    const { verb, resourceRequest, apiGroup, path } = use;
    if (!resourceRequest) return [{ apiGroup: '', resource: '', verb, path, names: null }];
    const resource = use.subresource === '' ? use.resource : `${use.resource}/${use.subresource}`;
    const names = namesOf(use, created, denied, options, notes);
    const one: Right = { apiGroup, resource, verb, path: '', names };
    if (!streams.has(use.subresource) || (verb !== 'get' && verb !== 'create')) return [one];
    return ['get', 'create'].filter((each) => each === verb || mayStream(each)).map((each) => ({ ...one, verb: each }));
  });
}

function kindKey({ apiGroup, resource, namespace }: ApiUse): string {
  return `${apiGroup} ${resource} ${namespace}`;
}

/** Null where the right is for any name. */
function namesOf(
  use: ApiUse,
  created: ReadonlySet<string>,
  denied: readonly ApiUse[],
  { maxNames, within }: DraftOptions,
  notes: string[],
): readonly string[] | null {
  const { names, verb, subresource } = use;
  if (within?.named === true) return names;
  if (use.nameless || names.length === 0 || (nameless.has(verb) && subresource === '')) return null;
  // Refused for one name and allowed for another: only names tell them apart.
  const contested = denied.some(
    (each) => isSameRight(use, each) && (each.nameless || each.names.some((name) => !names.includes(name))),
  );
  if (contested && !use.manyNames) return names;
  const whole = `${verb} ${use.resource}${subresource === '' ? '' : `/${subresource}`}`;
  if (use.manyNames || names.length > maxNames) {
    notes.push(`${whole} is granted for any name: ${use.manyNames ? 'more than ' : ''}${names.length} were asked for`);
    return null;
  }
  if (created.has(kindKey(use))) {
    notes.push(`${whole} is granted for any name: it creates such objects, and the next one has another name`);
    return null;
  }
  if (names.some(isGenerated)) {
    notes.push(`${whole} is granted for any name: ${names.filter(isGenerated).join(', ')} is a generated one`);
    return null;
  }
  return names;
}

/** A ReplicaSet's hash and a pod's tail (Kubernetes' safe alphabet), a Job's time, a UUID. Ordinals of a StatefulSet stay. */
function isGenerated(name: string): boolean {
  return (
    // The one word of people that this alphabet can write.
    /-(?!https$)[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name) ||
    /-[bcdfghjklmnpqrstvwxz2456789]{8,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?$/.test(name) ||
    /-\d{8,}$/.test(name) ||
    /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.test(name)
  );
}

function holds(wide: Right, narrow: Right): boolean {
  if (wide.apiGroup !== narrow.apiGroup || wide.resource !== narrow.resource || wide.verb !== narrow.verb) return false;
  return wide.names === null || (narrow.names !== null && narrow.names.every((name) => wide.names?.includes(name)));
}

/** Verbs of one resource and names together; then resources of one group with the same verbs, where no name is told. */
function merged(rights: readonly Right[]): DraftRule[] {
  const wide = new Set(
    rights
      .filter(({ names }) => names === null)
      .map(({ apiGroup, resource, verb, path }) => `${apiGroup} ${resource} ${verb} ${path}`),
  );
  const kept = rights.filter(
    ({ apiGroup, resource, verb, path, names }) =>
      names === null || !wide.has(`${apiGroup} ${resource} ${verb} ${path}`),
  );
  const byTarget = Map.groupBy(kept, ({ apiGroup, resource, path, names }) =>
    JSON.stringify([apiGroup, resource, path, names]),
  );
  const rules = [...byTarget.values()].flatMap((group): DraftRule[] => {
    const [first] = group;
    if (first === undefined) return [];
    const verbs = [...new Set(group.map(({ verb }) => verb))].toSorted();
    if (first.path !== '')
      return [{ verbs, apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [first.path] }];
    return [
      {
        verbs,
        apiGroups: [first.apiGroup],
        resources: [first.resource],
        resourceNames: first.names ?? [],
        nonResourceURLs: [],
      },
    ];
  });
  const together = Map.groupBy(rules, ({ verbs, apiGroups, resourceNames, nonResourceURLs, resources }) =>
    JSON.stringify([
      verbs,
      apiGroups,
      resourceNames,
      resourceNames.length > 0 ? resources : null,
      nonResourceURLs.length > 0,
    ]),
  );
  return [...together.values()]
    .map((group): DraftRule => {
      const list = (of: (rule: DraftRule) => readonly string[]): string[] => [...new Set(group.flatMap(of))].toSorted();
      return {
        verbs: list(({ verbs }) => verbs),
        apiGroups: list(({ apiGroups }) => apiGroups),
        resources: list(({ resources }) => resources),
        resourceNames: list(({ resourceNames }) => resourceNames),
        nonResourceURLs: list(({ nonResourceURLs }) => nonResourceURLs),
      };
    })
    .toSorted((a, b) =>
      JSON.stringify([a.apiGroups, a.resources, a.resourceNames]) <
      JSON.stringify([b.apiGroups, b.resources, b.resourceNames])
        ? -1
        : 1,
    );
}
