/** Capabilities on a stacked file system: what it does with its mounter's rights is nothing that the program used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordContainer, runContainer, withoutContainers } from './lab.ts';

const script =
  'echo x >/tmp/a; mkdir /tmp/d; rm /tmp/a; test -w /etc/passwd; chown 5 /tmp/d; ls -R /etc >/dev/null 2>&1; true';

for (const [who, user, wanted] of [
  ['a user without rights', '101:103', ['CAP_CHOWN false', 'CAP_DAC_OVERRIDE false', 'CAP_DAC_READ_SEARCH false']],
  ['root of a container', '0:0', ['CAP_CHOWN true']],
] as const) {
  test(`on an overlay ${who} uses what it holds, and nothing of its mounter's`, {
    skip: withoutContainers(),
    timeout: 60_000,
  }, async () => {
    const recording = await recordContainer('kg-borrowed', 'borrowed', async () => {
      const { code, stderr } = await runContainer('kg-borrowed', ['--user', user], ['sh', '-c', script]);
      assert.equal(code, 0, stderr);
    });
    const told = new Set(
      recording.observations.flatMap((each) =>
        each.type === 'capability' && each.phase === 'program' ? `${each.name} ${each.granted}` : [],
      ),
    );
    for (const each of wanted) assert.ok(told.has(each), `${each} is not among ${[...told].join(', ')}`);
    for (const each of told) assert.doesNotMatch(each, /SYS_ADMIN|FOWNER|SYS_RESOURCE/);
    if (user !== '0:0')
      assert.ok(
        [...told].every((each) => each.endsWith(' false')),
        [...told].join(', '),
      );
  });
}
