/** Mounts, signals and tracing within containers, where processes and paths have other names. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ObservationOf } from '#observation/observation.ts';
import { podObject, startAgent } from './agent-run.ts';
import { lab, recordContainer, runContainer, startContainer, withoutContainers, withoutRoot } from './lab.ts';
import { withoutRunc } from './node-lab.ts';
import { buildOperations, said, signalText, whom } from './operations.ts';

const skip = withoutRoot;
const { base, program } = skip === false ? buildOperations() : { base: '', program: '' };
after(() => rmSync(base, { recursive: true, force: true }));

test('mounts in a container, by each interface, and none that failed', {
  skip: withoutContainers(),
}, async () => {
  const run = async (what: string) => {
    const name = `operations-${what}-${process.pid}`;
    const flags = ['--bind', `${base}:/srv:ro`, '--caps', 'CAP_SYS_ADMIN', '--cwd', '/tmp'];
    return recordContainer(name, 'mounts', async () => {
      const { code, stderr } = await runContainer(name, flags, [
        'sh',
        '-c',
        // Links are followed while its root is there to be looked into.
        '/srv/operations "$1"; r=$?; sleep 2; exit $r',
        'sh',
        what,
      ]);
      assert.equal(code, 0, stderr);
    });
  };
  const { observations, coverage } = await run('mounts');
  const mounts = observations.filter((each) => each.type === 'mount');
  assert.deepEqual(
    said(mounts, ({ source, target, fstype, flags }) => [source, target, fstype, flags.join()].join(' ')),
    [
      ' /tmp/bound  bind,rdonly,remount',
      '/tmp/target /tmp/bound  bind,rec',
      'handled /tmp/by-handle tmpfs move,noexec',
      'none /tmp/bound  private',
      'what "ever" /tmp/target tmpfs nodev,nosuid',
    ],
  );
  // What the runtime did before the program began is there too, apart.
  assert.ok(mounts.every(({ phase, program: by }) => (phase === 'program') === (by === '/srv/operations')));
  const of = (each: typeof coverage) => each.find(({ sensor }) => sensor === 'operations');
  assert.equal(of(coverage)?.lost, 0);
  assert.deepEqual(of(coverage)?.gaps, ['what programs read of others through /proc is not seen as tracing']);

  const cloned = await run('trees');
  assert.deepEqual(
    said(
      cloned.observations.filter((each) => each.type === 'mount'),
      ({ target }) => target,
    ),
    [],
  );
  assert.match(of(cloned.coverage)?.gaps.join() ?? '', /open_tree/);
});

test('within the process ids of a container the others are found all the same', {
  skip: withoutContainers(),
}, async () => {
  const name = `operations-pids-${process.pid}`;
  const flags = ['--bind', `${base}:/srv:ro`, '--caps', 'CAP_SYS_PTRACE'];
  const { observations } = await recordContainer(name, 'pids', async () => {
    const container = await startContainer(name, flags, [
      'sh',
      '-c',
      '/srv/operations tracing; exec /srv/operations wait',
    ]);
    try {
      execFileSync(`${lab}/oci-run`, ['exec', name, '/srv/operations', 'send', '0', '1']);
      process.kill(container.pid, 'SIGCONT');
    } finally {
      await container.remove();
    }
  });
  assert.deepEqual(
    said(
      observations.filter((each) => each.type === 'ptrace'),
      ({ access, other, seen }) => `${access} ${whom(other)} ${seen.count}`,
    ),
    ['attach container operations 6', 'read container operations 1'],
  );
  const signals = said(
    observations.filter((each) => each.type === 'signal'),
    signalText,
  );
  for (const signal of ['send 0 container operations 1', 'receive 18 outside 1'])
    assert.ok(signals.includes(signal), signals.join('\n'));
});

test('what a session sends to the workload comes from outside', { skip: withoutRoot || withoutRunc }, async () => {
  const run = await startAgent();
  after(() => run.close());
  copyFileSync(program, join(run.lab.folder, 'rootfs/operations'));
  const pod = await run.lab.pod('cgroupfs');
  const container = pod.run(['/operations', 'wait']);
  const containers = [{ name: 'app', id: container.id }];
  run.api.store.put(podObject({ uid: pod.uid, name: 'waits', containers }));
  await container.marked;
  await container.exec(['/operations', 'send', '28', '1']);
  const told = (): string[] =>
    run
      .told()
      .facts.filter((fact): fact is ObservationOf<'signal'> => fact.type === 'signal' && fact.signal === 28)
      .map((fact) => `${fact.phase} ${fact.direction} ${whom(fact.other)}`)
      .toSorted();
  await run.until('the signal is told', () => told().length > 1);
  await container.kill();
  await run.stop();
  assert.deepEqual([...new Set(told())], ['program receive outside', 'session send container operations']);
});
