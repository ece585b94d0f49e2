/** Files opened, mapped, executed and changed, and attempts that failed (bpf/files.bpf.c). */
import type { FileAccess, ObservationOf } from '#observation/observation.ts';
import { decodeText } from '#observation/text.ts';
import * as kernel from '../layouts.gen.ts';
import { interpreterOf } from './interpreter.ts';
import { headerBytes, Payload, walkedPath } from './programs.ts';
import { resolve } from './resolve.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { Tally, type Tallied } from './tally.ts';

type File = ObservationOf<'file'>;
type Failed = ObservationOf<'file-failed'>;

/** Distinct facts that are kept; more are counted as lost. */
const maxFacts = 500_000;
const maxFailures = 20_000;

export const files: SensorKind = { sensor: 'files', attach };

const accesses: readonly (readonly [bit: number, access: FileAccess])[] = [
  [kernel.ACCESS_READ, 'read'],
  [kernel.ACCESS_WRITE, 'write'],
  [kernel.ACCESS_APPEND, 'append'],
  [kernel.ACCESS_CREATE, 'create'],
  [kernel.ACCESS_TRUNCATE, 'truncate'],
  [kernel.ACCESS_LIST, 'list'],
  [kernel.ACCESS_MAP_EXECUTABLE, 'map-executable'],
  [kernel.ACCESS_EXECUTE, 'execute'],
  [kernel.ACCESS_CHMOD, 'chmod'],
  [kernel.ACCESS_CHOWN, 'chown'],
];
/** For the first name, and for the second where there is one. */
const operations: Readonly<Record<number, readonly [first: readonly FileAccess[], second?: readonly FileAccess[]]>> = {
  [kernel.FILE_MKDIR]: [['mkdir']],
  [kernel.FILE_RMDIR]: [['rmdir']],
  [kernel.FILE_UNLINK]: [['unlink']],
  [kernel.FILE_RENAME]: [['rename-from'], ['rename-to']],
  [kernel.FILE_RENAME_TO]: [['rename-to']],
  [kernel.FILE_LINK]: [['link-from'], ['link-to']],
  [kernel.FILE_LINK_TO]: [['link-to']],
  [kernel.FILE_SYMLINK]: [['symlink']],
  [kernel.FILE_MKNOD]: [['mknod']],
  [kernel.FILE_CHMOD]: [['chmod']],
  [kernel.FILE_CHOWN]: [['chown']],
  [kernel.FILE_TRUNCATE]: [['truncate']],
  [kernel.FILE_MOUNT]: [['mount']],
  [kernel.FILE_UNMOUNT]: [['unmount']],
  [kernel.FILE_SCRIPT]: [['execute', 'read']],
};
const kindByMode: Readonly<Record<number, File['kind']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
  0o140000: 'socket',
  0o010000: 'fifo',
  0o020000: 'char',
  0o060000: 'block',
};

