/** What a text says of a call of which not everything is known. */
export type Truth = 'yes' | 'no' | 'maybe';

export function truth(given: boolean): Truth {
  return given ? 'yes' : 'no';
}

export function not(given: Truth): Truth {
  return given === 'maybe' ? 'maybe' : given === 'yes' ? 'no' : 'yes';
}

/** Of nothing: `yes`. */
export function all(given: readonly Truth[]): Truth {
  return given.includes('no') ? 'no' : given.includes('maybe') ? 'maybe' : 'yes';
}

/** Of nothing: `no`. */
export function any(given: readonly Truth[]): Truth {
  return given.includes('yes') ? 'yes' : given.includes('maybe') ? 'maybe' : 'no';
}

/** What holds in every case that is possible; `maybe` where they differ. */
export function either(a: Truth, b: Truth): Truth {
  return a === b ? a : 'maybe';
}
