/** Under which profiles of a text a program may run, as its exec rules lead there from the first. */
import { Rulebook } from './decide.ts';
import { allOf } from './language/read.ts';
import type { ExecMode, Profile, ProfileFile } from './language/rules.ts';

export class Confinement {
  readonly books: ReadonlyMap<string, Rulebook>;
  readonly first: Rulebook;
  readonly #of = new Map<string, readonly Rulebook[]>();

  constructor(file: ProfileFile) {
    const books = allOf(file.profiles).map((profile) => new Rulebook(profile));
    const [first] = books;
    if (first === undefined) throw new Error('a file of profiles has at least one');
    this.books = new Map(books.map((book) => [book.profile.name, book]));
    this.first = first;
  }

  /**
   * Where the program's processes are confined. One that no rule starts is the entrypoint, in the first profile; of one
   * without a name nothing is known, so it may be in any.
   */
  of(program: string | null): readonly Rulebook[] {
    if (this.books.size === 1) return [this.first];
    const key = program ?? '';
    const known = this.#of.get(key);
    if (known !== undefined) return known;
    const found = program === null ? [...this.books.values()] : this.#started(program);
    this.#of.set(key, found);
    return found;
  }

  #started(program: string): readonly Rulebook[] {
    const found = new Set<Rulebook>();
    for (const book of this.books.values()) {
      const mode = book.execMode(program, null);
      const to = mode === null ? null : this.target(book.profile, mode, program);
      if (to instanceof Rulebook) found.add(to);
    }
    return found.size === 0 ? [this.first] : [...found];
  }

  /** The profile after an exec; `unconfined`, or null where it is not in this text. */
  target({ name, children }: Profile, mode: ExecMode, program: string): Rulebook | 'unconfined' | null {
    const own = this.books.get(name) ?? null;
    if (mode.to === 'inherit') return own;
    if (mode.to === 'unconfined') return 'unconfined';
    const wanted = mode.target ?? program;
    const found =
      mode.to === 'child' ? children.find((each) => !each.hat && each.name === `${name}//${wanted}`)?.name : wanted;
    const book = found === undefined ? undefined : this.books.get(found);
    return book ?? (mode.fallback === 'inherit' ? own : mode.fallback);
  }
}
