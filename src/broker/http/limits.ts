/** How much of the broker one sender may take. Each broker counts for itself. */
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { Refusal } from '../access/refusal.ts';
import type { Identity } from '../access/reviews.ts';

export interface Limits {
  /** A request of somebody who is known. All agents share one account; their pods tell them apart. */
  known(identity: Identity): Promise<void>;
  /** A token that was not seen before: refused where too many from there were nobody's. */
  stranger(address: string): Promise<void>;
  failed(address: string): Promise<void>;
}

const failuresPerMinute = 60;

export function limits(requestsPerMinute: number): Limits {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const failures = new RateLimiterMemory({ points: failuresPerMinute, duration: 60 });
  return {
    async known({ username, extra }) {
      const pod = extra['authentication.kubernetes.io/pod-uid']?.[0] ?? '';
      await within(requests.consume(`${username} ${pod}`), `more than ${requestsPerMinute} requests in a minute`);
    },
    async stranger(address) {
      const state = await failures.get(address);
      if (state !== null && state.consumedPoints >= failuresPerMinute) {
        throw new Refusal(429, 'too many unknown tokens from this address');
      }
    },
    async failed(address) {
      await failures.consume(address).catch(() => undefined);
    },
  };
}

async function within(consumed: Promise<RateLimiterRes>, what: string): Promise<void> {
  try {
    await consumed;
  } catch (error) {
    if (error instanceof Error) throw error;
    throw new Refusal(429, what);
  }
}
