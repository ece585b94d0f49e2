/**
 * The whole claim under a kernel that enforces SELinux (the lab's guest): record real programs in containers here, write
 * their policies, load them there. First permissive: what the recorder could not see becomes AVC lines, and refine adds
 * it. Then enforcing: every program does its work without one AVC, and files that are not its own are refused.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import { selinux } from '#policies/selinux/index.ts';
import { proved, replay } from '#proof/replay.ts';
import { withoutGuest } from './guest.ts';
import { type Guest, inGuest, recorded } from './selinux-guest.ts';
import { type Workload, workloads } from './workloads.ts';

const skip = withoutGuest('selinux');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-selinux-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * What the lab's guest is, beside a node: its overlays lie over its own root, whose programs have types of their own
 * where a node has container_ro_file_t; and a detached container's output is a file on tmpfs, no pipe of the runtime.
 */
const guestRules = `(allow domain exec_type (file (read)))
(allow domain tmpfs_t (file (append getattr ioctl write)))`;

function inOneGuest(policies: ReadonlyMap<string, string>, mode: 'permissive' | 'enforcing'): Promise<Guest> {
  return inGuest({
    policies,
    more: guestRules,
    mode,
    script: 'selinux-containers-guest.sh',
    share: folder,
    variables: { NAMES: [...policies.keys()].join(' ') },
  });
}

/** PostgreSQL takes as long as all others together: two guests at once. */
async function inGuests(policies: ReadonlyMap<string, string>, mode: 'permissive' | 'enforcing'): Promise<Guest> {
  const [slow, rest] = [true, false].map(
    (wanted) => new Map([...policies].filter(([name]) => (name === 'postgres') === wanted)),
  );
  const guests = await Promise.all([slow, rest].map((each) => inOneGuest(each ?? new Map(), mode)));
  return { said: guests.flatMap(({ said }) => said), denials: guests.flatMap(({ denials }) => denials) };
}

/** What may be missing from a policy of a recording, and why. Anything else that a permissive run shows is a fault of ours. */
const missing: readonly (readonly [what: RegExp, why: string])[] = [
  [/ self process execmem$/, 'no recorder shows memory that is written and then executed'],
  [/ self netlink_\w+_socket /, 'families of sockets are told by the operations sensor'],
  [/ self unix_\w+_socket /, 'families of sockets are told by the operations sensor'],
  [/ self process (signal|sigkill|signull)$/, 'sent only when a program is stopped at that very moment'],
  [/ container_file_t sock_file /, 'no recorder shows that bind makes a socket in a directory'],
  [/ hugetlbfs_t file /, 'no recorder shows huge pages, which PostgreSQL tries'],
  [
    / container_file_t (file unlink|dir remove_name)$/,
    'what a server removes when it is stopped, unless it was killed',
  ],
];

async function policyOf(workload: Workload): Promise<string> {
  const recording = await recorded(workload);
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  const made = selinux.generate({ baselines: [baseline], cluster: null }, selinux.options.parse({ labels: 'mount' }));
  assert.ok(made.type === 'artifacts', JSON.stringify(made));
  const text = made.artifacts[0]?.text ?? '';
  assert.ok(proved(replay(selinux.evaluator(text), [recording])), workload.name);
  if (workload.second !== undefined) writeFileSync(`${folder}/${workload.name}.second`, workload.second);
  writeFileSync(`${folder}/${workload.name}.argv`, workload.argv.map((word) => `${word}\0`).join(''));
  return text;
}

test('real programs work under enforcing policies of their recordings without one AVC, and reach nothing else', {
  skip,
  timeout: 1_500_000,
}, async (t) => {
  const policies = new Map<string, string>();
  for (const workload of workloads(folder)) policies.set(workload.name, await policyOf(workload));
  const works = [...policies.keys()].flatMap((name) => [
    `${name} works`,
    ...(existsSync(`${folder}/${name}.second`) ? [`${name} does other work`] : []),
  ]);

  // Permissive: all goes through, what is not granted is told.
  const first = await inGuests(policies, 'permissive');
  assert.deepEqual(
    works.filter((each) => !first.said.includes(each)),
    [],
    first.said.join('\n'),
  );
  assert.ok(first.said.includes('nginx secret.txt 200') && first.said.includes('nginx shadow.txt 200'));
  const refined = new Map<string, string>();
  for (const [name, text] of policies) {
    const ours = first.denials.filter(({ fields }) => fields['scontext']?.includes(`:${name}.process:`) === true);
    const { text: more, additions, left } = selinux.refine?.(text, ours) ?? { text, additions: [], left: [] };
    t.diagnostic(`${name}: ${ours.length} AVCs when permissive, ${additions.length} permissions added`);
    for (const { permission } of additions) {
      const reason = missing.find(([what]) => what.test(permission));
      t.diagnostic(`  ${permission}: ${reason?.[1] ?? 'no reason is known'}`);
      assert.ok(reason, `${permission} should have come from the recording`);
    }
    // What belongs to others is not added: passwords by name, the other container's file because its categories refuse it.
    for (const { reason } of left)
      assert.match(reason, /^(shadow_t file \w+ is not added|container_file_t file (read|open) is allowed already)/);
    refined.set(name, more);
  }

  const second = await inGuests(refined, 'enforcing');
  assert.deepEqual(
    works.filter((each) => !second.said.includes(each)),
    [],
    second.said.join('\n'),
  );
  for (const page of ['secret.txt', 'shadow.txt'])
    assert.ok(
      second.said.some((line) => new RegExp(`^nginx ${page} 40[34]$`).test(line)),
      second.said.join('\n'),
    );
  const [wanted, others] = [true, false].map((refusal) =>
    second.denials.filter(
      ({ fields }) =>
        (fields['scontext']?.includes(':nginx.process:') === true &&
          /shadow_t|:c3,c4$/.test(fields['tcontext'] ?? '')) === refusal,
    ),
  );
  assert.deepEqual(others, []);
  assert.ok((wanted?.length ?? 0) >= 2 && wanted?.every(({ enforced }) => enforced));
});
