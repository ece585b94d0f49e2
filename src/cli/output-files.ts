/** Files that are there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { access, constants, mkdir, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, systemReason } from './failure.ts';

/** What stands half-written at this moment: whoever interrupts us finds no trace of it. */
const half = new Set<string>();
const signals = ['SIGINT', 'SIGTERM'] as const;
function interrupted(signal: NodeJS.Signals): void {
  for (const file of half) rmSync(file, { force: true });
  process.kill(process.pid, signal);
}

/** Makes the folder if need be. What stood there before stays until the new text is on the disk. */
export async function writeAtomically(named: string, content: string | Uint8Array): Promise<void> {
  if (await isStream(named)) return writeInto(named, content);
  // A link stays, what it leads to is written.
  const file = await realpath(named).catch(() => named);
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  await madeFolder(file);
  if (half.size === 0) for (const signal of signals) process.once(signal, interrupted);
  half.add(temporary);
  try {
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cannotWrite(file, systemReason(error), error);
  } finally {
    half.delete(temporary);
    if (half.size === 0) for (const signal of signals) process.off(signal, interrupted);
  }
}

/** A device or a pipe, `/dev/null` or `/dev/stdout`: another file must not take its place. */
async function isStream(file: string): Promise<boolean> {
  const there = await stat(file).catch(() => null);
  return there !== null && !there.isFile() && !there.isDirectory();
}

async function writeInto(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    throw cannotWrite(file, systemReason(error), error);
  }
}

/** Fails now where writing would fail later, after the work was done. */
export async function mayWrite(file: string): Promise<void> {
  await madeFolder(file);
  const there = await stat(file).catch(() => null);
  if (there?.isDirectory() === true) throw cannotWrite(file, 'it is a folder');
  if (await isStream(file)) return;
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw cannotWrite(file, systemReason(error), error);
  });
}

async function madeFolder(file: string): Promise<void> {
  const folder = dirname(file);
  try {
    await makeFolder(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const inTheWay = code === 'EEXIST' || code === 'ENOTDIR';
    throw cannotWrite(file, inTheWay ? `${JSON.stringify(folder)} is no folder` : systemReason(error), error);
  }
}

/** Node's own `recursive` never ends where the kernel makes no folders, as below /proc. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  try {
    await mkdir(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (await isFolder(folder)) return;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || (await isFolder(dirname(folder)))) throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

function cannotWrite(file: string, reason: string, cause?: unknown): Failure {
  return new Failure(`cannot write ${JSON.stringify(file)}: ${reason}`, 2, cause);
}
