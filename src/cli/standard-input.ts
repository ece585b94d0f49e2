import { Failure } from './failure.ts';

let taken = false;

/** What `-` stands for. Whoever comes second would find nothing there, and take that for an empty file. */
export function standardInput(): typeof process.stdin {
  if (taken) throw new Failure('standard input (-) can be read once; name a file for the other');
  taken = true;
  return process.stdin;
}
