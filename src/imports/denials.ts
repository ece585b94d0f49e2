/** A log with audit records → what security modules said of what policies did not allow. */
import type { Denial } from '#observation/denial.ts';
import { type AuditRecord, auditRecord } from './audit-record.ts';

export interface DenialReader {
  add(line: string): void;
  /** Sorted by time. `notes` are sentences: what was passed over, and what the log itself lost. */
  end(): { readonly denials: readonly Denial[]; readonly notes: readonly string[] };
}

/** Logs that fall behind say so in their own words (kernel/audit.c, lib/ratelimit.c). */
const losses: readonly (readonly [sign: RegExp, what: string])[] = [
  [
    /audit: (?:backlog limit exceeded|audit_lost=)|audit_backlog=\d+ > audit_backlog_limit/,
    'the kernel dropped audit records (backlog)',
  ],
  [
    /kauditd_printk_skb: \d+ callbacks suppressed|printk_ratelimit|audit: rate limit exceeded/,
    'audit records were left out by a rate limit',
  ],
];

/** Other times, other processes: the same denial. */
const passing = new Set([
  'pid',
  'ppid',
  'parent',
  'ip',
  'auid',
  'ses',
  'ino',
  'scontext_raw',
  'sig',
  'uid',
  'gid',
  'lport',
  'src',
]);

/** Events whose records may still come; those of one are written together. */
const mostOpen = 1000;

const SECCOMP_RET_ACTION = 0x7fff_0000;
const seccompActions = { log: 0x7ffc_0000, allow: 0x7fff_0000 };

export function readingDenials(): DenialReader {
  const found = new Map<string, Denial>();
  const events = new Map<string, AuditRecord[]>();
  const notes = new Map<string, number>();
  const note = (what: string): void => void notes.set(what, (notes.get(what) ?? 0) + 1);

  function keep(denial: Denial): void {
    const lasting = Object.entries(denial.fields).filter(([name]) => !passing.has(name));
    const key = JSON.stringify([
      denial.framework,
      denial.enforced,
      lasting.toSorted(([a], [b]) => (a < b ? -1 : 1)),
      denial.permissions,
    ]);
    const known = found.get(key);
    found.set(key, known === undefined ? denial : { ...known, count: known.count + 1 });
  }

  function settle(event: string): void {
    const records = events.get(event) ?? [];
    events.delete(event);
    for (const record of records)
      if (record.access !== null || record.fields['apparmor'] !== undefined) told(completed(record, records));
  }

  function told(record: AuditRecord): void {
    const { type, fields, access, at } = record;
    const common = { at, fields, count: 1 };
    if (fields['apparmor'] !== undefined) {
      const said = fields['apparmor'];
      if (said === 'ALLOWED' || said === 'DENIED')
        keep({ ...common, framework: 'apparmor', enforced: said === 'DENIED', permissions: [] });
      else note(`AppArmor ${said.toLowerCase()}: neither allowed in complain mode nor denied`);
    } else if (access !== null) {
      if (access.result === 'denied')
        keep({
          ...common,
          framework: 'selinux',
          enforced: fields['permissive'] !== '1',
          permissions: access.permissions.toSorted(),
        });
      else note('SELinux granted');
    } else if (type === 'SECCOMP' || type === '1326') {
      const action = (Number(fields['code']) & SECCOMP_RET_ACTION) >>> 0;
      if (action === seccompActions.allow) note('seccomp allowed');
      else keep({ ...common, framework: 'seccomp', enforced: action !== seccompActions.log, permissions: [] });
    }
  }

  return {
    add(line) {
      for (const [sign, what] of losses) if (sign.test(line)) note(what);
      const record = auditRecord(line);
      if (record === null) return;
      // Records of an event come one after the other; a PATH may complete what an AVC says of a file.
      if (!['AVC', '1400', 'PATH', '1302', 'CWD', '1307'].includes(record.type)) return told(record);
      events.set(record.event, [...(events.get(record.event) ?? []), record]);
      const [oldest] = events.keys();
      if (events.size > mostOpen && oldest !== undefined) settle(oldest);
    },
    end() {
      for (const event of [...events.keys()]) settle(event);
      const sorted = [...found.values()].toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
      return {
        denials: sorted,
        notes: [...notes].map(([what, count]) => `${what} (${count} ${count === 1 ? 'line' : 'lines'})`).toSorted(),
      };
    },
  };
}

/** With the path of the file, where a record of the same event and inode names it whole. */
function completed(record: AuditRecord, others: readonly AuditRecord[]): AuditRecord {
  const { path, ino } = record.fields;
  if (record.access === null || path !== undefined || ino === undefined) return record;
  const named = others.find(({ type, fields }) => ['PATH', '1302'].includes(type) && fields['inode'] === ino);
  const name = named?.fields['name'];
  const cwd = others.find(({ type }) => ['CWD', '1307'].includes(type))?.fields['cwd'];
  if (name === undefined || name === '') return record;
  const whole = name.startsWith('/') ? name : cwd === undefined ? null : `${cwd.replace(/\/$/, '')}/${name}`;
  return whole === null ? record : { ...record, fields: { ...record.fields, path: whole } };
}
