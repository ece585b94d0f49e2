/** The generated profile on a real kernel: nginx must serve under it, and a call outside it must fail. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tell } from '../story.ts';
import { runContainer, startContainer } from './container.ts';
import { prepareNginx, untilServing, visitAll } from './nginx.ts';

export interface Enforcement {
  readonly served: number;
  readonly of: number;
  /** How a call outside the profile ends under it, and without it. */
  readonly refused: string;
  readonly without: string;
}

/** Making a symbolic link needs no privilege, so only the profile can refuse it. */
const outside = ['/bin/busybox', 'ln', '-s', 'target', '/tmp/link'];

/** Throws when nginx does not serve, or when the call is not refused. */
export async function enforce(profileText: string): Promise<Enforcement> {
  const seccomp: unknown = JSON.parse(profileText);
  const folder = await mkdtemp(join(tmpdir(), 'kguardian-demo-'));
  try {
    const nginx = await prepareNginx(folder);
    tell('starting nginx again, in a container under the profile');
    const container = await startContainer({ argv: nginx.argv, seccomp, noNewPrivileges: true, writable: [folder] });
    let served: number;
    let of: number;
    try {
      await untilServing(nginx, 10_000).catch((error: Error) => {
        throw new Error(`${error.message}: ${container.stderr().trim()}`, { cause: error });
      });
      const visits = await visitAll(nginx);
      if (visits.wrong !== null) throw new Error(`nginx does not serve under the profile: ${visits.wrong}`);
      ({ right: served, of } = visits);
    } finally {
      await container.remove();
    }
    const under = await runContainer({ argv: outside, seccomp, noNewPrivileges: true, writable: [] });
    const free = await runContainer({ argv: outside, seccomp: null, noNewPrivileges: true, writable: [] });
    if (under.code === 0) throw new Error('the kernel let a call outside the profile through');
    if (free.code !== 0)
      throw new Error(`the call fails without the profile too, which shows nothing: ${free.stderr.trim()}`);
    return { served, of, refused: lastWords(under.stderr), without: 'it succeeds' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function lastWords(stderr: string): string {
  return stderr.trim().split('\n').at(-1)?.split(': ').at(-1) ?? 'refused';
}
