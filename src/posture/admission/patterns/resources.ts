/** Requests, limits, their ratio, probes, replicas. */
import { json, whole } from '#kubernetes/json.ts';
import { type Candidate, type Pattern, within } from '../candidate.ts';
import { cel } from '../rule/cel.ts';
import { targets } from '../rule/rule.ts';
import type { Manifest } from '../subjects.ts';
import { containersOf, mapIn, ofContainers } from './pods.ts';
import { amountOf } from '../../resources/quantity.ts';

const resource = (container: Manifest, part: 'requests' | 'limits', name: string): unknown =>
  json(json(container['resources'])[part])[name] ?? null;

function isSet(name: 'cpu' | 'memory', part: 'requests' | 'limits'): Candidate {
  const own = cel`c.?resources.?${{ cel: part }}.?${{ cel: name }}.hasValue()`;
  return ofContainers({
    id: `${name}-${part}`,
    which: 'ownContainers',
    targets: targets.sized,
    // A limit alone is a request, too: the API server makes it one.
    holds: part === 'limits' ? own : cel`${own} || c.?resources.?limits.?${{ cel: name }}.hasValue()`,
    message: `each container must have resources.${part}.${name}`,
    passes: (container) =>
      resource(container, part, name) !== null || (part === 'requests' && resource(container, 'limits', name) !== null),
    spoil: (container) => (container['resources'] = {}),
  });
}

/** Limit by request; 1 where only the limit is there, null where there is no limit, or what is there is no quantity. */
function ratioOf(container: Manifest, name: string): number | null {
  const limit = resource(container, 'limits', name);
  if (limit === null) return null;
  const [most, least] = [amountOf(limit), amountOf(resource(container, 'requests', name) ?? limit)];
  return most === null || least === null || least <= 0 ? null : most / least;
}

/** Room for how two numbers are rounded; a limit of twice the request is no more than twice it. */
const slack = 1.000_001;

function ratio(name: 'cpu' | 'memory'): Pattern {
  return (groups) => {
    const seen = groups
      .flatMap(({ objects }) => objects.flatMap(({ object }) => containersOf(object, 'ownContainers')))
      .flatMap((container) => ratioOf(container, name) ?? [])
      .toSorted((a, b) => a - b);
    // One container with a limit of a hundred times its request is not what the others do.
    const usual = seen[Math.ceil(seen.length * 0.95) - 1];
    if (usual === undefined) return [];
    const most = Math.ceil(usual * 2 - 1e-9) / 2;
    const part = { cel: name };
    const limit = cel`quantity(string(c.resources.limits.${part})).asApproximateFloat()`;
    const request = cel`quantity(string(c.resources.?requests.?${part}.orValue(c.resources.limits.${part}))).asApproximateFloat()`;
    const bound = { cel: (most * slack).toFixed(6) };
    return [
      ofContainers({
        id: `${name}-limit-ratio`,
        which: 'ownContainers',
        targets: targets.sized,
        holds: cel`!c.?resources.?limits.?${part}.hasValue() || (${request} > 0.0 && ${limit} <= ${request} * ${bound})`,
        message: `the ${name} limit must be at most ${most} times the request`,
        widening: 'up to the next half above what 95 % of the containers have',
        concerns: (container) => resource(container, 'limits', name) !== null,
        passes: (container) => {
          if (resource(container, 'limits', name) === null) return true;
          const own = ratioOf(container, name);
          return own !== null && own <= Number(bound.cel);
        },
        spoil: (container) =>
          (container['resources'] = { requests: { [name]: '1' }, limits: { [name]: String(Math.ceil(most) * 2) } }),
      }),
    ];
  };
}

function probe(field: 'livenessProbe' | 'readinessProbe', id: string): Candidate {
  return ofContainers({
    id,
    which: 'main',
    targets: targets.serving,
    holds: cel`has(c.${{ cel: field }})`,
    message: `each container must have a ${field}`,
    passes: (container) => container[field] !== undefined && container[field] !== null,
    spoil: (container) => delete container[field],
  });
}

export const requests: readonly Pattern[] = [
  () => (['cpu', 'memory'] as const).flatMap((name) => [isSet(name, 'requests'), isSet(name, 'limits')]),
  ratio('cpu'),
  ratio('memory'),
];

export const probes: Pattern = () => [
  probe('readinessProbe', 'readiness-probes'),
  probe('livenessProbe', 'liveness-probes'),
];

const replicasOf = (object: Manifest): number => whole(json(object['spec'])['replicas']) ?? 1;

export const replicas: Pattern = (groups) => {
  const seen = within(groups, targets.replicated).flatMap(({ objects }) =>
    objects.map(({ object }) => replicasOf(object)),
  );
  if (seen.length === 0) return [];
  const most = Math.max(...seen) * 2;
  const value = cel`object.?spec.?replicas.orValue(1)`;
  const one = { targets: targets.replicated, reads: [{ path: ['spec', 'replicas'] }] } as const;
  return [
    {
      ...one,
      id: 'replicas-least',
      // Scaled to nothing is out of use.
      holds: cel`${value} == 0 || ${value} >= 2`,
      message: 'there must be at least 2 replicas',
      widening: 'none at all',
      passes: (object) => replicasOf(object) !== 1,
      spoil: (object) => (mapIn(object, 'spec')['replicas'] = 1),
    },
    {
      ...one,
      id: 'replicas-most',
      holds: cel`${value} <= ${most}`,
      message: `there must be at most ${most} replicas`,
      widening: 'twice as many as the greatest number that is there',
      passes: (object) => replicasOf(object) <= most,
      spoil: (object) => (mapIn(object, 'spec')['replicas'] = most + 1),
    },
  ];
};
