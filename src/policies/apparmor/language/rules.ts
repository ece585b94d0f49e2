/** The rules of a profile, after variables and patterns are resolved. */
import type { Glob } from './glob.ts';

/** Of files. Execution is a mode of its own beside `x`. */
export type Letter = 'r' | 'w' | 'a' | 'm' | 'k' | 'l' | 'x';

export interface ExecMode {
  /** As written: `ix`, `Px`, `cux`; `x` in a deny rule. */
  readonly text: string;
  readonly to: 'inherit' | 'unconfined' | 'profile' | 'child' | 'denied';
  readonly fallback: 'inherit' | 'unconfined' | null;
  /** What `->` names; null where the executable's own name leads to the profile. */
  readonly target: string | null;
}

interface Rule {
  /** `line 7`. */
  readonly where: string;
  readonly deny: boolean;
}

export interface FileRule extends Rule {
  readonly type: 'file';
  readonly owner: boolean;
  /** As it was written, with its quotes. */
  readonly path: string;
  readonly globs: readonly Glob[];
  readonly letters: ReadonlySet<Letter>;
  readonly exec: ExecMode | null;
}

/** `link [subset] new -> existing`. The letter `l` of a file rule is a subset link to anything. */
export interface LinkRule extends Rule {
  readonly type: 'link';
  readonly owner: boolean;
  readonly subset: boolean;
  readonly link: string;
  readonly existing: string;
  readonly links: readonly Glob[];
  readonly existings: readonly Glob[];
}

export interface CapabilityRule extends Rule {
  readonly type: 'capability';
  /** Null: all. */
  readonly names: readonly string[] | null;
}

export interface NetworkRule extends Rule {
  readonly type: 'network';
  /** `inet stream`; empty parts are any. */
  readonly pairs: readonly { readonly family: string | null; readonly kind: string | null }[];
}

/** Signals and tracing: what, in which directions, with whom. Null is any. */
export interface PeerRule extends Rule {
  readonly type: 'signal' | 'ptrace';
  readonly accesses: ReadonlySet<string>;
  readonly signals: ReadonlySet<string> | null;
  readonly peer: string | null;
  readonly peers: readonly Glob[] | null;
}

export interface MountRule extends Rule {
  readonly type: 'mount' | 'remount' | 'umount';
  readonly fstypes: readonly Glob[] | null;
  /** Several `options=` are alternatives; `in`: any part of them. */
  readonly options: readonly { readonly exact: boolean; readonly flags: ReadonlySet<string> }[];
  readonly source: string | null;
  readonly sources: readonly Glob[] | null;
  readonly target: string | null;
  readonly targets: readonly Glob[] | null;
}

export interface RlimitRule extends Rule {
  readonly type: 'rlimit';
  readonly resource: string;
  /** Null: infinity. Of `nice` not modelled: also null. */
  readonly most: number | null;
}

/** What is read and has no say in any question that is asked here. */
export interface OtherRule extends Rule {
  readonly type: 'pivot_root' | 'change_profile' | 'dbus';
}

export type ProfileRule =
  | FileRule
  | LinkRule
  | CapabilityRule
  | NetworkRule
  | PeerRule
  | MountRule
  | RlimitRule
  | OtherRule;

export interface Profile {
  /** Whole: a child's is `parent//child`. */
  readonly name: string;
  readonly where: string;
  /** Where its closing brace stands, in the text's UTF-16 code units. */
  readonly end: number;
  readonly flags: readonly string[];
  readonly hat: boolean;
  readonly rules: readonly ProfileRule[];
  /** Files whose content is not known here, as written. */
  readonly includes: readonly string[];
  readonly children: readonly Profile[];
}

export interface ProfileFile {
  /** Null without a line of it; on a 6.1 kernel it made no difference to what is mediated. */
  readonly abi: string | null;
  readonly profiles: readonly Profile[];
}
