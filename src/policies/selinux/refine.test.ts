import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Denial } from '#observation/denial.ts';
import { selinux } from './index.ts';

const process = 'system_u:system_r:shop.process:s0:c1,c2';
const denial = (
  target: string,
  kind: string,
  permissions: readonly string[],
  more: Record<string, string> = {},
): Denial => ({
  framework: 'selinux',
  enforced: true,
  at: null,
  fields: { scontext: process, tcontext: `system_u:object_r:${target}:s0`, tclass: kind, ...more },
  permissions,
  count: 2,
});
const cil = '(block shop (type process) (allow process etc_t (file (read))))\n';
const refine = (text: string, denials: readonly Denial[]) => {
  const refined = selinux.refine?.(text, denials);
  assert.ok(refined);
  return refined;
};

test('what was denied is added, counted, and nothing beside it; a second time it is there already', () => {
  const denials = [denial('cert_t', 'file', ['read', 'open']), denial('cert_t', 'file', ['read'])];
  const { text, additions, left } = refine(cil, denials);
  assert.deepEqual(additions, [
    { permission: 'shop.process cert_t file open', count: 2 },
    { permission: 'shop.process cert_t file read', count: 4 },
  ]);
  assert.deepEqual(left, []);
  const judge = selinux.evaluator(text);
  const ask = { source: 'shop.process', target: 'cert_t', class: 'file' };
  assert.equal(judge.answer({ ...ask, permission: ['read', 'open'] }).verdict, 'allow');
  assert.equal(judge.answer({ ...ask, permission: 'write' }).verdict, 'deny');
  assert.deepEqual(refine(text, denials).additions, []);
  assert.equal(refine(text, denials).text, text);
});

test('dangers, missing labels, other domains, other frameworks and refusals by category are left, by name', () => {
  const { text, additions, left } = refine(cil, [
    denial('shadow_t', 'file', ['read']),
    denial('default_t', 'file', ['read'], { path: '/data/"x"\n' }),
    denial('etc_t', 'file', ['read']),
    {
      ...denial('etc_t', 'file', ['write']),
      fields: { scontext: 'system_u:system_r:other_t:s0', tcontext: 'system_u:object_r:etc_t:s0', tclass: 'file' },
    },
    { ...denial('etc_t', 'file', ['write']), framework: 'apparmor' },
    { ...denial('etc_t', 'file', ['write']), fields: {} },
  ]);
  assert.equal(text, cil);
  assert.deepEqual(additions, []);
  assert.deepEqual(
    left.map(({ reason }) => reason.replace(/[:,].*/, '')),
    [
      'a denial of another domain',
      'a denial of apparmor',
      'a denial without contexts or class',
      'default_t file read is not added',
      'etc_t file read is allowed already',
      'shadow_t file read is not added',
    ],
  );
});

const forms: readonly (readonly [name: string, text: string, domain: string])[] = [
  [
    'a module',
    'module shop 1.0;\nrequire { type etc_t; class file read; }\ntype shop_t;\nallow shop_t etc_t:file read;\n',
    'shop_t',
  ],
  [
    'a SelinuxProfile',
    'apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SelinuxProfile\nmetadata:\n  name: shop\nspec:\n  allow:\n    etc_t:\n      file:\n        - read\n',
    'shop.process',
  ],
  [
    'a RawSelinuxProfile',
    'apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: RawSelinuxProfile\nmetadata:\n  name: shop\nspec:\n  policy: |\n    (type process)\n    (allow process etc_t (file (read)))\n',
    'shop.process',
  ],
];
for (const [name, text, domain] of forms)
  test(`${name} takes additions in its own form and stays what it was`, () => {
    const fields = {
      scontext: `system_u:system_r:${domain}:s0`,
      tcontext: `system_u:system_r:${domain}:s0`,
      tclass: 'process',
    };
    const refined = refine(text, [
      {
        ...denial('etc_t', 'file', ['open', 'getattr']),
        fields: { ...fields, tcontext: 'system_u:object_r:etc_t:s0', tclass: 'file' },
      },
      { ...denial('x', 'process', ['setsched']), fields },
    ]);
    assert.equal(refined.additions.length, 3);
    const judge = selinux.evaluator(refined.text);
    for (const [target, kind, permission] of [
      ['etc_t', 'file', 'read'],
      ['etc_t', 'file', 'open'],
      ['self', 'process', 'setsched'],
    ] as const)
      assert.equal(
        judge.answer({ source: domain, target, class: kind, permission }).verdict,
        'allow',
        `${target} ${permission}`,
      );
    assert.deepEqual(refine(refined.text, []).text, refined.text);
  });

test('hostile fields of a log never become text of a policy', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 4, maxLength: 4 }),
      ([a = '', b = '', c = '', d = '']) => {
        const { text, additions } = refine(cil, [
          {
            ...denial('etc_t', a, [b]),
            fields: { scontext: process, tcontext: `system_u:object_r:${c}:s0`, tclass: a, path: d },
          },
          denial(`x)\n(allow shop.process ${c}`, 'file', ['read']),
        ]);
        for (const { permission } of additions)
          assert.match(permission, /^shop\.process [\w.-]+ [a-z0-9_]+ [a-z0-9_]+$/);
        assert.doesNotThrow(() => selinux.evaluator(text));
        if (additions.length === 0) assert.equal(text, cil);
      },
    ),
  );
});
