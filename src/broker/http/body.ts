/** The body of an upload → recordings. Compressed or not; nothing grows beyond the limits before it is refused. */
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { readRecording, RecordingError } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { columnText } from '../storage/keys.ts';
import { Refusal } from '../access/refusal.ts';

/** As sent, and after decompression. */
export const maxBodyBytes = 8 << 20;
export const maxTextBytes = 32 << 20;
/** Kubernetes allows 253; an index of PostgreSQL holds some of these side by side. */
const maxNameBytes = 253;

const unzip = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) };

export async function recordingIn(body: Buffer): Promise<Recording> {
  const text = textOf(await unpacked(body));
  let recording: Recording;
  try {
    recording = await readRecording(text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n'));
  } catch (error) {
    if (error instanceof RecordingError) throw new Refusal(400, error.message, error);
    throw error;
  }
  if (recording.end === null) throw new Refusal(400, 'the recording was cut before its end line; send it whole');
  for (const { id, workload, name, pod } of recording.containers) {
    const names = {
      id,
      workload,
      name,
      ...(pod && { cluster: pod.cluster, namespace: pod.namespace, kind: pod.kind, uid: pod.uid }),
    };
    for (const [field, value] of Object.entries(names)) {
      if (Buffer.byteLength(columnText(value)) > maxNameBytes) {
        throw new Refusal(400, `a container's ${field} is longer than ${maxNameBytes} bytes`);
      }
    }
  }
  return recording;
}

/** Told apart by the first bytes, as files are. */
async function unpacked(body: Buffer): Promise<Buffer> {
  const method = compression(body);
  if (method === null) return body;
  try {
    return await unzip[method](body, { maxOutputLength: maxTextBytes });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new Refusal(413, `the body is larger than ${maxTextBytes} bytes when decompressed`);
    throw new Refusal(400, `the body is no whole ${method}`, error);
  }
}

function compression(body: Buffer): keyof typeof unzip | null {
  if (body[0] === 0x1f && body[1] === 0x8b) return 'gzip';
  return body.length >= 4 && body.readUInt32LE() === 0xfd2fb528 ? 'zstd' : null;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Buffer): string {
  try {
    return strict.decode(bytes);
  } catch (error) {
    throw new Refusal(400, 'the body is not UTF-8', error);
  }
}
