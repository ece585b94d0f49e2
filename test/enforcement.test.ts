/**
 * The whole claim, on this kernel: record a real program in a real container, write its profile, run it under
 * the profile. It works; a call that is left out is refused by the kernel, and we see that too.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { fold } from '#baseline/fold.ts';
import type { Recording } from '#observation/recording.ts';
import { syscallName } from '#observation/syscalls.ts';
import { seccomp } from '#policies/seccomp/index.ts';
import { proved, replay } from '#proof/replay.ts';
import { lab, recordContainer, runContainer, startContainer, withoutContainers } from './lab.ts';
import { type Workload, workloads } from './workloads.ts';

const run = promisify(execFile);
const skip = withoutContainers();
const folder = mkdtempSync(join(tmpdir(), 'kguardian-enforcement-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What other work of its kind calls besides, and goes on without: nginx waits a moment in a reload. */
const beyond: Readonly<Record<string, readonly string[]>> = { nginx: ['clock_nanosleep'] };
/** And at times only: of a command that took more than 10 ms, redis' slow log says who sent it. */
const sometimes: Readonly<Record<string, readonly string[]>> = { redis: ['getpeername'] };

/** Runs it once and checks that it does its work; twice for servers, whose second visitor meets a warm program. */
async function tryOut(
  { argv, flags, smoke }: Workload,
  name: string,
  more: readonly string[],
  patienceMs = 15_000,
): Promise<void> {
  if (smoke.type === 'command') {
    const { code, stdout, stderr } = await runContainer(name, [...flags, ...more], argv);
    assert.equal(`${code} ${stdout}`, `0 ${smoke.output}`, stderr);
    return;
  }
  const container = await startContainer(name, [...flags, ...more], argv);
  try {
    for (let visit = 0; visit < 2; visit += 1) await smoke.check(container.ip, patienceMs);
  } finally {
    await container.remove();
  }
}

/** Whether it does work that nobody recorded, and the calls that it was refused. */
async function refusedOtherWork(
  { argv, flags, smoke, second = 'true' }: Workload,
  name: string,
  more: readonly string[],
): Promise<{ readonly works: boolean; readonly refused: readonly string[] }> {
  let works = true;
  const seen = await recordContainer(name, name, async () => {
    assert.equal(smoke.type, 'server');
    const container = await startContainer(name, [...flags, ...more], argv);
    try {
      if (smoke.type === 'server') await smoke.check(container.ip, 15_000);
      const env = { ...process.env, ip: container.ip, pid: String(container.pid) };
      await run('bash', ['-c', second], { env, timeout: 60_000 }).catch(() => {
        works = false;
      });
    } finally {
      await container.remove();
    }
  });
  const refused = seen.observations.flatMap((each) =>
    each.type === 'syscall-denied' ? [each.name ?? `${each.nr}`] : [],
  );
  return { works, refused: [...new Set(refused)].toSorted() };
}

function profileOf(recording: Recording, runtime: 'runc' | 'crun' = 'runc'): string {
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  const generated = seccomp.generate({ baselines: [baseline], cluster: null }, seccomp.options.parse({ runtime }));
  assert.equal(generated.type, 'artifacts', JSON.stringify(generated));
  const text = generated.type === 'artifacts' ? (generated.artifacts[0]?.text ?? '') : '';
  assert.ok(proved(replay(seccomp.evaluator(text), [recording])));
  return text;
}

/** Without one permission; it gets an errno of its own, so that nothing else can be taken for it. */
function without(profile: string, name: string): string {
  const parsed = JSON.parse(profile) as { syscalls: { names: string[]; action: string; errnoRet?: number }[] };
  const left = parsed.syscalls.map((rule) => ({ ...rule, names: rule.names.filter((each) => each !== name) }));
  return JSON.stringify({ ...parsed, syscalls: [...left, { names: [name], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }] });
}

const all = skip === false ? workloads(folder) : [];
if (skip !== false) test('real programs run under their profiles', { skip }, () => undefined);

// Much of it is waiting for programs that do not listen to SIGTERM.
describe('real programs in containers', { concurrency: 3 }, () => all.forEach(enforces));

function enforces(workload: Workload): void {
  test(`${workload.name} runs under the profile of its recording, with and without noNewPrivileges`, {
    timeout: 180_000,
  }, async () => {
    const id = `kg-${workload.name}`;
    const recording = await recordContainer(id, workload.name, () => tryOut(workload, id, ['--nnp']));
    assert.equal(
      recording.coverage.reduce((sum, { lost }) => sum + lost, 0),
      0,
    );
    const profile = profileOf(recording);
    const file = `${folder}/${workload.name}.json`;
    writeFileSync(file, profile);
    await tryOut(workload, id, ['--seccomp', file, '--nnp']);
    await tryOut(workload, id, ['--seccomp', file, '--no-nnp']);

    if (workload.smoke.type === 'server') {
      const { works, refused } = await refusedOtherWork(workload, id, ['--seccomp', file, '--nnp']);
      assert.equal(works, true);
      assert.deepEqual(
        refused.filter((each) => sometimes[workload.name]?.includes(each) !== true),
        beyond[workload.name] ?? [],
      );
    }

    // Every number, asked of libseccomp and of our evaluator.
    const numbers = Array.from({ length: 470 }, (_, nr) => nr);
    const asked = numbers.map((nr) => JSON.stringify({ nr })).join('\n');
    const answers = execFileSync(`${lab}/oracle-seccomp`, ['--runtime', 'runc', file], {
      input: asked,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const evaluator = seccomp.evaluator(profile);
    for (const [nr, line] of answers.trimEnd().split('\n').entries()) {
      const ours = evaluator.answer({ arch: 'x86_64', syscall: nr });
      assert.equal(
        ours.verdict === 'allow',
        (JSON.parse(line) as { allowed: boolean }).allowed,
        `${nr} ${syscallName('x86_64', nr)}: ${ours.rule}, oracle ${line}`,
      );
    }
    assert.equal(numbers.length, answers.trimEnd().split('\n').length);

    // One permission less: the kernel refuses, the program fails, the recorder tells which call it was.
    assert.ok(
      evaluator.permissions.includes(workload.vital),
      `${workload.name} was not seen to call ${workload.vital}`,
    );
    const less = `${folder}/${workload.name}-less.json`;
    writeFileSync(less, without(profile, workload.vital));
    const refused = await recordContainer(id, workload.name, () =>
      assert.rejects(tryOut(workload, id, ['--seccomp', less, '--nnp'], 2000)),
    );
    const denied = refused.observations.filter((each) => each.type === 'syscall-denied');
    const about = JSON.stringify(denied.map(({ name, outcome }) => [name, outcome]));
    assert.ok(
      denied.some(({ name, outcome }) => name === workload.vital && 'errno' in outcome && outcome.errno === 1),
      about,
    );
  });
}

test('a profile for crun is smaller, and runs under crun', { skip, timeout: 120_000 }, async () => {
  const workload = all.find(({ name }) => name === 'shell');
  assert.ok(workload);
  const id = 'kg-crun';
  const recording = await recordContainer(id, workload.name, () => tryOut(workload, id, ['--nnp']));
  const [forCrun, forRunc] = [profileOf(recording, 'crun'), profileOf(recording)];
  assert.ok(seccomp.evaluator(forCrun).permissions.length < seccomp.evaluator(forRunc).permissions.length);
  const file = `${folder}/crun.json`;
  writeFileSync(file, forCrun);
  for (const nnp of ['--nnp', '--no-nnp']) await tryOut(workload, id, ['--runtime', 'crun', '--seccomp', file, nnp]);
});
