/**
 * Recordings on disk until the broker has acknowledged them. Each is a file of its own, complete or absent, so a
 * kill at any moment leaves whole recordings. Bounded: when room ends, the oldest gives up its facts and remains
 * as word of what was lost; when that is not enough, it goes altogether.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Sensor } from '#observation/recording.ts';
import { thinned } from './thinning.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export interface SpooledFile {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether it has only word of losses left. */
  readonly thin: boolean;
}

/** Who is told when room ends. */
export interface RoomKeeper {
  /** Whether this container's facts are still known, so that they will be told again. */
  retell(container: string): boolean;
  lost(container: string, sensor: Sensor, facts: number): void;
}

const nobody: RoomKeeper = { retell: () => false, lost: () => undefined };
const pattern = /^(\d{12})-(\d+)(-thin)?\.jsonl\.zst$/;
/** What a broker refused is kept for people to look at; no more than this. */
const maxRefused = 20;

export class Spool {
  /** Facts, and whole files, that had to make room. */
  readonly dropped = { facts: 0, files: 0 };
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #keeper: RoomKeeper;
  #files: SpooledFile[] = [];
  #next = 1;
  #first = 1;
  /** Being uploaded, or making room: nobody else touches them. */
  readonly #held = new Set<string>();

  private constructor(folder: string, maxBytes: number, keeper: RoomKeeper) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#keeper = keeper;
  }

  static async open(folder: string, maxBytes: number, keeper: RoomKeeper = nobody): Promise<Spool> {
    const spool = new Spool(folder, maxBytes, keeper);
    await mkdir(join(folder, 'refused'), { recursive: true });
    for (const name of (await readdir(folder)).toSorted()) {
      const [, number = '', at = '', thin] = pattern.exec(name) ?? [];
      // Half a file of a process that was killed: its facts were not counted as sent.
      if (name.endsWith('.part')) await unlink(join(folder, name));
      if (number === '') continue;
      const { size } = await stat(join(folder, name));
      spool.#files.push({ name, bytes: size, at: Number(at), thin: thin !== undefined });
      spool.#next = Math.max(spool.#next, Number(number) + 1);
    }
    spool.#first = spool.#next;
    return spool;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get files(): readonly SpooledFile[] {
    return this.#files;
  }

  /** When this returns, the recording survives a kill. Throws when the disk takes no more. */
  async add(lines: readonly string[], now: number): Promise<void> {
    const number = this.#next;
    const name = `${String(number).padStart(12, '0')}-${now}.jsonl.zst`;
    const bytes = await this.#write(name, lines);
    this.#next = number + 1;
    this.#files.push({ name, bytes, at: now, thin: false });
    await this.#makeRoom();
  }

  /** The oldest, to be uploaded; held until it is acknowledged, set aside or put back. */
  async take(): Promise<{ readonly file: SpooledFile; readonly body: Buffer } | null> {
    const file = this.#files.find(({ name }) => !this.#held.has(name));
    if (file === undefined) return null;
    this.#held.add(file.name);
    return { file, body: await readFile(join(this.#folder, file.name)) };
  }

  putBack({ name }: SpooledFile): void {
    this.#held.delete(name);
  }

  async acknowledge({ name }: SpooledFile): Promise<void> {
    this.#files = this.#files.filter((each) => each.name !== name);
    this.#held.delete(name);
    await unlink(join(this.#folder, name));
  }

  /** Refused for good: kept beside, not sent again. */
  async setAside({ name }: SpooledFile): Promise<void> {
    this.#files = this.#files.filter((each) => each.name !== name);
    this.#held.delete(name);
    const refused = join(this.#folder, 'refused');
    await rename(join(this.#folder, name), join(refused, name));
    const kept = (await readdir(refused)).toSorted();
    for (const old of kept.slice(0, Math.max(0, kept.length - maxRefused))) await unlink(join(refused, old));
  }

  async #makeRoom(): Promise<void> {
    while (this.bytes > this.#maxBytes) {
      const free = this.#files.slice(0, -1).filter(({ name }) => !this.#held.has(name));
      const file = free.find(({ thin }) => !thin) ?? free[0];
      if (file === undefined) return;
      this.#held.add(file.name);
      await (file.thin ? this.#drop(file) : this.#thin(file)).finally(() => this.#held.delete(file.name));
    }
  }

  async #thin(file: SpooledFile): Promise<void> {
    const text = (await decompress(await readFile(join(this.#folder, file.name)))).toString('utf8');
    // What an earlier process spooled nobody knows any more.
    const own = Number(file.name.slice(0, 12)) >= this.#first;
    const { lines, lost } = thinned(
      text.split('\n').filter(Boolean),
      (container) => own && this.#keeper.retell(container),
    );
    const name = file.name.replace('.jsonl', '-thin.jsonl');
    try {
      const bytes = await this.#write(name, lines);
      this.#files = this.#files.map((each) => (each === file ? { ...file, name, bytes, thin: true } : each));
      await unlink(join(this.#folder, file.name));
    } catch {
      // Not even room for that.
      await this.#drop(file);
    }
    for (const [container, bySensor] of lost) {
      for (const [sensor, facts] of bySensor) {
        this.dropped.facts += facts;
        this.#keeper.lost(container, sensor, facts);
      }
    }
  }

  async #drop(file: SpooledFile): Promise<void> {
    this.#files = this.#files.filter((each) => each !== file);
    await unlink(join(this.#folder, file.name));
    this.dropped.files += 1;
  }

  async #write(name: string, lines: readonly string[]): Promise<number> {
    const body = await compress(`${lines.join('\n')}\n`);
    const part = join(this.#folder, `${name}.part`);
    try {
      const file = await open(part, 'w', 0o600);
      try {
        await file.writeFile(body);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, join(this.#folder, name));
    } catch (error) {
      await unlink(part).catch(() => undefined);
      throw error;
    }
    const folder = await open(this.#folder, constants.O_RDONLY | constants.O_DIRECTORY);
    await folder.sync();
    await folder.close();
    return body.length;
  }
}
