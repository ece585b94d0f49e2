import { readFileSync } from 'node:fs';
import { Failure, systemReason } from '../failure.ts';

/** A certificate authority's file. */
export function authority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
}
