/** Modules against checkmodule, the policy tools and libsepol: random sets, classes, conditions. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from './decide.ts';
import { readExpressions } from './expressions.ts';
import { type Asked, miniBase, oracle, withoutOracle } from './oracle.cases.ts';
import { policyOf } from './policy.ts';
import { readModule } from './te.ts';

const type = fc.constantFrom('etc_t', 'bin_t', 'm_t', 'm_data_t', 'm_attr', 'http_port_t');
const set = fc.oneof(
  { weight: 4, arbitrary: type },
  { weight: 2, arbitrary: fc.tuple(type, type).map(([a, b]) => `{ ${a} ${b} }`) },
  { weight: 2, arbitrary: fc.tuple(type, type, type).map(([a, b, c]) => `{ ${a} ${b} -${c} }`) },
);
const classes = fc.constantFrom('file', 'dir', '{ file dir }');
const permissions = fc.constantFrom('read', '{ read write }', '~read', '*', '~{ read getattr }', 'getattr');
const rule = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(set, fc.oneof(set, fc.constantFrom('self', '{ self etc_t }')), classes, permissions)
      .map(([s, t, c, p]) => `allow ${s} ${t}:${c} ${p};`),
  },
  { weight: 1, arbitrary: fc.tuple(set, set).map(([s, t]) => `dontaudit ${s} ${t}:file append;`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'typeattribute m_data_t m_attr;',
      'typealias m_t alias m_alias_t;',
      'permissive m_t;',
      'type_transition m_t bin_t:process m_data_t;',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('on', '!on', 'on && off', 'on || off', '(on ^ off) && !off', 'on == off'), type)
      .map(([when, t]) => `if (${when}) { allow m_t ${t}:file append; } else { allow m_t ${t}:file create; }`),
  },
  {
    weight: 1,
    arbitrary: type.map(
      (t) =>
        `optional { require { type shell_exec_t; } allow m_t shell_exec_t:file lock; allow m_t ${t}:file rename; }`,
    ),
  },
);
const module = fc.array(rule, { minLength: 1, maxLength: 8 }).map((rules) => {
  const once = rules.filter((each, at) => !each.startsWith('typealias') || rules.indexOf(each) === at);
  return `module m 1.0;
require { type etc_t, bin_t, http_port_t; attribute file_type; role object_r;
  class file { read write getattr append create lock rename open }; class dir { read write getattr search }; class process transition; }
bool on true; bool off false;
attribute m_attr; type m_t, m_attr; type m_data_t; role object_r types m_data_t;
allow m_t etc_t:file open;
${once.join('\n')}
`;
});
const names = ['m_t', 'm_data_t', 'etc_t', 'bin_t', 'shell_exec_t', 'http_port_t'];
const questions = names.flatMap((source) =>
  names.flatMap((target) =>
    [
      'file read',
      'file write',
      'file getattr',
      'file append',
      'file create',
      'file lock',
      'file rename',
      'file open',
      'dir read',
      'dir search',
    ].map((each): Asked => {
      const [kind = '', permission = ''] = each.split(' ');
      return { source, target, class: kind, permission };
    }),
  ),
);

test('random modules are answered as checkmodule, pp and libsepol answer them', {
  skip: withoutOracle,
  timeout: 300_000,
}, () => {
  const base = readExpressions(miniBase(), 'base');
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-te-'));
  let compared = 0;
  try {
    fc.assert(
      fc.property(module, (text) => {
        writeFileSync(`${folder}/m.te`, text);
        execFileSync('checkmodule', ['-M', '-m', '-o', `${folder}/m.mod`, `${folder}/m.te`], { stdio: 'pipe' });
        execFileSync('semodule_package', ['-o', `${folder}/m.pp`, '-m', `${folder}/m.mod`], { stdio: 'pipe' });
        const cil = execFileSync('/usr/libexec/selinux/hll/pp', [], {
          input: readFileSync(`${folder}/m.pp`),
          encoding: 'utf8',
        });
        const theirs = oracle({ 'm.cil': cil }, questions);
        assert.ok('answers' in theirs, `${text} ${JSON.stringify(theirs)}`);
        const policy = policyOf([
          { statements: base, own: false },
          { ...readModule(text), own: true },
        ]);
        for (const [at, each] of questions.entries()) {
          const ours = decide({ ...policy, permissive: [] }, each);
          assert.equal(
            ours.verdict,
            theirs.answers[at]?.allowed === true ? 'allow' : 'deny',
            `${JSON.stringify(each)} of ${text}: ${ours.rule}`,
          );
          compared += 1;
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.ok(compared >= 5000, `${compared} answers compared`);
});
