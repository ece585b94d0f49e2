/** The dynamic linker that the kernel maps for an ELF executable: it is opened by no system call. */
import { closeSync, openSync, readSync } from 'node:fs';
import { decodeText, encodeText } from '#observation/text.ts';

const PT_INTERP = 3;

/** PT_INTERP of the file at `path` below `root`; null for a static or unreadable one. Source: elf(5), 64-bit little-endian. */
export function interpreterOf(root: string, path: string): string | null {
  let fd: number;
  try {
    fd = openSync(Buffer.from(encodeText(`${root}${path}`)), 'r');
  } catch {
    return null;
  }
  try {
    const head = read(fd, 0, 64);
    if (head === null || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return null;
    const size = head.readUInt16LE(54);
    const headers = read(fd, Number(head.readBigUInt64LE(32)), size * Math.min(head.readUInt16LE(56), 64));
    for (let at = 0; headers !== null && size >= 56 && at + size <= headers.length; at += size) {
      if (headers.readUInt32LE(at) !== PT_INTERP) continue;
      const name = read(
        fd,
        Number(headers.readBigUInt64LE(at + 8)),
        Math.min(Number(headers.readBigUInt64LE(at + 32)), 4096),
      );
      return name === null ? null : decodeText(name.subarray(0, name.indexOf(0)));
    }
    return null;
  } finally {
    closeSync(fd);
  }
}

function read(fd: number, at: number, length: number): Buffer | null {
  const bytes = Buffer.alloc(length);
  return readSync(fd, bytes, 0, length, at) === length ? bytes : null;
}
