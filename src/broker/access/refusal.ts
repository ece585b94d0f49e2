/** A request that is not answered as it was asked; `message` is one sentence for the one who asked. */
export class Refusal extends Error {
  readonly code: 400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503;
  /** Null where asking again gives the same answer. */
  readonly retryAfterSeconds: number | null;
  constructor(code: Refusal['code'], message: string, cause?: unknown, retryAfterSeconds: number | null = null) {
    super(message, { cause });
    this.name = 'Refusal';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds ?? (code === 503 || code === 429 ? 5 : null);
  }
}
