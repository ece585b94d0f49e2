/** What the broker answers, asked with the user's own credentials. */
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text as textOf } from 'node:stream/consumers';
import { apiUse, type ApiUsesQuery } from '#api/api-uses.ts';
import { type Status, workloads } from '#api/answers.ts';
import { routes } from '#api/routes.ts';
import type { ApiUse } from '#kubernetes/api-use.ts';
import type { Scope } from '#api/scope.ts';
import { readRecordings, RecordingError } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { Failure, systemReason } from '../failure.ts';
import { milliseconds } from '../times.ts';
import type { Api } from './api.ts';
import { findBroker, type Place } from './find-broker.ts';
import type { ClusterFlags } from './flags.ts';
import { responded } from './request.ts';

export interface Broker {
  workloads(scope: Scope): Promise<readonly Status[]>;
  /** Empty where nothing was observed. */
  recordings(scope: Scope): Promise<readonly Recording[]>;
  /** Rights that were used through the API server; empty where its audit webhook told nothing. */
  apiUses(query: ApiUsesQuery): Promise<readonly ApiUse[]>;
  close(): void;
}

/** `api` is opened only where it is needed: `--broker URL --token T` asks no API server. */
export async function openBroker(api: () => Api, flags: ClusterFlags): Promise<Broker> {
  const place = await findBroker(api, flags);
  const token = await credentials(api, place, flags);
  const timeout = milliseconds('--request-timeout', flags.requestTimeout ?? '30s');

  /** Null where the broker has nothing of what was asked for. */
  async function ask(path: string, scope: Scope | ApiUsesQuery): Promise<IncomingMessage | null> {
    const url = new URL(path, place.url);
    for (const [name, given] of Object.entries(scope)) {
      // Of several types, each is a parameter of its own.
      for (const value of [given ?? []].flat()) url.searchParams.append(name, value);
    }
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    // A connection of its own: one that is kept for later would keep the process.
    const options = { headers, timeout, agent: false, ...place.tls };
    const response = await responded(url, options).catch((error: unknown) => {
      const why = place.trouble() ?? error;
      throw new Failure(
        `cannot reach the broker${flags.broker === undefined ? '' : ` ${flags.broker}`}: ${systemReason(why)}`,
        3,
        error,
      );
    });
    if (response.statusCode === 200) return response;
    const text = await textOf(response);
    if (response.statusCode === 404) return null;
    throw refusal(response.statusCode ?? 0, text);
  }

  return {
    async workloads(scope) {
      const response = await ask(routes.workloads.path, scope);
      if (response === null) return [];
      const answer = workloads.safeParse(JSON.parse(await textOf(response)));
      if (answer.success) return answer.data.workloads;
      throw new Failure('the broker answers what this kguardian does not know; use the same version of both', 2);
    },
    async recordings(scope) {
      const response = await ask(routes.recordings.path, scope);
      if (response === null) return [];
      try {
        const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
        const first = await lines[Symbol.asyncIterator]().next();
        if (first.done === true) return [];
        return await Array.fromAsync(readRecordings(joined(first.value, lines)));
      } catch (error) {
        if (error instanceof RecordingError)
          throw new Failure(`cannot read the broker's recordings: ${error.message}`, 2, error);
        throw new Failure(`the broker's answer was cut: ${systemReason(error)}`, 3, error);
      }
    },
    async apiUses(query) {
      const response = await ask(routes.apiUses.path, query);
      if (response === null)
        throw new Failure('the broker knows nothing of audit events; use the same version of both', 2);
      const uses: ApiUse[] = [];
      try {
        for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
          const read = apiUse.safeParse(JSON.parse(line));
          if (!read.success)
            throw new Failure('the broker answers what this kguardian does not know; use the same version of both', 2);
          uses.push(read.data);
        }
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw new Failure(`the broker's answer was cut: ${systemReason(error)}`, 3, error);
      }
      return uses;
    },
    close: () => place.close(),
  };
}

async function* joined(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

/** A token of the user's; with a client certificate, which nobody can pass on, a short one of the readers' account. */
async function credentials(api: () => Api, { account }: Place, flags: ClusterFlags): Promise<string | null> {
  if (flags.token !== undefined) return flags.token;
  // A broker that was named may want no token, and there may be no cluster.
  if (account === null) return null;
  const token = await api().bearer();
  if (token !== null) return token;
  const { namespace, name } = account;
  const answer = (await api().post(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 600 },
  })) as { status?: { token?: string } };
  return answer.status?.token ?? null;
}

function refusal(status: number, text: string): Failure {
  let said = `status ${status}`;
  try {
    said = (JSON.parse(text) as { error?: string }).error ?? said;
  } catch {
    // Something between us and the broker answered.
  }
  if (status === 401) return new Failure(`the broker does not know you: ${said}`);
  return new Failure(`the broker refuses: ${said}`, status >= 500 ? 3 : 2);
}
