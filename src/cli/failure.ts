/** How a command ends when it does not end well. Exit codes: 1 the answer is no, 2 wrong use or bad input, 3 not reachable. */
export class Failure extends Error {
  readonly exitCode: 1 | 2 | 3;
  constructor(message: string, exitCode: 1 | 2 | 3 = 2, cause?: unknown) {
    super(message, { cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

/** Where the system's own words are none, or mislead. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no route to the host',
  EISDIR: 'it is a folder',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'no answer in time',
};

/** The words of a system error, without its code and path: `no space left on device`. */
export function systemReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const words = /^[A-Z0-9_]+: (.+?)(?:, \w+.*)?$/.exec(message ?? String(error))?.[1];
  // Errors of many tries have a code alone, those of TLS are named in words.
  return reasons[code] ?? words ?? (code === '' || (message !== '' && !/^E[A-Z0-9]+$/.test(code)) ? message : code);
}
