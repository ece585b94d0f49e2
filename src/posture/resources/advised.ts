/** A workload's usage with what its objects say of it → what is advised. */
import { type Objects, known } from './objects.ts';
import type { Options } from './options.ts';
import { recommend } from './recommend/recommend.ts';
import type { Measured } from './sources/recordings.ts';
import { containersOf, type Subject } from './subject.ts';

/** `isWanted`: by the container's name. */
export function advised(
  { id, workload, name, containers }: Measured,
  objects: Objects,
  options: Options,
  isWanted: (container: string) => boolean = () => true,
): Subject {
  const named = { namespace: workload?.namespace ?? null, kind: workload?.kind ?? null, name };
  const own = known(objects, named);
  const current = new Map(containersOf(own.source?.pod).map((each) => [each.name, each.current]));
  const advice = containers
    .filter((usage) => isWanted(usage.name))
    .map((usage) => recommend({ ...usage, current: usage.current ?? current.get(usage.name) ?? null }, options));
  return { id, ...named, ...own, advice };
}
