/** What is refused before it is judged, and how the text is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { faults as schemaFaults, officialCrd, withoutSchemas } from '../official-schemas.cases.ts';
import { evaluator } from './evaluate.ts';

const faults: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /not an object/],
  ['[', /neither JSON nor YAML/],
  ['{}', /^defaultAction: /],
  ['{"defaultAction":"ALLOW"}', /^defaultAction: /],
  ['{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":[],"action":"SCMP_ACT_ALLOW"}]}', /^syscalls\[0\]\.names: /],
  [
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}]}',
    /^syscalls\[0\]\.args\[0\]\.index: /,
  ],
  ['{"defaultAction":"SCMP_ACT_ERRNO","architectures":["x86_64"]}', /^architectures\[0\]: /],
  ['{"defaultAction":"SCMP_ACT_ERRNO","archMap":[]}', /^archMap: a container engine template/],
  ['kind: SeccompProfile\nspec: {}', /^spec\.defaultAction: /],
];
for (const [text, message] of faults) {
  test(`refused: ${text === '' ? 'nothing' : text.slice(0, 70)}`, () => {
    assert.throws(() => evaluator(text), { name: 'UnreadableArtifact', message });
  });
}

const rules: readonly (readonly [
  what: string,
  profile: object,
  query: Parameters<ReturnType<typeof evaluator>['answer']>[0],
  verdict: string,
  rule: RegExp,
])[] = [
  [
    'a listed call',
    { syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] },
    { arch: 'x86_64', syscall: 'read' },
    'allow',
    /^syscalls\[0\] SCMP_ACT_ALLOW$/,
  ],
  ['the default', {}, { arch: 'x86_64', syscall: 'read' }, 'deny', /^defaultAction SCMP_ACT_ERRNO \(EPERM\)$/],
  [
    'by number',
    { syscalls: [{ names: ['read'], action: 'SCMP_ACT_LOG' }] },
    { arch: 'x86_64', syscall: 0 },
    'allow',
    /SCMP_ACT_LOG/,
  ],
  [
    'another architecture',
    { architectures: ['SCMP_ARCH_X86_64'] },
    { arch: 'x86', syscall: 'read' },
    'deny',
    /x86 is not listed \(SCMP_ACT_KILL\)/,
  ],
  [
    'a name that the architecture has not',
    {},
    { arch: 'aarch64', syscall: 'open' },
    'unknown',
    /aarch64 has no call open/,
  ],
  ['a name that nobody has', {}, { arch: 'x86_64', syscall: 'opne' }, 'unknown', /no call opne is known/],
  [
    'somebody else decides',
    { defaultAction: 'SCMP_ACT_NOTIFY' },
    { arch: 'x86_64', syscall: 'read' },
    'unknown',
    /NOTIFY/,
  ],
  [
    'a base profile decides',
    { baseProfileName: 'runc' },
    { arch: 'x86_64', syscall: 'read' },
    'unknown',
    /baseProfileName runc/,
  ],
  [
    'a condition that holds',
    {
      syscalls: [
        { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
      ],
    },
    { arch: 'x86_64', syscall: 'personality', args: [8n] },
    'allow',
    /syscalls\[0\]/,
  ],
  [
    'a condition that does not',
    {
      syscalls: [
        { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
      ],
    },
    { arch: 'x86_64', syscall: 'personality', args: [9n] },
    'deny',
    /default/,
  ],
  [
    'newer than the profile, under runc',
    { defaultErrnoRet: 1, syscalls: [{ names: ['read', 'openat2'], action: 'SCMP_ACT_ALLOW' }] },
    { arch: 'x86_64', syscall: 999 },
    'deny',
    /ENOSYS by runc/,
  ],
];
for (const [what, profile, query, verdict, rule] of rules) {
  test(`answered: ${what}`, () => {
    const answer = evaluator(
      JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...profile }),
      'runc',
      query.arch === 'aarch64' ? 'aarch64' : 'x86_64',
    ).answer(query);
    assert.equal(answer.verdict, verdict, answer.rule);
    assert.match(answer.rule, rule);
  });
}

test('the fields that we write are those of the official SeccompProfile', { skip: withoutSchemas }, async () => {
  const { seccomp } = await import('./index.ts');
  const claim = { type: 'syscall', phase: 'program', program: null, arch: 'x86_64', nr: 0, name: 'read' } as const;
  const baseline = {
    place: null,
    workload: 'shop',
    container: 'shop',
    instances: [{ id: 'run', arch: 'x86_64', kernel: '6.18', started: 1, fromStart: true, complete: true }],
    coverage: [
      { instance: 'run', sensor: 'syscalls', state: 'ran', hook: 'tp_btf', from: 1, to: 2, lost: 0, gaps: [] },
    ],
    facts: [{ claim, seen: { run: { first: 1, last: 1, count: 1 } } }],
  } as const;
  const result = seccomp.generate({ baselines: [baseline], cluster: null }, seccomp.options.parse({ output: 'yaml' }));
  assert.ok(result.type === 'artifacts');
  const object = parse(result.artifacts[0]?.text ?? '') as { apiVersion: string; kind: string };
  const official = officialCrd('security-profiles-operator', object.apiVersion, object.kind);
  assert.deepEqual(schemaFaults(object, official), []);
});
