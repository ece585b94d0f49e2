/** Spooled recordings → the broker, oldest first, one at a time, until each is acknowledged or refused for good. */
import { readFileSync } from 'node:fs';
import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenFile } from '../cluster/token-file.ts';
import type { Spool } from './spool.ts';

export interface UploaderOptions {
  /** `https://kguardian-broker.kguardian:8443`. */
  readonly broker: string;
  readonly tokenFile: string | null;
  readonly caFile: string | null;
  /** Tells what a person should know. */
  readonly say: (sentence: string) => void;
}

export interface Uploads {
  acknowledged: number;
  bytes: number;
  refused: number;
  failed: number;
  /** When the broker last took one; 0 for never. */
  lastAcknowledged: number;
}

const answerMs = 60_000;
const firstWaitMs = 500;
const idleMs = 2000;
const longestWaitMs = 60_000;
const path = '/v1/recordings';
/** Refusals that another try may mend: a token that is renewed, a slow body, a rate. */
const mayPass = [401, 408, 429];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

export class Uploader {
  readonly uploads: Uploads = { acknowledged: 0, bytes: 0, refused: 0, failed: 0, lastAcknowledged: 0 };
  readonly #spool: Spool;
  readonly #options: UploaderOptions;
  readonly #token: TokenFile | null;
  readonly #url: URL;
  readonly #agent: PlainAgent | TlsAgent;
  #waitMs = firstWaitMs;
  #trouble = '';

  constructor(spool: Spool, options: UploaderOptions) {
    this.#spool = spool;
    this.#options = options;
    this.#url = new URL(path, options.broker);
    this.#token = options.tokenFile === null ? null : new TokenFile(options.tokenFile);
    const ca = options.caFile === null ? {} : { ca: readFileSync(options.caFile) };
    this.#agent =
      this.#url.protocol === 'https:' ? new TlsAgent({ keepAlive: true, ...ca }) : new PlainAgent({ keepAlive: true });
  }

  /** Uploads until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const idle = (await this.uploadOne()) !== 'acknowledged';
      if (idle) await sleep(this.#pauseMs(), undefined, { signal }).catch(() => undefined);
    }
    this.#agent.destroy();
  }

  /** Uploads what is spooled, and gives up at the first trouble or at `signal`. */
  async drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.uploadOne()) === 'acknowledged');
  }

  async uploadOne(): Promise<'acknowledged' | 'refused' | 'failed' | 'nothing'> {
    const taken = await this.#spool.take();
    if (taken === null) {
      this.#waitMs = firstWaitMs;
      return 'nothing';
    }
    const { file, body } = taken;
    try {
      const { status, text, retryAfterMs } = await this.#post(body);
      if (status >= 200 && status < 300) {
        await this.#spool.acknowledge(file);
        this.uploads.acknowledged += 1;
        this.uploads.bytes += body.length;
        this.uploads.lastAcknowledged = Date.now();
        this.#waitMs = firstWaitMs;
        if (this.#trouble !== '') this.#options.say('the broker takes recordings again');
        this.#trouble = '';
        return 'acknowledged';
      }
      // Who says when to come again refuses for now: rights may not be bound yet.
      if (status >= 400 && status < 500 && !mayPass.includes(status) && retryAfterMs === 0) {
        await this.#spool.setAside(file);
        this.uploads.refused += 1;
        this.#options.say(`the broker refused ${file.name} (${status}), it is set aside: ${JSON.stringify(text)}`);
        return 'refused';
      }
      this.#waitMs = Math.max(this.#waitMs, retryAfterMs);
      throw new Error(`it answered ${status}`);
    } catch (error) {
      this.#spool.putBack(file);
      this.uploads.failed += 1;
      this.#tell((error as Error).message);
      return 'failed';
    }
  }

  /** Once for each kind of trouble: a broker that is away for hours is one line. */
  #tell(trouble: string): void {
    if (trouble !== this.#trouble)
      this.#options.say(`cannot upload to ${this.#options.broker}: ${trouble}; recordings wait in the spool`);
    this.#trouble = trouble;
  }

  #pauseMs(): number {
    if (this.#trouble === '') return idleMs;
    const pause = this.#waitMs * (0.5 + Math.random());
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
    return pause;
  }

  async #post(body: Buffer): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (this.#url.protocol === 'https:' ? tlsRequest : plainRequest)(
      this.#url,
      {
        method: 'POST',
        agent: this.#agent,
        headers: {
          'content-type': 'application/x-ndjson',
          'content-encoding': 'zstd',
          'content-length': body.length,
          ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token.read()}` }),
        },
      },
      resolve,
    );
    request.once('error', reject);
    request.setTimeout(answerMs, () => request.destroy(new Error(`no answer within ${answerMs / 1000} s`)));
    request.end(body);
    const response = await promise;
    let text = '';
    for await (const chunk of response) if (text.length < 500) text += String(chunk);
    const after = Number(response.headers['retry-after']);
    const retryAfterMs = Number.isFinite(after) && after > 0 ? Math.min(after * 1000, longestWaitMs) : 0;
    return { status: response.statusCode ?? 0, text: text.slice(0, 500), retryAfterMs };
  }
}
