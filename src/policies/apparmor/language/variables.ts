/** Variables: those that `include <tunables/global>` brings, and a file's own. */
import { PatternError } from './glob.ts';

/** What Debian's apparmor 3.0 declares, as far as nothing on the node adds to it (tested against /etc/apparmor.d). */
const digits = (most: number): string =>
  Array.from({ length: most }, (_, at) => `[1-9]${'[0-9]'.repeat(at)}`).join(',');
const pid = `{${digits(6)},[1-4]${'[0-9]'.repeat(6)}}`;
const uid = `{[0-9],${digits(9).slice('[1-9],'.length)},[1-4]${'[0-9]'.repeat(9)}}`;

const standard: Readonly<Record<string, readonly string[]>> = {
  PROC: ['/proc/'],
  pid: [pid],
  tid: ['@{pid}'],
  pids: ['@{pid}'],
  uid: [uid],
  uids: ['@{uid}'],
  sys: ['/sys/'],
  run: ['/run/', '/var/run/'],
  HOME: ['@{HOMEDIRS}/*/', '/root/'],
  HOMEDIRS: ['/home/'],
  multiarch: ['*-linux-gnu*'],
};

/** Which of the standard ones a file of tunables declares; undefined for one that is not known. */
export const tunables: Readonly<Record<string, readonly string[]>> = {
  'tunables/global': Object.keys(standard),
  'tunables/proc': ['PROC'],
  'tunables/kernelvars': ['pid', 'tid', 'pids', 'uid', 'uids'],
  'tunables/sys': ['sys'],
  'tunables/run': ['run'],
  'tunables/home': ['HOME', 'HOMEDIRS'],
  'tunables/multiarch': ['multiarch'],
};

export class Variables {
  readonly #values = new Map<string, readonly string[]>();

  include(file: string): boolean {
    const names = tunables[file];
    for (const name of names ?? []) this.#values.set(name, standard[name] ?? []);
    return names !== undefined;
  }

  /** Throws PatternError where the parser would refuse. */
  declare(name: string, values: readonly string[], adds: boolean): void {
    const known = this.#values.get(name);
    if (adds !== (known !== undefined))
      throw new PatternError(adds ? `@{${name}} is not declared` : `@{${name}} is declared twice`);
    this.#values.set(name, [...(known ?? []), ...values]);
  }

  /** All texts that the pattern stands for. */
  expand(pattern: string, own: Readonly<Record<string, string>>, depth = 0): string[] {
    const found = /@\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(pattern);
    if (found === null) return [pattern];
    const [whole, name = ''] = found;
    const values = own[name] === undefined ? this.#values.get(name) : [own[name]];
    if (values === undefined) throw new PatternError(`@{${name}} is not declared`);
    if (depth > 20) throw new PatternError(`@{${name}} stands for itself`);
    const all = values.map(
      (value) => pattern.slice(0, found.index) + value + pattern.slice(found.index + whole.length),
    );
    const expanded = all.flatMap((each) => this.expand(each, own, depth + 1));
    if (expanded.length > mostTexts) throw new PatternError(`@{${name}} stands for too many texts`);
    return expanded;
  }
}
const mostTexts = 1000;
