/** The agent with the capabilities that its chart gives it, and with less: what runs, and what is said of the rest. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { podObject } from './agent-run.ts';
import { startApiServer } from './api-server.ts';
import { startBroker } from './broker-double.ts';
import { withoutRoot } from './lab.ts';
import { NodeLab, withoutRunc } from './node-lab.ts';

const skip = withoutRoot || withoutRunc;
const granted = ['bpf', 'perfmon', 'net_admin', 'syslog', 'sys_ptrace'];
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

interface Ran {
  readonly said: string;
  readonly types: ReadonlySet<string>;
  /** Paths of files that were told by their real names. */
  readonly files: readonly string[];
  readonly code: number | null;
}

/** As root without all other capabilities, as a container has it. */
async function agentWith(capabilities: readonly string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-rights-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'agent-token');
  const lab = new NodeLab();
  const api = await startApiServer({ tokens: { 'agent-token': { username: 'agent', groups: ['system:masters'] } } });
  const broker = await startBroker();
  const kept = ['-all', ...capabilities.map((each) => `+${each}`)].join(',');
  const child = spawn(
    'setpriv',
    [
      [
        '--bounding-set',
        kept,
        '--inh-caps',
        kept,
        '--no-new-privs',
        process.execPath,
        main,
        'agent',
        '--node',
        'node-1',
      ],
      ['--cluster', 'test', '--broker', broker.url, '--api-server', api.url, '--api-token-file', tokenFile],
      [
        '--spool',
        join(folder, 'spool'),
        '--cgroup-root',
        lab.cgroupRoot,
        '--flush-interval',
        '500ms',
        '--listen',
        'none',
      ],
    ].flat(),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    for (let tries = 0; !said.includes('  delivery ') && child.exitCode === null && tries < 300; tries += 1)
      await sleep(100);
    if (child.exitCode === null) {
      const pod = await lab.pod('systemd');
      const container = pod.run(['/load', '1', '500']);
      api.store.put(podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] }));
      await container.ended;
      for (let tries = 0; broker.taken.length === 0 && tries < 100; tries += 1) await sleep(100);
      await sleep(4000);
    }
    child.kill('SIGTERM');
    const code = await ended;
    const facts = broker.taken.flatMap(({ observations }) => observations);
    return {
      said,
      types: new Set(facts.map(({ type }) => type)),
      files: facts.flatMap((fact) => (fact.type === 'file' && fact.resolution === 'exact' ? [fact.path] : [])),
      code,
    };
  } finally {
    child.kill('SIGKILL');
    await lab.close();
    await api.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('with the capabilities that the chart grants, every sensor runs and sees', { skip }, async () => {
  const { said, types, files, code } = await agentWith(granted);
  assert.doesNotMatch(said, /not recorded/);
  assert.equal(code, 0, said);
  for (const type of ['syscall', 'exec', 'exit', 'file', 'capability', 'flow', 'socket'])
    assert.ok(types.has(type), `${type} in ${[...types].join()}`);
  assert.ok(files.includes('/tmp/mark-1'));
});

test('without CAP_NET_ADMIN the network is not recorded, it is said why, and the rest runs', { skip }, async () => {
  const { said, types, code } = await agentWith(granted.filter((each) => each !== 'net_admin'));
  assert.match(said, / network +not recorded: .*CAP_NET_ADMIN/);
  assert.match(said, / dns +not recorded: .*CAP_NET_ADMIN/);
  assert.equal(code, 0, said);
  assert.ok(types.has('syscall') && types.has('file') && !types.has('flow'));
});

test('without CAP_BPF nothing can be recorded, and it says what it needs', { skip }, async () => {
  const { said, code } = await agentWith(['net_admin', 'syslog', 'sys_ptrace']);
  assert.match(said, /permission denied .*CAP_BPF and CAP_PERFMON/);
  assert.equal(code, 2);
});
