/** Recordings in files: plain, gzip or zstd, told apart by their first bytes; `-` is standard input or output. */
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { readRecordings as recordingsIn, RecordingError } from '#observation/reading.ts';
import type { Line, Recording } from '#observation/recording.ts';
import { writeRecording } from '#observation/writing.ts';
import { Failure, systemReason } from './failure.ts';
import { writeAtomically } from './output-files.ts';
import { standardInput } from './standard-input.ts';

/** A real nginx, for where nothing can be recorded. As deep below the root as build/bundle/, where this may run from. */
export const bundledRecording = fileURLToPath(new URL('../../recordings/nginx.jsonl.zst', import.meta.url));

export async function readRecordings(files: readonly string[]): Promise<Recording[]> {
  if (files.length === 0)
    throw new Failure('no recording given; name one with --from FILE (kguardian record makes one)');
  return (await Promise.all(files.map(readRecordingFile))).flat();
}

async function readRecordingFile(file: string): Promise<Recording[]> {
  try {
    const input: Readable = file === '-' ? standardInput() : createReadStream(file);
    return await Array.fromAsync(recordingsIn(textLines(unpacked(input))));
  } catch (error) {
    if (error instanceof RecordingError)
      throw new Failure(`cannot read ${JSON.stringify(file)}: ${error.message}`, 2, error);
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
}

/** Decompresses where the first bytes say so. A cut compressed file gives what came before the cut. */
async function* unpacked(input: Readable): AsyncGenerator<Buffer> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  const unpack = decompressor(head);
  if (unpack === null) {
    yield* rest();
    return;
  }
  const copied = pipeline(Readable.from(rest()), unpack);
  // The error also reaches the loop below; unhandled here it would end the process.
  copied.catch(() => undefined);
  try {
    for await (const chunk of unpack) yield chunk as Buffer;
  } catch (error) {
    // The reader sees that the end line is missing.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'Z_BUF_ERROR' && code !== 'ZSTD_error_srcSize_wrong') throw error;
  }
}

function decompressor(head: Buffer): Transform | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip();
  return head.length >= 4 && head.readUInt32LE() === 0xfd2fb528 ? createZstdDecompress() : null;
}

/** Lines without their ends. One that grows past any recording's is handed on, to be refused. */
async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  for await (const chunk of chunks) {
    const parts = (open + decoder.decode(chunk, { stream: true })).split('\n');
    open = parts.pop() ?? '';
    yield* parts;
    if (open.length > 1 << 21) yield open;
  }
  if (open !== '') yield open;
}

/** Compressed as the name ends: `.gz`, `.zst`, or not at all. */
export async function writeRecordingFile(file: string, lines: readonly Line[]): Promise<void> {
  const text = `${writeRecording(lines).join('\n')}\n`;
  if (file === '-') {
    process.stdout.write(text);
    return;
  }
  await writeAtomically(
    file,
    file.endsWith('.zst') ? zstdCompressSync(text) : file.endsWith('.gz') ? gzipSync(text) : text,
  );
}
