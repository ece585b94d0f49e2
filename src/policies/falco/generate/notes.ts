/** What a reader must know beside what each activity says of itself. */
import type { Baseline, Claim } from '#baseline/baseline.ts';
import { ofType } from './activities.ts';

export function notesOf({ instances, coverage }: Baseline, claims: readonly Claim[]): string[] {
  const notes: string[] = [];
  const say = (condition: boolean, note: string): void => void (condition ? notes.push(note) : undefined);
  const late = instances.filter(({ fromStart }) => !fromStart).length;
  say(
    late > 0,
    `${late} of ${instances.length} recordings began after the program's start: the next start may be told of`,
  );
  const files = ofType(claims, 'file');
  say(
    files.length > 0,
    'Falco compares file names as the program wrote them, a recording has where they lead: names through links of the image may be told of, but for those that every container has (/var/run, /proc/self, mounted secrets)',
  );
  const lost = files.filter(({ resolution }) => resolution === 'cut').length;
  say(lost > 0, `${lost} accesses to paths that were too long made no exception`);
  const uses = ofType(claims, 'capability').length;
  say(
    uses > 0,
    'Falco has no event for the use of a capability: the calls that need one are watched instead (privileged calls)',
  );
  const gaps = new Set(
    coverage.flatMap(({ sensor, gaps: each }) => (sensor === 'usage' || sensor === 'dns' ? [] : each)),
  );
  notes.push(...[...gaps].toSorted());
  return notes;
}
