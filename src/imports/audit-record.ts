/**
 * One record of Linux audit in any of its framings: as auditd writes it (`type=AVC msg=audit(SEC.MS:ID): …`), as the kernel
 * log has it (`audit: type=1400 audit(SEC.MS:ID): …`), with whatever syslog, journal or dmesg put in front.
 */
import { decodeText } from '#observation/text.ts';

export interface AuditRecord {
  /** `AVC`, `1400`, `SECCOMP`, `1326`, `PATH` … */
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Records of one event share it. */
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
  /** SELinux: `denied` or `granted`, and what; null for other records. */
  readonly access: { readonly result: string; readonly permissions: readonly string[] } | null;
}

const framing = /(?:^|[\s;])type=(\w+) (?:msg=)?audit\((\d+)\.(\d+):(\d+)\): ?(.*)$/s;
const groupSeparator = String.fromCharCode(0x1d);
const avc = /^avc: {1,2}(denied|granted) {1,2}\{ ([\w ]+) \} for {1,2}/;

/**
 * The kernel writes these quoted, or in hexadecimal when they hold blanks, quotes, control characters or bytes that are no
 * ASCII (audit_log_untrustedstring); digits alone are hexadecimal there, too.
 */
const strings = new Set([
  'comm',
  'exe',
  'name',
  'path',
  'cwd',
  'profile',
  'target',
  'peer',
  'srcname',
  'dev',
  'addr',
  'peer_addr',
  'label',
]);

/** Null for what is no audit record. */
export function auditRecord(line: string): AuditRecord | null {
  const [, type, seconds = '', fraction = '', id = '', rest] = framing.exec(line) ?? [];
  if (type === undefined || rest === undefined) return null;
  const [head = '', result, words = ''] = avc.exec(rest) ?? [];
  const at = Number(seconds) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  return {
    type,
    at,
    event: `${seconds}.${fraction}:${id}`,
    fields: fieldsOf(own(rest.slice(head.length))),
    access: result === undefined ? null : { result, permissions: words.trim().split(/ +/) },
  };
}

/** Without what auditd adds for people: behind a group separator, or by older ones without any. */
function own(text: string): string {
  const [before = ''] = text.split(groupSeparator);
  const end = before.search(/(?<=[^\s"])(?:AUID|ARCH|SYSCALL|UID)=/);
  return end < 0 ? before : before.slice(0, end);
}

function fieldsOf(text: string): Record<string, string> {
  const found: [string, string][] = [];
  for (const [, name = '', quoted, plain = ''] of text.matchAll(/([\w-]+)=(?:"([^"]*)"|([^\s,]*))/g))
    found.push([name, quoted ?? (strings.has(name) ? unquoted(plain) : plain)]);
  // `__proto__` is a field like others.
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(found));
}

function unquoted(text: string): string {
  if (text.length % 2 !== 0 || !/^[0-9A-F]+$/i.test(text)) return text === '(null)' ? '' : text;
  // Abstract addresses begin with a zero byte, and arguments are separated by it.
  return decodeText(Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}
