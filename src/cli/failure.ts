/** How a command ends when it does not end well. Exit codes: 1 the answer is no, 2 wrong use or bad input, 3 not reachable. */
export class Failure extends Error {
  readonly exitCode: 1 | 2 | 3;
  constructor(message: string, exitCode: 1 | 2 | 3 = 2, cause?: unknown) {
    super(message, { cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

/** The words of a system error, without its code and path: `no space left on device`. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words = /^[A-Z0-9_]+: (.+?)(?:, \w+.*)?$/.exec(message ?? String(error))?.[1];
  return words ?? code ?? message;
}
