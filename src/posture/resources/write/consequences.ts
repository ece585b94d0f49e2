/** What follows from applying advice, besides what its figures say: sentences without a full stop. */
import { json, list, text } from '#kubernetes/json.ts';
import { bytesText, coresText } from '../quantity.ts';
import { containersOf, type Subject } from '../subject.ts';
import { runtimeNotes } from './runtimes.ts';
import { advisedPod, type ResourceName, resourceNames } from './requirements.ts';

/** Nothing where the workload's object is not known. */
export function consequences({ source, advice, replicas }: Subject): string[] {
  if (source === null) return [];
  const [before, after] = [source.pod, advisedPod(source.pod, advice)];
  if (before === after) return ['nothing changes', ...runtimeNotes(after)];
  return [
    ...requestsNote(before, after, replicas),
    ...qosNote(before, after),
    ...resizeNotes(
      after,
      advice.map(({ name }) => name),
    ),
    ...runtimeNotes(after),
  ];
}

/** Null: some container requests nothing, so that the sum is none. */
function requested(pod: unknown, resource: ResourceName): number | null {
  return containersOf(pod)
    .filter(({ path }) => path[1] === 'containers')
    .reduce<number | null>((sum, { current }) => {
      const { request } = current[resource];
      return sum === null || request === null ? null : sum + request;
    }, 0);
}

function requestsNote(before: unknown, after: unknown, replicas: number | null): string[] {
  const parts = resourceNames.flatMap((resource) => {
    const [now, then] = [requested(before, resource), requested(after, resource)];
    if (now === null || then === null || now === then) return [];
    const amount = Math.abs(then - now) * (replicas ?? 1);
    const written = resource === 'cpu' ? coresText(amount) : `${bytesText(amount)} of memory`;
    return [`${written} ${then < now ? 'less' : 'more'}`];
  });
  if (parts.length === 0) return [];
  return [
    `${parts.join(' and ')} ${replicas === null ? 'a replica is' : `for ${replicas} replicas ${replicas === 1 ? 'is' : 'are'}`} requested than now`,
  ];
}

/** By the kubelet's rule: Guaranteed where every container has limits of both that its requests equal. */
function qosClass(pod: unknown): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const all = containersOf(pod).flatMap(({ current }) => resourceNames.map((resource) => current[resource]));
  if (all.every(({ request, limit }) => request === null && limit === null)) return 'BestEffort';
  return all.every(({ request, limit }) => limit !== null && request === limit) ? 'Guaranteed' : 'Burstable';
}

function qosNote(before: unknown, after: unknown): string[] {
  const [now, then] = [qosClass(before), qosClass(after)];
  if (now === then) return [];
  const why =
    now === 'Guaranteed'
      ? ': when a node runs out of memory it is killed before those that are (--strategy guaranteed keeps it)'
      : '';
  return [`the pod's QoS class changes from ${now} to ${then}${why}`];
}

/** In-place resize restarts a container whose policy says so. */
function resizeNotes(pod: unknown, advised: readonly string[]): string[] {
  const spec = json(json(pod)['spec']);
  return ['containers', 'initContainers'].flatMap((field) =>
    list(spec[field]).flatMap((each) => {
      const { name, resizePolicy } = json(each);
      const called = text(name) ?? '';
      const restarts = list(resizePolicy)
        .filter((policy) => json(policy)['restartPolicy'] === 'RestartContainer')
        .flatMap((policy) => text(json(policy)['resourceName']) ?? []);
      return restarts.length === 0 || !advised.includes(called)
        ? []
        : [`a resize in place restarts ${called}: its resizePolicy says so for ${restarts.join(' and ')}`];
    }),
  );
}
