/**
 * Labels by path, as on a host: the guest's own programs with the labels of Debian's policy and those that ours puts on.
 * A shell's programs run each in a domain of their own.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import { selinux } from '#policies/selinux/index.ts';
import { proved, replay } from '#proof/replay.ts';
import { withoutGuest } from './guest.ts';
import { type Guest, inGuest, recorded } from './selinux-guest.ts';
import { workloads } from './workloads.ts';

const skip = withoutGuest('selinux');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-selinux-paths-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a node has its own type for, as `matchpathcon` tells. */
const chosen: Readonly<Record<string, Record<string, unknown>>> = {
  nginx: { entry: 'standard', pathType: ['/usr/sbin/nginx=httpd_exec_t'] },
  shell: { entry: 'standard', domains: 'per-program' },
};
/** What may be missing, and why. */
const missing: readonly (readonly [what: RegExp, why: string])[] = [
  [/ httpd_modules_t /, 'a type of the base that the small table does without'],
  [/ self process (signal|sigkill)$/, 'sent only when a program is stopped at that very moment'],
  [
    / (nginx\.rw file unlink|var_run_t dir remove_name)$/,
    'what a server removes when it is stopped, unless it was killed',
  ],
  [
    /^shell\.\w+ shell\.rw file (getattr|write)$/,
    'a file that the parent opened: no recorder shows what a program inherits',
  ],
  [
    / (security_t filesystem|selinux_config_t dir|selinux_config_t file) /,
    'programs ask about SELinux only where it is on',
  ],
];

function inMode(policies: ReadonlyMap<string, string>, mode: 'permissive' | 'enforcing'): Promise<Guest> {
  return inGuest({ policies, more: '', mode, script: 'selinux-paths-guest.sh', share: folder, variables: {} });
}

test('programs work under policies by path, each program in its domain, and files that nobody labelled for them are refused', {
  skip,
  timeout: 900_000,
}, async (t) => {
  const policies = new Map<string, string>();
  const starts: string[] = [];
  for (const workload of workloads(folder).filter(({ name }) => name in chosen)) {
    const recording = await recorded(workload);
    const flags = chosen[workload.name] ?? {};
    for (const each of recording.observations)
      if (each.type === 'exec') starts.push(`${each.phase} ${each.program} (${each.parent}) starts ${each.path}`);
    const [baseline] = fold([recording]);
    assert.ok(baseline);
    const options = selinux.options.parse({ labels: 'paths', ...flags });
    const made = selinux.generate({ baselines: [baseline], cluster: null }, options);
    assert.ok(made.type === 'artifacts', JSON.stringify(made));
    const text = made.artifacts[0]?.text ?? '';
    assert.ok(proved(replay(selinux.evaluator(text, flags), [recording])));
    policies.set(workload.name, text);
    writeFileSync(`${folder}/${workload.name}.argv`, workload.argv.map((word) => `${word}\0`).join(''));
  }
  assert.match(policies.get('shell') ?? '', /\(typetransition process sort_exec process sort\)/, starts.join('\n'));

  const first = await inMode(policies, 'permissive');
  for (const each of [
    'nginx works',
    'shell works',
    'nginx shadow.txt 200',
    'shell read /etc/shadow',
    'shell read /data/x',
  ])
    assert.ok(first.said.includes(each), first.said.join('\n'));
  const refined = new Map<string, string>();
  for (const [name, text] of policies) {
    const ours = first.denials.filter(({ fields }) => fields['scontext']?.includes(`:${name}.`) === true);
    const { text: more, additions } = selinux.refine?.(text, ours) ?? { text, additions: [] };
    for (const { permission } of additions) {
      const reason = missing.find(([what]) => what.test(permission));
      t.diagnostic(`${permission}: ${reason?.[1] ?? 'no reason is known'}`);
      assert.ok(reason, `${permission} should have come from the recording`);
    }
    refined.set(name, more);
  }

  const second = await inMode(refined, 'enforcing');
  for (const each of ['nginx works', 'shell works', 'shell was refused /etc/shadow', 'shell was refused /data/x'])
    assert.ok(second.said.includes(each), second.said.join('\n'));
  // Refused when it is looked at, or when it is opened.
  assert.ok(second.said.some((line) => /^nginx shadow\.txt 40[34]$/.test(line)));
  // Stopped while it works, nginx signals its workers: in a run that was recorded and in the permissive one it may not have.
  const stopping = /^(signal|sigkill)$/;
  const others = second.denials.filter(
    ({ fields, permissions }) =>
      !/:(shadow_t|root_t|default_t):/.test(fields['tcontext'] ?? '') &&
      !(fields['tclass'] === 'process' && permissions.every((each) => stopping.test(each))),
  );
  assert.deepEqual(others, []);
});
