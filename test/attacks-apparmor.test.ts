/** The list of attacks, tried for real where AppArmor enforces the profile of nginx: what happens is what `score` says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { apparmor } from '#policies/apparmor/index.ts';
import { anyProgram, score } from '#proof/score.ts';
import { attackedNginx, builtAttacks, compared, outcomesIn } from './attack-tries.ts';
import { runGuest, withoutGuest } from './guest.ts';

const skip = withoutGuest('apparmor');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-attacks-apparmor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('AppArmor: each attack that score says is stopped does not succeed, each other one goes as without the profile', {
  skip,
  timeout: 400_000,
}, async () => {
  const { baseline, by } = await attackedNginx();
  const generated = apparmor.generate({ baselines: [baseline], cluster: null }, apparmor.options.parse({}));
  assert.equal(generated.type, 'artifacts');
  const written = generated.type === 'artifacts' ? (generated.artifacts[0]?.text ?? '') : '';
  const [, name] = /^profile (\S+)/m.exec(written) ?? [];
  // The program that tries has to be read itself.
  const text = written.replace(/\n\}\n*$/, '\n  /srv/attacks mr,\n}\n');
  assert.ok(name !== undefined && text !== written);
  writeFileSync(join(folder, 'profile'), text);
  const program = builtAttacks(join(folder, 'program'));
  const script = [
    'mkdir srv && cp attacks srv/ && chmod 755 srv/attacks && apparmor_parser -r profile',
    'oci-run --bind "$PWD/srv:/srv:ro" --nnp -- /srv/attacks; echo ==',
    `oci-run --bind "$PWD/srv:/srv:ro" --nnp --apparmor ${name} -- /srv/attacks`,
  ].join('\n');
  const said = await runGuest('apparmor', script, [join(folder, 'profile'), `${program}/attacks`], 300);
  const [without, under] = said.split('==\n').map(outcomesIn);
  assert.ok(without !== undefined && under !== undefined, said);
  const rows = score([apparmor.evaluator(text)], { arch: 'x86_64', by, program: anyProgram });
  const { wrong, stopped } = compared(rows, without, under);
  assert.deepEqual(wrong, []);
  assert.ok(stopped >= 30, `${stopped} attacks succeed without the profile and not under it`);
});
