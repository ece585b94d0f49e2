/** Audit records in their framings, and real lines of other machines (../shared/samples). */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { encodeText } from '#observation/text.ts';
import { auditRecord } from './audit-record.ts';
import { readingDenials } from './denials.ts';

const samples = fileURLToPath(new URL('../../../shared/samples', import.meta.url));
const skip = existsSync(samples) ? false : 'no ../shared/samples here';

function read(text: string) {
  const reader = readingDenials();
  for (const line of text.split('\n')) reader.add(line);
  return reader.end();
}

const body =
  'audit(1700000000.123:45): apparmor="DENIED" operation="open" profile="web" name="/etc/shadow" pid=7 comm="cat" requested_mask="r" denied_mask="r" fsuid=0 ouid=0';

for (const [framing, line] of [
  ['auditd', `type=AVC msg=${body}`],
  ['auditd with a node', `node=worker-1 type=AVC msg=${body}`],
  ['the kernel log', `audit: type=1400 ${body}`],
  ['dmesg', `[  369.104368] audit: type=1400 ${body}`],
  ['/dev/kmsg', `5,1234,369104368,-;audit: type=1400 ${body}`],
  ['syslog', `Mar  3 07:48:21 host kernel: [12.3] audit: type=1400 ${body}`],
  ['the journal', `2025-02-15T11:55:40+0100 host kernel: audit: type=1400 ${body}`],
] as const) {
  test(`one record in the framing of ${framing}`, () => {
    const { denials, notes } = read(line);
    assert.deepEqual(notes, []);
    assert.equal(denials.length, 1);
    const [denial] = denials;
    assert.deepEqual([denial?.framework, denial?.enforced, denial?.at], ['apparmor', true, 1_700_000_000_123]);
    const { name, profile, operation, denied_mask: mask } = denial?.fields ?? {};
    assert.deepEqual([name, profile, operation, mask], ['/etc/shadow', 'web', 'open', 'r']);
  });
}

test('law: a name comes back as the bytes that it was, quoted or in hexadecimal', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 60 }).filter((bytes) => !bytes.includes(0)),
      (bytes) => {
        // As audit_log_untrustedstring of the kernel decides.
        const plain = bytes.every((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x22);
        const hex = Buffer.from(bytes).toString('hex').toUpperCase();
        const written = plain ? `"${Buffer.from(bytes).toString('latin1')}"` : hex;
        const record = auditRecord(`type=AVC msg=audit(1.000:1): apparmor="DENIED" name=${written} pid=1234`);
        assert.deepEqual(encodeText(record?.fields['name'] ?? ''), bytes);
        assert.equal(record?.fields['pid'], '1234');
      },
    ),
  );
});

test('the same denial of other processes and times is counted; another one is another', () => {
  const line = (pid: number, name: string): string =>
    `type=AVC msg=audit(${pid}.0:${pid}): apparmor="ALLOWED" name="${name}" pid=${pid}`;
  const { denials } = read([line(9, '/a'), line(7, '/a'), line(8, '/b')].join('\n'));
  assert.deepEqual(
    denials.map(({ fields, count, enforced }) => [fields['name'], count, enforced]),
    [
      ['/b', 1, false],
      ['/a', 2, false],
    ],
  );
});

test('an AVC without a path takes it from the PATH record of its event and inode', () => {
  const { denials } = read(
    [
      'type=AVC msg=audit(5.000:9): avc:  denied  { write open } for  pid=1 comm="x" name="log" dev="sda" ino=77 scontext=u:r:a:s0 tcontext=u:object_r:b:s0 tclass=file permissive=1',
      'type=CWD msg=audit(5.000:9): cwd="/srv"',
      'type=PATH msg=audit(5.000:9): item=0 name="var" inode=76 dev=08:00',
      'type=PATH msg=audit(5.000:9): item=1 name="var/log" inode=77 dev=08:00',
    ].join('\n'),
  );
  assert.deepEqual(
    denials.map(({ fields, permissions, enforced }) => [fields['path'], permissions, enforced]),
    [['/srv/var/log', ['open', 'write'], false]],
  );
});

test('what the log itself lost is told, and so is what was no denial', () => {
  const { denials, notes } = read(
    [
      'audit: backlog limit exceeded',
      'kernel: kauditd_printk_skb: 12 callbacks suppressed',
      'type=AVC msg=audit(1.0:1): apparmor="STATUS" operation="profile_load" name="web"',
      'type=1400 audit(1.0:2): avc:  granted  { read } for  pid=1 scontext=a tcontext=b tclass=file',
      'nothing of all this',
      '',
    ].join('\n'),
  );
  assert.deepEqual(denials, []);
  assert.equal(notes.length, 4);
});

test('real lines of other machines', { skip }, () => {
  const of = (name: string) => read(readFileSync(`${samples}/${name}`, 'utf8')).denials;
  const all = readdirSync(samples).filter((name) => name.startsWith('audit_'));
  assert.ok(all.length >= 8);
  for (const name of all) assert.equal(of(name).length, 1, name);
  const [seccomp] = of('audit_seccomp_auditd.log');
  assert.deepEqual(
    [
      seccomp?.framework,
      seccomp?.enforced,
      seccomp?.fields['arch'],
      seccomp?.fields['syscall'],
      seccomp?.fields['code'],
      seccomp?.fields['exe'],
    ],
    ['seccomp', false, 'c000003e', '3', '0x7ffc0000', '/bin/ls'],
  );
  const [hex] = of('audit_apparmor_allowed_hexname.log');
  assert.match(hex?.fields['name'] ?? '', /^\/home\/www\/foo\.bar\.in\/.* .*\.jpg$/);
  const [avc] = of('audit_selinux_avc.log');
  assert.deepEqual(
    [avc?.framework, avc?.permissions, avc?.fields['tclass']],
    ['selinux', ['open', 'read', 'write'], 'file'],
  );
});
