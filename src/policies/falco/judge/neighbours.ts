/** Questions beside what the exceptions let pass in silence: another name, port or user, and what attackers begin with. */
import { bytesOf } from './glob.ts';
import type { Query } from '../query.ts';
import { conjuncts } from './match.ts';
import type { Expression } from '../language/condition.ts';
import { asked } from './questions.ts';
import { permissionOf, type Rulebook } from './rulebook.ts';
import type { Labelled } from './event.ts';

const programs = ['/bin/sh', '/usr/bin/curl', '/tmp/kguardian-neighbour'];
const written = ['/etc/ld.so.preload', '/etc/cron.d/job', '/usr/bin/kguardian-neighbour', '/root/.ssh/authorized_keys'];
const read = ['/etc/shadow', '/root/.ssh/id_rsa', '/proc/1/environ', '/run/secrets/kubernetes.io/serviceaccount/token'];
const calls = ['ptrace', 'mount', 'bpf', 'unshare', 'finit_module', 'kexec_load', 'setns'];

/** Only what some rule watches: silence about the rest is nobody's decision. */
export function* neighbours(book: Rulebook): Generator<{ query: Query; label: string }> {
  const seen = new Set<string>();
  for (const each of [...standing(), ...beside(book)]) {
    const key = JSON.stringify(each.query);
    if (seen.has(key) || !isWatched(book, each.query)) continue;
    seen.add(key);
    yield each;
  }
}

const anywhere: Labelled = { fields: {}, bare: false };

/** Whether a rule tells of it, or would but for an exception. */
function isWatched(book: Rulebook, query: Query): boolean {
  return asked(query, 'present').events.some((oneOf) =>
    oneOf.some((event) =>
      book.about(event.types).some((rule) => {
        const { fires, grants } = rule.ask(event, anywhere, true);
        return fires !== false || grants.length > 0;
      }),
    ),
  );
}

function* standing(): Generator<{ query: Query; label: string }> {
  for (const path of programs) yield { query: { op: 'exec', path }, label: `run ${path}` };
  for (const path of written) yield { query: { op: 'file', access: 'write', path }, label: `write ${path}` };
  for (const path of read) yield { query: { op: 'file', access: 'read', path }, label: `read ${path}` };
  for (const name of calls) yield { query: { op: 'call', name }, label: `call ${name}` };
  yield {
    query: { op: 'connect', ip: '192.0.2.254', port: 443, protocol: 'tcp' },
    label: 'connect to 192.0.2.254:443',
  };
  yield { query: { op: 'listen', port: 4444, protocol: 'tcp' }, label: 'listen at 4444/tcp' };
}

function* beside(book: Rulebook): Generator<{ query: Query; label: string }> {
  for (const { expanded } of book.rules)
    for (const grant of expanded.grants)
      for (const [field, value] of valuesOf(grant.expression)) yield* near(field, value, permissionOf(grant));
}

function valuesOf(expression: Expression): [string, string][] {
  return conjuncts(expression).flatMap((each) =>
    each.type === 'check' && !('field' in each.right)
      ? each.right.map((value): [string, string] => [each.left.field, value])
      : [],
  );
}

/** Question marks and stars of a pattern stand for themselves here: a name that it matches, and one beside. */
function* near(field: string, value: string, permission: string): Generator<{ query: Query; label: string }> {
  const label = (what: string): string => `${what}, beside ${permission}`;
  if (field === 'proc.exepath') {
    yield { query: { op: 'exec', path: value }, label: label(`run ${value}`) };
    yield { query: { op: 'exec', path: `${value}x` }, label: label(`run ${value}x`) };
  } else if (field === 'user.uid' && /^\d{1,9}$/.test(value)) {
    const uid = Number(value) + 1;
    yield { query: { op: 'exec', path: '/bin/sh', uid }, label: label(`run as ${uid}`) };
  } else if (field === 'fd.name' && value.startsWith('/')) {
    for (const path of [value, `${value}x`, `${value.replace(/[^/]*\/?$/, '')}kguardian-neighbour`])
      if (bytesOf(path).length < 4096) {
        yield { query: { op: 'file', access: 'write', path }, label: label(`write ${path}`) };
        yield { query: { op: 'file', access: 'read', path }, label: label(`read ${path}`) };
      }
  } else if (field === 'fd.sport' && /^\d{1,5}$/.test(value) && Number(value) < 65_535) {
    const port = Number(value) + 1;
    yield { query: { op: 'connect', ip: '192.0.2.254', port, protocol: 'tcp' }, label: label(`connect to ${port}`) };
    yield { query: { op: 'listen', port, protocol: 'tcp' }, label: label(`listen at ${port}/tcp`) };
  }
}
