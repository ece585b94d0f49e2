/** What goes wrong on purpose: the test says for which requests, and how often. */
import type { ServerResponse } from 'node:http';
import { statusOf } from './status.ts';

export interface Fault {
  /** Tried on `GET /api/v1/pods?watch=true`. */
  readonly match: RegExp;
  /** By default once. */
  readonly times?: number;
  /**
   * A code answers with its Status (429 and 503 with Retry-After); `reset` breaks the connection before a
   * byte was sent; `cut` breaks it within the body; `hang` never answers.
   */
  readonly answer: number | 'reset' | 'cut' | 'hang';
  readonly retryAfterSeconds?: number;
}

export class Faults {
  #open: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#open.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#open = [];
  }

  /** Whether the request was answered, or broken, here. */
  strike(asked: string, response: ServerResponse): boolean {
    const found = this.#open.find(({ fault, left }) => left > 0 && fault.match.test(asked));
    if (found === undefined) return false;
    found.left -= 1;
    const { answer, retryAfterSeconds = 1 } = found.fault;
    if (answer === 'reset') response.destroy();
    else if (answer === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"kind":"PodLi', () => response.destroy());
    } else if (answer !== 'hang') {
      const retry = answer === 429 || answer === 503 ? { 'retry-after': String(retryAfterSeconds) } : {};
      response.writeHead(answer, { 'content-type': 'application/json', ...retry });
      response.end(JSON.stringify(statusOf(answer, 'the test wanted this')));
    }
    return true;
  }
}
