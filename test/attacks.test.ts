/** The list of attacks, tried for real in a container under a profile: what happens is what `score` says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Denial } from '#observation/denial.ts';
import { syscallNumber } from '#observation/syscalls.ts';
import { seccomp } from '#policies/seccomp/index.ts';
import { attacks } from '#proof/attacks/index.ts';
import { anyProgram, score } from '#proof/score.ts';
import { attackedNginx, builtAttacks, outcomesIn, ownCalls, triable } from './attack-tries.ts';
import { runContainer, withoutContainers } from './lab.ts';

const skip = withoutContainers();
const folder = mkdtempSync(join(tmpdir(), 'kguardian-attacks-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** Nobody else answers with it: EHWPOISON. */
const marker = 133;

test('the list: at least 60, each with a source and an id of its own', () => {
  assert.ok(attacks.length >= 60, `${attacks.length}`);
  assert.equal(new Set(attacks.map(({ id }) => id)).size, attacks.length);
  for (const { id, title, source, acts } of attacks)
    assert.ok(/^[a-z][a-z-]+$/.test(id) && title !== '' && source !== '' && acts.length > 0, id);
});

test('seccomp: each attack that score says is stopped is refused by the filter, each other one goes as without it', {
  skip,
  timeout: 180_000,
}, async () => {
  const { baseline, by } = await attackedNginx();
  const generated = seccomp.generate({ baselines: [baseline], cluster: null }, seccomp.options.parse({}));
  assert.equal(generated.type, 'artifacts');
  const written = generated.type === 'artifacts' ? (generated.artifacts[0]?.text ?? '') : '';
  // The program that tries has needs of its own.
  const own = ownCalls.map(
    (name): Denial => ({
      framework: 'seccomp',
      enforced: false,
      at: null,
      fields: { arch: 'c000003e', syscall: String(syscallNumber('x86_64', name)) },
      permissions: [],
      count: 1,
    }),
  );
  const { text } = seccomp.refine?.(written, own) ?? assert.fail();
  const marked = text.replaceAll(/"(errnoRet|defaultErrnoRet)": \d+/g, `"$1": ${marker}`);
  const profile = join(folder, 'profile.json');
  writeFileSync(profile, marked);

  const bind = ['--bind', `${builtAttacks(join(folder, 'program'))}:/srv:ro`, '--nnp'];
  const tried = async (more: readonly string[]): Promise<Map<string, string>> => {
    const { code, stdout, stderr } = await runContainer('kg-attacks', [...bind, ...more], ['/srv/attacks']);
    assert.equal(code, 0, stderr);
    return outcomesIn(stdout);
  };
  const without = await tried([]);
  const under = await tried(['--seccomp', profile]);
  const rows = score([seccomp.evaluator(marked)], { arch: 'x86_64', by, program: anyProgram });
  const said = new Map(rows.map(({ attack, all }) => [attack.id, all.outcome]));
  const wrong: string[] = [];
  let stopped = 0;
  for (const { id } of triable) {
    const [free, filtered, outcome] = [without.get(id), under.get(id), said.get(id)];
    assert.ok(free !== undefined && filtered !== undefined, `${id} was not tried`);
    const refused = filtered === String(marker);
    if (outcome === 'stopped') stopped += 1;
    if ((outcome === 'stopped') !== refused || (outcome === 'open' && filtered !== free))
      wrong.push(`${id}: score says ${outcome}; without ${free}, under the profile ${filtered}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(stopped >= 30, `${stopped} stopped`);
});
