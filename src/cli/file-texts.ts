/** Files that a command names, whole; `-` is standard input. */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { Failure, systemReason } from './failure.ts';
import { standardInput } from './standard-input.ts';

export interface FileText {
  readonly file: string;
  readonly text: string;
}

export async function fileTexts(files: readonly string[]): Promise<FileText[]> {
  return Promise.all(files.map(async (file) => ({ file, text: await fileText(file) })));
}

export async function fileText(file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(standardInput()) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
}
