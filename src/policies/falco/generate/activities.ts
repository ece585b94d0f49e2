/** What programs did → rules that tell of everything else: programs and users, calls, kinds of sockets. */
import type { Claim } from '#baseline/baseline.ts';
import type { Drafted, ExceptionDraft, RuleDraft } from './draft.ts';
import { listed, widenings } from './exceptions.ts';
import { macros, rawTypes, watchedCalls, watchedFamilies } from './shared.ts';
import { type Values, valuesOf } from './values.ts';

export type ClaimOf<T extends Claim['type']> = Extract<Claim, { type: T }>;

export function ofType<T extends Claim['type']>(claims: readonly Claim[], type: T): ClaimOf<T>[] {
  return claims.filter((claim): claim is ClaimOf<T> => claim.type === type);
}

/** What runs is named whole: where programs come from is no matter of chance. */
export function programPaths(claims: readonly Claim[]): Values {
  const paths = ofType(claims, 'exec').map(({ path }) => path);
  return valuesOf(paths, null, null);
}

export function programs(claims: readonly Claim[], id: string): Drafted {
  const execs = ofType(claims, 'exec');
  const paths = programPaths(claims);
  const found = listed('programs', id, 'proc.exepath', paths);
  const uids = [...new Set(execs.map(({ uid }) => uid))].toSorted((a, b) => a - b).map(String);
  const users = listed('users', id, 'user.uid', { literal: uids, patterns: [] });
  return {
    rules: [
      {
        title: 'Unexpected program',
        desc: 'A program was started that was not seen when this workload was recorded',
        macro: macros.started,
        priority: 'WARNING',
        tags: ['process', 'mitre_execution', 'T1059'],
        output: { command: 'proc.cmdline' },
        ...found,
      },
      {
        title: 'Unexpected user',
        desc: 'A program was started by a user id that was not seen when this workload was recorded',
        macro: macros.started,
        priority: 'WARNING',
        tags: ['users', 'mitre_privilege_escalation', 'T1548'],
        output: { command: 'proc.cmdline' },
        ...users,
      },
    ],
    notes: widenings('programs', paths.patterns),
  };
}

export function calls(claims: readonly Claim[], id: string): Drafted {
  const seen = ofType(claims, 'syscall').flatMap(({ name }) => (name !== null && watchedCalls.has(name) ? name : []));
  const mounted = ofType(claims, 'mount').length > 0 ? ['mount'] : [];
  const literal = [...new Set([...seen, ...mounted])].toSorted();
  const rule: RuleDraft = {
    title: 'Unexpected privileged call',
    desc: 'A system call was made that needs a capability or seldom used parts of the kernel, and was not seen when this workload was recorded',
    macro: macros.called,
    priority: 'CRITICAL',
    tags: ['process', 'mitre_privilege_escalation', 'T1611', 'T1068'],
    output: { command: 'proc.cmdline', arguments: 'evt.args' },
    ...listed('calls', id, 'evt.type', { literal, patterns: [] }),
  };
  return { rules: [rule], notes: [] };
}

export function families(claims: readonly Claim[]): Drafted {
  const sockets = ofType(claims, 'socket');
  const seen = [...new Set(sockets.map(({ family }) => family))].toSorted();
  const found = seen.flatMap((family) => watchedFamilies[family] ?? []);
  const exceptions: ExceptionDraft[] = [];
  if (found.length > 0) {
    const values = found.map((each) => [each]);
    exceptions.push({ name: 'families', fields: ['evt.arg.domain'], comps: ['contains'], values });
  }
  if (sockets.some(({ family, kind }) => family.startsWith('inet') && kind === 'raw')) {
    const fields = ['evt.arg.domain', 'evt.arg.type'];
    exceptions.push({ name: 'raw', fields, comps: ['contains', 'in'], values: [['AF_INET', rawTypes]] });
  }
  const rule: RuleDraft = {
    title: 'Unexpected kind of socket',
    desc: 'A socket was made that reaches the kernel or the network itself, and was not seen when this workload was recorded',
    macro: macros.rareSocket,
    priority: 'WARNING',
    tags: ['network', 'mitre_credential_access', 'T1040'],
    output: { command: 'proc.cmdline', family: 'evt.arg.domain', type: 'evt.arg.type' },
    exceptions,
    lists: [],
  };
  return { rules: [rule], notes: [] };
}
