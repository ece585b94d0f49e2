/** Runs the command line as a user does. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const kguardian = fileURLToPath(new URL('../bin/kguardian', import.meta.url));
export const recordings = fileURLToPath(new URL('../recordings', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(
  argv: readonly string[],
  { cwd, input = '', uid }: { cwd?: string; input?: string; uid?: number } = {},
): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(kguardian, argv, {
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: 'pipe',
    timeout: 60_000,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.on('error', reject);
  child.on('close', (code) =>
    resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
  );
  // A command that fails early does not read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return promise;
}

export interface Running {
  /** Waits until standard output and error together show it. */
  until(shown: RegExp): Promise<void>;
  /** Ends it as Ctrl-C does; gives its exit code. */
  end(): Promise<number | null>;
}

/** Starts what runs until somebody ends it. */
export function start(argv: readonly string[]): Running {
  const child = spawn(kguardian, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let said = '';
  let check = (): void => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      check();
    });
  return {
    until(shown) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const fail = (why: string): void => reject(new Error(`${why} without ${shown}: ${said}`));
      const timer = setTimeout(() => fail('30 s passed'), 30_000);
      void ended.then(() => fail('it ended'));
      check = () => {
        if (!shown.test(said)) return;
        clearTimeout(timer);
        resolve();
      };
      check();
      return promise;
    },
    end() {
      child.kill('SIGINT');
      return ended;
    },
  };
}
