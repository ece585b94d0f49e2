/** A sender as agents are: one recording after the other, each again until the broker has acknowledged it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import type { Recording } from '#observation/recording.ts';
import { ask } from './broker-process.ts';
import { textOf } from './cluster-recordings.ts';

export interface Sender {
  /** What was acknowledged. */
  readonly acknowledged: readonly Recording[];
  /** Answers that were no acknowledgement, and how often each came; 0 is a broken connection. */
  readonly failures: ReadonlyMap<number, number>;
  /** The last failure in the broker's words. */
  readonly lastError: () => string;
  /** Sends no new recording; resolves when the last has been acknowledged. */
  finish(): Promise<void>;
}

/** Asks `next` for each recording; sends to the broker that `broker` names at that time. */
export function startSender(broker: () => string, next: (turn: number) => Recording): Sender {
  const acknowledged: Recording[] = [];
  const failures = new Map<number, number>();
  let lastError = '';
  let going = true;

  async function deliver(recording: Recording): Promise<void> {
    const body = zstdCompressSync(textOf(recording));
    for (;;) {
      const { code, said } = await ask(`${broker()}/v1/recordings`, { method: 'POST', body }).then(
        (answer) => ({ code: answer.code, said: answer.body.toString() }),
        (error: Error) => ({ code: 0, said: error.message }),
      );
      if (code === 200) break;
      // These will never be taken: a test that sends them hears of it.
      if (code >= 400 && code < 500) throw new Error(`the broker refused with ${code}: ${said}`);
      failures.set(code, (failures.get(code) ?? 0) + 1);
      lastError = said;
      await sleep(20);
    }
    acknowledged.push(recording);
  }

  const ended = (async () => {
    for (let turn = 0; going; turn += 1) await deliver(next(turn));
  })();
  // Awaited in `finish`.
  ended.catch(() => undefined);
  return {
    acknowledged,
    failures,
    lastError: () => lastError,
    async finish() {
      going = false;
      await ended;
    },
  };
}
