/**
 * What is written, under the official compilers: secilc, checkmodule, the reference policy's Makefile. The compiled
 * result is asked, so that no rule vanished, and answers as the judge does.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { fold } from '#baseline/fold.ts';
import type { Recording } from '#observation/recording.ts';
import { faults as schemaFaults, officialCrd, withoutSchemas } from '../official-schemas.cases.ts';
import { selinux } from './index.ts';
import { type Answer, type Asked, miniBase, oracle, withoutOracle } from './judge/oracle.cases.ts';
import { realRecordings } from './recordings.cases.ts';

const real = await realRecordings();

function artifactsOf(recording: Recording, flags: Record<string, unknown>): readonly { path: string; text: string }[] {
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  const made = selinux.generate({ baselines: [baseline], cluster: null }, selinux.options.parse(flags));
  assert.equal(made.type, 'artifacts', JSON.stringify(made));
  return made.type === 'artifacts' ? made.artifacts : [];
}

/** Types and attributes of Debian's base that the small one does without. */
function declarations(text: string, base: string): string {
  const words = new Set(
    [...text.replaceAll(/[#;].*/g, '').matchAll(/\b[a-z][a-z_0-9]*_(?:t|type)\b/g)].map(([word]) => word),
  );
  return [...words]
    .filter(
      (word) =>
        !text.includes(`type ${word}`) || text.includes(`\ttype ${word};`) || text.includes(`attribute ${word};`),
    )
    .filter((word) => !base.includes(`(type ${word})`) && !base.includes(`(typeattribute ${word})`))
    .map((word) => (word.endsWith('_type') ? `(typeattribute ${word})` : `(type ${word})\n(roletype object_r ${word})`))
    .join('\n');
}

/** A module as the CIL that semodule would make of it. */
function moduleAsCil(name: string, text: string, contexts: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-module-'));
  try {
    writeFileSync(`${folder}/${name}.te`, text);
    writeFileSync(`${folder}/${name}.fc`, contexts);
    execFileSync('checkmodule', ['-M', '-m', '-o', `${folder}/${name}.mod`, `${folder}/${name}.te`], { stdio: 'pipe' });
    execFileSync(
      'semodule_package',
      ['-o', `${folder}/${name}.pp`, '-m', `${folder}/${name}.mod`, '-f', `${folder}/${name}.fc`],
      { stdio: 'pipe' },
    );
    return execFileSync('/usr/libexec/selinux/hll/pp', [], {
      input: readFileSync(`${folder}/${name}.pp`),
      encoding: 'utf8',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compilable(path: string, text: string, contexts: string): string {
  if (path.endsWith('.te')) return moduleAsCil(path.slice(0, -3), text, contexts);
  if (!path.endsWith('.yaml')) return text;
  const object = parse(text) as {
    metadata: { name: string };
    spec: { policy?: string; inherit?: { name: string }[]; allow?: Record<string, Record<string, string[]>> };
  };
  const { policy, inherit = [], allow = {} } = object.spec;
  const rules = Object.entries(allow).flatMap(([target, classes]) =>
    Object.entries(classes).map(
      ([kind, words]) => `(allow process ${target === '@self' ? 'process' : target} (${kind} (${words.join(' ')})))`,
    ),
  );
  return `(block ${object.metadata.name}\n${policy ?? [...inherit.map(({ name }) => `(blockinherit ${name})`), ...rules].join('\n')})`;
}

const classes: Readonly<Record<string, string>> = {
  file: 'append create entrypoint execute execute_no_trans getattr ioctl link lock map open read rename setattr unlink write',
  dir: 'add_name create getattr open read remove_name rename rmdir search setattr write mounton',
  lnk_file: 'read getattr create unlink',
  chr_file: 'read write open getattr',
  process: 'fork transition signal sigkill ptrace execmem getsched setsched sigchld dyntransition',
  capability: 'chown setuid setgid net_bind_service sys_admin dac_override kill',
  tcp_socket: 'name_bind name_connect node_bind create listen accept connect',
  udp_socket: 'name_bind node_bind create',
  fd: 'use',
  unix_stream_socket: 'create read write connectto',
};

/** Every permission of the classes above between the policy's types and those around them. */
function boundary(text: string, domain: string, base: string): Asked[] {
  const words = new Set([...text.matchAll(/\b[a-z][a-z_0-9]*_t\b/g)].map(([word]) => word));
  const inner = domain.endsWith('.process') ? ['exec', 'ro', 'rw'].map((each) => domain.replace(/process$/, each)) : [];
  const others = [...base.matchAll(/\(type ([a-z_0-9]+_t)\)/g)].map(([, word = '']) => word);
  const targets = [...new Set([...words, ...inner, domain, ...others])];
  const sources = [domain, 'init_t', 'container_runtime_t'];
  return sources.flatMap((source) =>
    targets.flatMap((target) =>
      Object.entries(classes).flatMap(([kind, list]) =>
        list.split(' ').map((permission) => ({ source, target, class: kind, permission })),
      ),
    ),
  );
}

const forms = [
  { output: 'cil', labels: 'mount' },
  { output: 'cil', labels: 'paths' },
  { output: 'cil', labels: 'paths', domains: 'per-program', entry: 'standard' },
  { output: 'cil', inherit: ['container', 'restricted_net_container'] },
  { output: 'te', labels: 'mount' },
  { output: 'te', labels: 'paths' },
  { output: 'spo' },
  { output: 'spo-raw', labels: 'paths' },
] as const;

for (const { name, recording } of real)
  for (const flags of forms) {
    test(`${name} as ${Object.values(flags).flat().join(', ')} compiles, loses no rule, and answers as the judge does`, {
      skip: withoutOracle,
    }, () => {
      const [artifact, second] = artifactsOf(recording, flags);
      assert.ok(artifact);
      const base = miniBase();
      const contexts = second?.path.endsWith('.fc') === true ? second.text : '';
      const cil = compilable(artifact.path, artifact.text, contexts);
      assert.equal(cil.split('(filecon').length, artifact.text.split(/\(filecon|^#fc /m).length);
      const more = declarations(artifact.text, base);
      const judge = selinux.evaluator(artifact.text, { base: `${base}\n${more}` });
      const domain = artifact.path.endsWith('.te') ? `${artifact.path.slice(0, -3)}_t` : `${name}.process`;
      const asked = boundary(artifact.text, domain, base);
      // Every grant of the text itself is among the questions: none may have vanished.
      const grants = judge.permissions.flatMap((each): Asked[] => {
        const [source = '', target = '', kind = '', permission = ''] = each.split(' ');
        return [{ source, target, class: kind, permission }];
      });
      const domains = new Set([...grants.map(({ source }) => source), 'init_t', 'container_runtime_t']);
      // The oracle takes a bare target for a file; who is acted on here is a process.
      const ask = (each: Asked): Asked =>
        each.class === 'process' && domains.has(each.target)
          ? { ...each, target: `system_u:system_r:${each.target}:s0` }
          : each;
      const theirs = oracle({ 'more.cil': more, 'policy.cil': cil }, [...grants, ...asked].map(ask));
      assert.ok('answers' in theirs, JSON.stringify(theirs).replaceAll('\\n', '\n'));
      for (const [at, each] of grants.entries())
        assert.equal(
          theirs.answers[at]?.allowed,
          true,
          `${JSON.stringify(each)} is granted, and ${JSON.stringify(theirs.answers[at])}`,
        );
      let compared = 0;
      for (const [at, each] of asked.entries()) {
        const answer: Answer | undefined = theirs.answers[at + grants.length];
        const wanted: string = answer?.allowed === true ? 'allow' : answer?.allowed === false ? 'deny' : 'unknown';
        const ours = judge.answer(each);
        assert.equal(ours.verdict, wanted, `${JSON.stringify(each)}: ${ours.rule}, ${JSON.stringify(answer)}`);
        compared += wanted === 'unknown' ? 0 : 1;
      }
      assert.ok(compared >= 5000, `only ${compared} questions could be compared`);
    });
  }

for (const output of ['spo', 'spo-raw'] as const)
  test(`the fields of ${output} are those of the official schema`, { skip: withoutSchemas }, () => {
    for (const { recording } of real) {
      const [artifact] = artifactsOf(recording, { output });
      const object = parse(artifact?.text ?? '') as { apiVersion: string; kind: string };
      const official = officialCrd('security-profiles-operator', object.apiVersion, object.kind);
      assert.equal(official.scope, 'Cluster');
      assert.deepEqual(schemaFaults(object, official), []);
    }
  });

const makefile = '/usr/share/selinux/devel/Makefile';
test('modules with interfaces and contexts build with the Makefile of the reference policy', {
  skip: existsSync(makefile) ? false : 'selinux-policy-dev is not installed',
}, () => {
  for (const { recording } of real) {
    const folder = mkdtempSync(join(tmpdir(), 'kguardian-refpolicy-'));
    try {
      const files = artifactsOf(recording, { output: 'te', labels: 'paths' });
      assert.deepEqual(
        files.map(({ path }) => path.replace(/^.*\./, '')),
        ['te', 'fc', 'if'],
      );
      for (const { path, text } of files) writeFileSync(`${folder}/${path}`, text);
      execFileSync('make', ['-s', '-f', makefile, files[0]?.path.replace(/te$/, 'pp') ?? ''], {
        cwd: folder,
        stdio: 'pipe',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});
