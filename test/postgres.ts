/** A PostgreSQL of Debian's package for tests: in a temporary folder, on a socket there, as an unprivileged user. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = '/usr/lib/postgresql';
const version = existsSync(root)
  ? readdirSync(root)
      .toSorted((a, b) => Number(a) - Number(b))
      .at(-1)
  : undefined;
export const noPostgres = version === undefined ? "Debian's package postgresql is not installed" : false;

const bin = (name: string): string => join(root, version ?? '', 'bin', name);
const ran = promisify(execFile);

/** postgres refuses to run as root. */
function user(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export interface Postgres {
  /** Of the database that was made last. */
  bytes(): Promise<number>;
  /** A new, empty database's URL. */
  database(): Promise<string>;
  start(): Promise<void>;
  /** As an administrator does: connections are ended, what was committed stays. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** `folder` keeps the data; by default a new one. */
export async function startPostgres(folder = mkdtempSync(join(tmpdir(), 'kguardian-pg-'))): Promise<Postgres> {
  const as = user();
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  await ran(bin('initdb'), ['-D', data, '-U', 'test', '--auth=trust', '--no-locale', '-E', 'UTF8', '--no-sync'], as);
  let server: ReturnType<typeof spawn> | null = null;
  let made = 0;

  async function start(): Promise<void> {
    server = spawn(bin('postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses='], { ...as, stdio: 'ignore' });
    for (let attempt = 0; ; attempt += 1) {
      try {
        await ran(bin('psql'), ['-h', folder, '-U', 'test', '-c', 'select 1', 'postgres'], as);
        return;
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async function stop(): Promise<void> {
    const running = server;
    server = null;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGINT');
    await ended;
  }

  await start();
  return {
    async bytes() {
      const query = `select pg_database_size('test_${made}')`;
      return Number((await ran(bin('psql'), ['-h', folder, '-U', 'test', '-Atc', query, 'postgres'], as)).stdout);
    },
    start,
    stop,
    async database() {
      const name = `test_${(made += 1)}`;
      await ran(bin('createdb'), ['-h', folder, '-U', 'test', name], as);
      return `postgres://test@/${name}?host=${encodeURIComponent(folder)}`;
    },
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
