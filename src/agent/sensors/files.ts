/** Files opened, mapped, executed and changed, and opens that failed (bpf/files.bpf.c). */
import type { FileAccess, ObservationOf } from '#observation/observation.ts';
import { decodeText } from '#observation/text.ts';
import * as kernel from '../layouts.gen.ts';
import { accessesOf, kindAfter, kindOf, operations } from './file-access.ts';
import { Payload, walkedPath } from './programs.ts';
import { FoldersOf, type Folders, Renewal, Repeats } from './file-memory.ts';
import { joined, resolve } from './resolve.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { Tally } from './tally.ts';

type File = ObservationOf<'file'>;
type Failed = ObservationOf<'file-failed'>;
type Place = Pick<File, 'path' | 'resolution'>;
/** Programs are named when facts are collected: only then are all known. Until then, the number in digits. */
type Unnamed<Fact> = Omit<Fact, 'seen' | 'program' | 'container'> & { program: string };

/** Distinct facts that are kept; more are counted as lost. */
const maxFacts = 500_000;
const maxFailures = 20_000;

export const files: SensorKind = { sensor: 'files', attach };

function attach(context: SensorContext): AttachedSensor {
  const object = context.open('files').load();
  const facts = new Tally<Unnamed<File>>(maxFacts);
  const failures = new Tally<Unnamed<Failed>>(maxFailures);
  const foldersOf = new FoldersOf(context);
  const repeats = new Repeats(maxFacts);
  const seen = object.map('files');
  const renewal = new Renewal(context, seen);

  /** A file that was open: the kernel walked its path. */
  function takeHandle(event: Event, sample: DataView): void {
    const { place, at, common, subject } = event;
    const kind = kindOf(event.mode);
    // Sockets, pipes and other nameless things are no files; a memfd, nameless as it is, may be executed.
    if (place.resolution === 'detached' && kind !== 'file') return;
    if (place.resolution === 'exact') foldersOf.subject(subject).above(place.path);
    for (const access of accessesOf(event.key.access)) {
      const fact: Unnamed<File> = { type: 'file', ...common, ...place, access, kind, owner: event.owner === 1 };
      const tallied = facts.add(subject, fact, at);
      if (context.keeps) repeats.keep(sample, tallied);
    }
  }

  /** One or two names, relative to a folder. */
  function takeNames(event: Event, sample: DataView): void {
    const { at, common, subject } = event;
    const root = context.rootOf(subject, event.pid);
    const folders = foldersOf.subject(subject);
    const [onFirst, onSecond] = operations[event.key.operation] ?? [[]];
    const add = (name: string, access: FileAccess, follows: boolean): void => {
      const place = located(root, event.place, name, follows, folders);
      if (place.resolution === 'exact' && access === 'mkdir') folders.above(`${place.path}/`);
      const fact: Unnamed<File> = {
        type: 'file',
        ...common,
        ...place,
        access,
        kind: kindAfter(event.key.operation, access),
        owner: null,
      };
      const tallied = facts.add(subject, fact, at);
      if (context.keeps) repeats.keep(sample, tallied);
    };
    for (const access of onFirst) add(event.first, access, event.key.follows === 1);
    if (onSecond !== undefined && event.second !== '') add(event.second, onSecond, false);
  }

  function takeFailure(sample: DataView): void {
    const event = readEvent(context, sample);
    if (event === null) return;
    const path = joined(event.place.path, event.first);
    failures.add(event.subject, { type: 'file-failed', ...event.common, path, errno: event.key.error }, event.at);
  }

  function take(sample: DataView): void {
    const event = readEvent(context, sample);
    if (event === null) return;
    if (event.key.operation === kernel.FILE_BY_HANDLE) takeHandle(event, sample);
    else takeNames(event, sample);
  }

  const rings = [object.ring('file_events', take), object.ring('failure_events', takeFailure)];
  for (const name of object.programs().keys()) object.attach(name);
  const drain = (): boolean => rings.map((ring) => ring.drain()).includes(true);
  return {
    sensor: 'files',
    hook: [...new Set(object.programs().values())].join(', '),
    drain,
    collect(sift) {
      drain();
      if (context.keeps) {
        for (const fact of facts.tallied()) fact.repeated = 0;
        repeats.count(context, seen.entries());
      } else {
        renewal.renewOldest();
        foldersOf.sweep();
      }
      const named = <Fact extends { program: string }>(fact: Fact, subject: number) => ({
        ...fact,
        program: context.programOf(subject, BigInt(fact.program)),
      });
      return [...facts.take(context, sift, named), ...failures.take(context, sift, named)];
    },
    lost: () => Number(object.counts().lost) + facts.lost,
    gaps() {
      const found: string[] = [];
      if (object.counts().uncertain > 0n) found.push('io_uring was used: files opened through it are not seen');
      if (object.counts().foreign > 0n) found.push('32-bit programs ran: their files are seen only when executed');
      if (failures.lost > 0) found.push('not all failed opens were kept');
      return found.toSorted();
    },
    // The other maps are caches: what they evict is told again.
    maps: () => [],
    close() {
      drain();
      object.detach();
    },
  };
}

type Event = NonNullable<ReturnType<typeof readEvent>>;

function readEvent(context: SensorContext, sample: DataView) {
  const event = kernel.readFileEvent(sample, 0);
  const key = kernel.readFileKey(sample, kernel.keyInFileEvent);
  if (context.gone(key.subject)) return null;
  const text = new Payload(sample, kernel.HEADER_BYTES);
  const path = walkedPath(text.take(event.pathBytes), event.pathFlags);
  const [first = '', second = ''] = [event.firstBytes, event.secondBytes].map((bytes) =>
    decodeText(text.take(bytes).subarray(0, -1)),
  );
  const place: Place = { path, resolution: resolutionOf(event.pathFlags) };
  const common = { phase: context.phase(key.phase), program: String(key.program) };
  return { ...event, key, subject: key.subject, place, first, second, common, at: context.time(event.time) };
}

function resolutionOf(flags: number): File['resolution'] {
  if (flags & kernel.PATH_CUT) return 'cut';
  return flags & kernel.PATH_DETACHED ? 'detached' : 'exact';
}

function located(root: string | null, folder: Place, name: string, follows: boolean, folders: Folders): Place {
  // AT_EMPTY_PATH: the handle itself.
  if (name === '') return folder;
  const literal = joined(folder.path, name);
  // A plain name in a folder that the kernel named: nothing is left to follow.
  if (!follows && !/\/|^\.\.?$/.test(name)) return { path: literal, resolution: folder.resolution };
  if (folder.resolution !== 'exact' && !name.startsWith('/')) return { path: literal, resolution: folder.resolution };
  const path = root === null ? null : resolve(root, folder.path, name, follows, folders.known);
  return path === null ? { path: literal, resolution: 'literal' } : { path, resolution: 'exact' };
}
