/** The lab's guest that enforces SELinux: policies linked to Debian's base, a script run under them, what the kernel refused. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Denial } from '#observation/denial.ts';
import type { Recording } from '#observation/recording.ts';
import { lab, recordContainer, runContainer, startContainer } from './lab.ts';
import type { Workload } from './workloads.ts';

const run = promisify(execFile);

/** A workload's run in a container on this kernel. */
export async function recorded({ name, argv, flags, smoke }: Workload): Promise<Recording> {
  const id = `kgse-${name}`;
  return recordContainer(id, name, async () => {
    if (smoke.type === 'command') {
      const { code, stdout, stderr } = await runContainer(id, flags, argv);
      assert.equal(`${code} ${stdout}`, `0 ${smoke.output}`, stderr);
      return;
    }
    const container = await startContainer(id, flags, argv);
    try {
      for (let visit = 0; visit < 2; visit += 1) await smoke.check(container.ip, 20_000);
    } finally {
      await container.remove();
    }
  });
}

/** What the guest's kernel log says, as the importers would read it. */
function denialsIn(log: string, names: readonly string[]): Denial[] {
  return log.split('\n').flatMap((line): Denial[] => {
    const found = /avc:\s+denied\s+\{ ([^}]+) \} for\s+(.*)$/.exec(line);
    if (found === null || !names.some((name) => (found[2] ?? '').includes(`scontext=system_u:system_r:${name}.`)))
      return [];
    const [, permissions = '', rest = ''] = found;
    const fields = Object.fromEntries(
      [...rest.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(([, key = '', value = '']) => [key, value.replaceAll('"', '')]),
    );
    return [
      {
        framework: 'selinux',
        enforced: fields['permissive'] === '0',
        at: null,
        fields,
        permissions: permissions.trim().split(' '),
        count: 1,
      },
    ];
  });
}

export interface Guest {
  readonly said: readonly string[];
  /** Of the domains of the policies. */
  readonly denials: readonly Denial[];
}

/** `share` is /run/dir in the guest. The script finds the linked policy as `policy`, its contexts as `policy.fc`. */
export async function inGuest(wanted: {
  readonly policies: ReadonlyMap<string, string>;
  readonly more: string;
  readonly mode: 'permissive' | 'enforcing';
  readonly script: string;
  readonly share: string;
  readonly variables: Readonly<Record<string, string>>;
}): Promise<Guest> {
  const { policies, more, mode, script, share, variables } = wanted;
  const names = [...policies.keys()];
  const at = mkdtempSync(join(tmpdir(), 'kguardian-guest-'));
  try {
    for (const [name, text] of [...policies, ['guest', more]] as const) writeFileSync(`${at}/${name}.cil`, text);
    const texts = [...names, 'guest'].map((name) => `${at}/${name}.cil`);
    await run(`${lab}/oracle-selinux`, ['--vm', '--out', `${at}/policy`, ...texts], { timeout: 200_000 });
    const given = Object.entries({ MODE: mode, ...variables }).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const options = ['-m', 'selinux', '-t', '550', '-d', share, '-o', `${at}/out`, ...given];
    const file = fileURLToPath(new URL(script, import.meta.url));
    const { stdout } = await run(`${lab}/vm-run`, [...options, file, `${at}/policy`, `${at}/policy.fc`], {
      timeout: 580_000,
    });
    return { said: stdout.trimEnd().split('\n'), denials: denialsIn(readFileSync(`${at}/out/dmesg`, 'utf8'), names) };
  } finally {
    rmSync(at, { recursive: true });
  }
}
