/** A projected token: kubelet writes a new one into the file before the old one ends. */
import { readFileSync, statSync } from 'node:fs';

export class TokenFile {
  readonly #path: string;
  #changed = -1;
  #token = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Looks at the file each time; reads it when it has changed. */
  read(): string {
    const { mtimeMs } = statSync(this.#path);
    if (mtimeMs !== this.#changed) {
      this.#token = readFileSync(this.#path, 'utf8').trim();
      this.#changed = mtimeMs;
    }
    return this.#token;
  }
}
