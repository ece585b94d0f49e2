/** The list of attacks, tried for real where SELinux enforces the policy of nginx: what happens is what `score` says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { selinux } from '#policies/selinux/index.ts';
import { anyProgram, score } from '#proof/score.ts';
import { attackedNginx, builtAttacks, compared, outcomesIn } from './attack-tries.ts';
import { withoutGuest } from './guest.ts';
import { inGuest } from './selinux-guest.ts';

const skip = withoutGuest('selinux');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-attacks-selinux-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The program that tries has to be started, and to tell, itself. */
const program = `(type attacks_exec_t)
(roletype object_r attacks_exec_t)
(typeattributeset file_type (attacks_exec_t))
(allow domain attacks_exec_t (file (entrypoint read map open getattr execute)))
(allow domain tmpfs_t (file (append getattr ioctl write)))`;
const ways = {
  mount: { flags: {}, more: '(allow domain exec_type (file (read)))', shown: 15 },
  // What a node has its own type for, as `matchpathcon` tells.
  paths: { flags: { entry: 'standard', pathType: ['/usr/sbin/nginx=httpd_exec_t'] }, more: '', shown: 30 },
};

for (const [labels, { flags, more, shown }] of Object.entries(ways))
  test(`SELinux, labels by ${labels}: each attack that score says is stopped does not succeed, each other one goes as without`, {
    skip,
    timeout: 600_000,
  }, async () => {
    const { baseline, by } = await attackedNginx();
    const options = selinux.options.parse({ labels, ...flags });
    const generated = selinux.generate({ baselines: [baseline], cluster: null }, options);
    assert.ok(generated.type === 'artifacts', JSON.stringify(generated));
    const text = generated.artifacts[0]?.text ?? '';
    const [, block] = /^\(block (\S+)/m.exec(text) ?? [];
    assert.ok(block !== undefined, text);
    builtAttacks(folder);
    const { said } = await inGuest({
      policies: new Map([[block, text]]),
      more: `${program}\n${more}`,
      mode: 'enforcing',
      script: 'attacks-selinux-guest.sh',
      share: folder,
      variables: { DOMAIN: `${block}.process`, LABELS: labels },
    });
    const [without, under] = said.join('\n').split('==\n').map(outcomesIn);
    assert.ok(without !== undefined && under !== undefined, said.join('\n'));
    const rows = score([selinux.evaluator(text, flags)], { arch: 'x86_64', by, program: anyProgram });
    const { wrong, stopped } = compared(rows, without, under);
    assert.deepEqual(wrong, []);
    assert.ok(stopped >= shown, `${stopped} attacks succeed without the policy and not under it`);
  });
