/** Which source of usage is meant by `--series`, `--from` and `--metrics`, and which workload. */
import { open } from 'node:fs/promises';
import type { SelectionFlags } from '../cluster/flags.ts';
import { Failure } from '../failure.ts';

export interface SourceChoice extends SelectionFlags {
  readonly series?: readonly string[];
  readonly from?: readonly string[];
  readonly metrics: readonly string[];
}

export type Source =
  | { readonly type: 'series'; readonly files: readonly string[] }
  | { readonly type: 'recordings'; readonly files: readonly string[] }
  | { readonly type: 'agent' }
  | { readonly type: 'metrics-server' }
  | { readonly type: 'prometheus'; readonly url: string };

export interface Chosen {
  readonly source: Source;
  readonly name: string | undefined;
}

/** `--metrics prometheus URL` takes two words; one behind them, where a name was left out before, is the name. */
export async function sourceOf(given: string | undefined, flags: SourceChoice): Promise<Chosen> {
  const chosen = await chosenSource(given, flags);
  const { type } = chosen.source;
  const others = (['selector', 'release', 'since'] as const).filter((flag) => flags[flag] !== undefined);
  if (type !== 'agent' && type !== 'recordings' && others.length > 0)
    throw new Failure(
      `--${others.join(', --')} is for what our agents sampled; name the workload, or --observation-period`,
    );
  return chosen;
}

async function chosenSource(given: string | undefined, flags: SourceChoice): Promise<Chosen> {
  const several = [flags.series, flags.from, flags.metrics[0] === 'agent' ? undefined : flags.metrics];
  if (several.filter((each) => each !== undefined).length > 1)
    throw new Failure('usage comes from one of --series, --from and --metrics');
  if (flags.series !== undefined && flags.series.filter((file) => file === '-').length > 1)
    throw new Failure('standard input can be read once');
  if (flags.series !== undefined) return { source: { type: 'series', files: flags.series }, name: given };
  if (flags.from !== undefined) return { source: { type: 'recordings', files: flags.from }, name: given };
  const [first = 'agent', ...rest] = flags.metrics;
  const words = first === 'prometheus' ? rest.slice(1) : rest;
  const [behind, ...tooMany] = words;
  if (tooMany.length > 0 || (behind !== undefined && given !== undefined))
    throw new Failure('--metrics takes one source, and one name may stand behind it');
  const name = given ?? behind;
  if (first === 'agent' || first === 'metrics-server') return { source: { type: first }, name };
  const url = first === 'prometheus' ? rest[0] : first;
  if (url === undefined) throw new Failure('--metrics prometheus takes its URL behind it, http://prometheus:9090');
  if (/^https?:\/\//.test(url)) return { source: { type: 'prometheus', url }, name };
  if (first === 'prometheus') throw new Failure('--metrics prometheus takes an http or https URL behind it');
  return { source: { type: (await isRecording(first)) ? 'recordings' : 'series', files: [first] }, name };
}

async function isRecording(file: string): Promise<boolean> {
  if (file === '-') return false;
  try {
    const handle = await open(file);
    try {
      const head = Buffer.alloc(4096);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      const packed = head.readUInt32LE() === 0xfd2fb528 || head.readUInt16BE() === 0x1f8b;
      return packed || /^\{[^\n]*"type":"recording"/.test(head.toString('utf8', 0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch {
    // Whoever reads it says what is wrong.
    return false;
  }
}
