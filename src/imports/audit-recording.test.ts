/** Denials as facts of a recording. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import { writeRecording } from '#observation/writing.ts';
import { recordingOfDenials } from './audit-recording.ts';
import { readingDenials } from './denials.ts';

const log = [
  'type=SECCOMP msg=audit(1700000000.000:1): pid=1 comm="app" exe="/app" sig=0 arch=c000003e syscall=165 code=0x7ffc0000',
  'type=SECCOMP msg=audit(1700000001.000:2): pid=1 comm="app" exe="/app" sig=0 arch=c000003e syscall=321 code=0x50001',
  'type=SECCOMP msg=audit(1700000001.000:3): pid=1 comm="app" exe="/app" sig=31 arch=c000003e syscall=322 code=0x80000000',
  'type=AVC msg=audit(1700000002.000:4): apparmor="ALLOWED" operation="open" profile="web" name="/data/a b" pid=1 requested_mask="wc" denied_mask="wc" fsuid=0 ouid=0',
  'type=AVC msg=audit(1700000002.000:5): apparmor="DENIED" operation="open" profile="web" name="/etc/shadow" pid=1 requested_mask="r" denied_mask="r" fsuid=1 ouid=0',
  'type=AVC msg=audit(1700000002.000:6): apparmor="ALLOWED" operation="open" profile="web" name="/data/" pid=1 requested_mask="r" denied_mask="r" fsuid=1 ouid=0',
  'type=AVC msg=audit(1700000002.000:7): apparmor="ALLOWED" operation="capable" profile="web" pid=1 capability=13 capname="net_raw"',
  'type=AVC msg=audit(1700000002.000:8): apparmor="ALLOWED" operation="create" profile="web" pid=1 family="netlink" sock_type="raw" protocol=0 requested_mask="create" denied_mask="create"',
  'type=AVC msg=audit(1700000003.000:9): avc:  denied  { read open } for  pid=1 path="/srv/x" dev="a" ino=1 scontext=u:r:t:s0 tcontext=u:object_r:f:s0 tclass=file permissive=1',
  'type=AVC msg=audit(1700000003.000:10): avc:  denied  { name_bind } for  pid=1 src=80 scontext=u:r:t:s0 tcontext=u:object_r:p:s0 tclass=tcp_socket permissive=1',
];

test('what went through is evidence, what was refused is told as refused, the rest says why it is neither', () => {
  const reader = readingDenials();
  for (const line of log) reader.add(line);
  const { recording, left } = recordingOfDenials(reader.end().denials, 'web', 'app');
  const told = recording.observations.map((each) => {
    const {
      container: _,
      phase: __,
      seen: ___,
      program: ____,
      ...rest
    } = { program: null, phase: null, seen: null, ...each };
    return JSON.stringify(rest);
  });
  assert.deepEqual(told, [
    '{"type":"syscall","arch":"x86_64","nr":165,"name":"mount"}',
    '{"type":"syscall-denied","arch":"x86_64","nr":321,"name":"bpf","outcome":{"errno":1}}',
    '{"type":"syscall-denied","arch":"x86_64","nr":322,"name":"execveat","outcome":{"signal":31}}',
    '{"type":"file","path":"/data/a b","access":"write","resolution":"exact","kind":"unknown","owner":true}',
    '{"type":"file","path":"/data/a b","access":"create","resolution":"exact","kind":"unknown","owner":true}',
    '{"type":"file-failed","path":"/etc/shadow","errno":13}',
    '{"type":"file","path":"/data","access":"list","resolution":"exact","kind":"directory","owner":false}',
    '{"type":"capability","name":"CAP_NET_RAW","granted":true,"syscall":null,"filtered":true}',
    '{"type":"socket","family":"netlink","kind":"raw","protocol":0}',
    '{"type":"file","path":"/srv/x","access":"read","resolution":"exact","kind":"file","owner":null}',
  ]);
  assert.deepEqual(left, [{ reason: 'tcp_socket: SELinux tells types, not what was done', count: 1 }]);
  assert.ok(recording.coverage.every(({ gaps }) => gaps.length === 1));
});

test('the recording is one that every command reads, and adds up with others', async () => {
  const reader = readingDenials();
  for (const line of log) reader.add(line);
  const { recording } = recordingOfDenials(reader.end().denials, 'web', 'app');
  const { header, containers, coverage, observations, end } = recording;
  assert.ok(end);
  const read = await readRecording(writeRecording([header, ...containers, ...coverage, ...observations, end]));
  const [baseline] = fold([read, read]);
  assert.deepEqual(
    [baseline?.workload, baseline?.instances.length, baseline?.facts.length],
    ['web', 1, observations.length],
  );
});