function attach(context: SensorContext): AttachedSensor {
  const object = context.open('files').load();
  const facts = new Tally<Omit<File, 'seen' | 'program'> & { program: bigint }>(maxFacts);
  const failures = new Tally<Omit<Failed, 'seen' | 'program'> & { program: bigint }>(maxFailures);

  const byKey = new Map<string, Tallied<object>[]>();
  const seen = object.map('files');

  function take(sample: DataView): void {
    const event = kernel.readFileEvent(sample, 0);
    const key = kernel.readFileKey(sample, 0);
    const container = context.containerOf(key.subject);
    if (container === null) return;
    const text = new Payload(sample, headerBytes);
    const place = walkedPath(text.take(event.pathBytes), event.pathFlags);
    const [first, second] = [event.firstBytes, event.secondBytes].map((bytes) =>
      decodeText(text.take(bytes).subarray(0, -1)),
    );
    const at = context.time(event.time);
    const common = { container, phase: context.phase(key.phase), program: key.program };
    const placed = placeOf(event.pathFlags);

    if (key.operation === kernel.FILE_OPEN_FAILED) {
      failures.add({ type: 'file-failed', ...common, path: joined(place, first ?? ''), errno: key.error }, at);
      return;
    }
    if (key.operation === kernel.FILE_BY_HANDLE) {
      const kind = kindByMode[event.mode & 0o170000] ?? 'unknown';
      // Sockets, pipes and other nameless things are no files; a memfd, detached as it is, may be executed.
      if (placed === 'detached' && kind !== 'file') return;
      for (const [bit, access] of accesses) {
        if (key.access & bit)
          keep(
            sample,
            facts.add(
              { type: 'file', ...common, path: place, access, resolution: placed, kind, owner: event.owner === 1 },
              at,
            ),
          );
      }
      if (key.access & kernel.ACCESS_EXECUTE && placed === 'exact') linker(event.pid, key.subject, place, common, at);
      return;
    }
    const [ofFirst = [], ofSecond = []] = operations[key.operation] ?? [];
    for (const [name, wanted] of [
      [first, ofFirst],
      [second, ofSecond],
    ] as const) {
      if (name === undefined || wanted.length === 0 || name === '') continue;
      const { path, resolution } = located(
        context.rootOf(key.subject, event.pid),
        place,
        name,
        event.follows === 1,
        placed,
      );
      for (const access of wanted)
        keep(
          sample,
          facts.add({ type: 'file', ...common, path, access, resolution, kind: 'unknown', owner: null }, at),
        );
    }
  }

  /** The kernel counts repeats by its own key: remembers which facts that key stands for. */
  function keep(sample: DataView, fact: Tallied<object> | null): void {
    if (fact === null) return;
    const key = keyText(sample);
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [fact]);
    else if (!same.includes(fact)) same.push(fact);
  }

  function countRepeats(): void {
    for (const fact of facts.tallied()) fact.repeated = 0;
    for (const { key, value } of seen.entries()) {
      const { last, count } = kernel.readSighting(value, 0);
      for (const fact of byKey.get(keyText(key)) ?? []) {
        fact.repeated += Number(count) - 1;
        fact.last = Math.max(fact.last, context.time(last));
      }
    }
  }

  /** The kernel reads and maps it before the program's first instruction. */
  function linker(
    pid: number,
    subject: number,
    executable: string,
    common: { container: string; phase: File['phase']; program: bigint },
    at: number,
  ): void {
    const root = context.rootOf(subject, pid);
    const name = root === null ? null : interpreterOf(root, executable);
    if (root === null || name === null) return;
    const { path, resolution } = located(root, '/', name, true, 'exact');
    for (const access of ['read', 'map-executable'] as const)
      facts.add({ type: 'file', ...common, path, access, resolution, kind: 'file', owner: null }, at);
  }

  const rings = [object.ring('file_events', take), object.ring('failure_events', take)];
  for (const name of object.programs().keys()) object.attach(name);
  const drain = (): void => {
    for (const ring of rings) ring.drain();
  };
  return {
    sensor: 'files',
    hook: [...new Set(object.programs().values())].join(', '),
    drain,
    collect() {
      drain();
      countRepeats();
      const named = <F extends { program: bigint }>(fact: F) => ({ ...fact, program: context.programOf(fact.program) });
      return [...facts.facts().map(named), ...failures.facts().map(named)];
    },
    lost: () => Number(object.counts().lost) + facts.lost,
    gaps() {
      const found = ['files of 32-bit programs are seen only when they are executed or mapped'];
      if (object.counts().uncertain > 0n) found.push('io_uring was used: files opened through it are not seen');
      if (failures.lost > 0) found.push('not all failed opens were kept');
      return found.toSorted();
    },
    close() {
      drain();
      object.detach();
    },
  };
}

/** The bytes of the key at the beginning of a map's entry or an event. */
function keyText(view: DataView): string {
  return Buffer.from(view.buffer, view.byteOffset, kernel.sizeOfFileKey).toString('latin1');
}

function placeOf(flags: number): File['resolution'] {
  if (flags & kernel.PATH_CUT) return 'cut';
  return flags & kernel.PATH_DETACHED ? 'detached' : 'exact';
}

function located(
  root: string | null,
  folder: string,
  name: string,
  follows: boolean,
  placed: File['resolution'],
): Pick<File, 'path' | 'resolution'> {
  // A plain name in a folder that the kernel named: nothing is left to follow.
  if (!follows && !/\/|^\.\.?$/.test(name)) return { path: joined(folder, name), resolution: placed };
  if (placed !== 'exact' && !name.startsWith('/')) return { path: joined(folder, name), resolution: placed };
  const path = root === null ? null : resolve(root, folder, name, follows);
  return path === null
    ? { path: joined(folder, name), resolution: 'literal' }
    : { path, resolution: placed === 'cut' ? 'cut' : 'exact' };
}

function joined(folder: string, name: string): string {
  return name.startsWith('/') ? name : `${folder === '/' ? '' : folder}/${name}`;
}
