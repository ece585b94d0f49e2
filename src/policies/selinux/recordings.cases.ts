/** The real recordings of `recordings/`, for tests. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';

export async function realRecordings(): Promise<{ name: string; recording: Recording }[]> {
  return Promise.all(
    ['nginx', 'pipeline', 'python'].map(async (name) => {
      const file = fileURLToPath(new URL(`../../../recordings/${name}.jsonl.zst`, import.meta.url));
      const lines = zstdDecompressSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
      return { name, recording: await readRecording(lines) };
    }),
  );
}
