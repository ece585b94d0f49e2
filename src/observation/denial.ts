/**
 * What a security module said of something that a policy did not allow: enforced, or only told (complain,
 * permissive, SCMP_ACT_LOG). A line of a log, decoded, and not yet anybody's policy.
 */
export interface Denial {
  readonly framework: 'seccomp' | 'apparmor' | 'selinux';
  /** False when it went through and was told all the same. */
  readonly enforced: boolean;
  /** Milliseconds since the epoch; null where the log's framing does not tell. */
  readonly at: number | null;
  /** The record's own fields by their own names, hexadecimal strings decoded (`text.ts`): `syscall`, `profile`, `tclass`. */
  readonly fields: Readonly<Record<string, string>>;
  /** SELinux: the permissions between the braces. Empty elsewhere. */
  readonly permissions: readonly string[];
  /** How often the same was said; `at` is the first time. */
  readonly count: number;
}
