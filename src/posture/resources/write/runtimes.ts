/**
 * What a container's own settings say against its limits: heaps that may grow past them, threads that they make wait. Read
 * where the runtimes read it, in `env`, `command` and `args` of the manifest; an image's name is no evidence of a runtime.
 */
import { json, list, text } from '#kubernetes/json.ts';
import { bytesText, coresText, mebibyte } from '../quantity.ts';
import { containersOf } from '../subject.ts';

interface Setting {
  /** `JAVA_TOOL_OPTIONS`, or `its arguments`. */
  readonly where: string;
  readonly value: string;
}

/** Of the pod as advised. */
export function runtimeNotes(pod: unknown): string[] {
  const spec = json(json(pod)['spec']);
  return containersOf(pod).flatMap(({ name, path: [, field, index], current }) => {
    const settings = settingsOf(json(list(spec[field])[index]));
    return [
      ...settings.flatMap((each) => memoryNotes(each, current.memory.limit)),
      ...settings.flatMap((each) => cpuNotes(each, current.cpu.limit)),
    ].map((note) => `${name}: ${note}`);
  });
}

/** Values that come from elsewhere are not known. */
function settingsOf(container: Readonly<Record<string, unknown>>): Setting[] {
  const env = list(container['env']).flatMap((each): Setting[] => {
    const [where, value] = [text(json(each)['name']), text(json(each)['value'])];
    return where === null || value === null ? [] : [{ where, value }];
  });
  const args = [...list(container['command']), ...list(container['args'])].filter((each) => typeof each === 'string');
  return args.length === 0 ? env : [...env, { where: 'its arguments', value: args.join(' ') }];
}

/** Of these the JVM, its launcher and scripts of images make arguments. */
const java = /^(JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|JAVA_OPTS|its arguments)$/;
const node = /^(NODE_OPTIONS|its arguments)$/;
const sizes: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: mebibyte, g: 2 ** 30, t: 2 ** 40 };

/** In bytes; of what is said twice the last counts, as it does to the runtimes. */
function heapOf({ where, value }: Setting): { readonly flag: string; readonly bytes: number } | null {
  if (java.test(where)) {
    const found = [...value.matchAll(/(?:^|\s)((?:-Xmx|-XX:MaxHeapSize=)(\d+)([kmgt]?))(?=\s|$)/gi)].at(-1);
    if (found !== undefined)
      return { flag: found[1] ?? '', bytes: Number(found[2]) * (sizes[(found[3] ?? '').toLowerCase()] ?? 1) };
  }
  if (node.test(where)) {
    const found = [...value.matchAll(/(?:^|\s)(--max[-_]old[-_]space[-_]size[= ](\d+))(?=\s|$)/g)].at(-1);
    if (found !== undefined) return { flag: found[1] ?? '', bytes: Number(found[2]) * mebibyte };
  }
  const [, digits, unit] = where === 'GOMEMLIMIT' ? (/^(\d+)(?:([KMGT])i)?B?$/.exec(value) ?? []) : [];
  return digits === undefined
    ? null
    : { flag: value, bytes: Number(digits) * (sizes[(unit ?? '').toLowerCase()] ?? 1) };
}

function memoryNotes(setting: Setting, limit: number | null): string[] {
  if (limit === null) return [];
  const { where, value } = setting;
  const heap = heapOf(setting);
  if (heap !== null)
    return heap.bytes < limit
      ? []
      : [
          `${heap.flag} of ${where} lets its heap grow to ${bytesText(heap.bytes)}, which the memory limit of ${bytesText(limit)} does not hold: it is killed before it collects`,
        ];
  const share = java.test(where) ? /(?:^|\s)-XX:MaxRAMPercentage=(\d+(?:\.\d+)?)(?=\s|$)/.exec(value)?.[1] : undefined;
  return share === undefined
    ? []
    : [
        `by MaxRAMPercentage=${share} of ${where} its heap follows the memory limit: ${bytesText((limit * Number(share)) / 100)} of ${bytesText(limit)}`,
      ];
}

function cpuNotes({ where, value }: Setting, limit: number | null): string[] {
  const threads = where === 'GOMAXPROCS' && /^\d+$/.test(value) ? Number(value) : 0;
  return limit === null || threads <= Math.ceil(limit)
    ? []
    : [
        `GOMAXPROCS=${value} runs more at once than the CPU limit of ${coresText(limit)}: it waits for the rest of each period`,
      ];
}
