/** The API server with the user's own credentials, found as kubectl finds it. Loaded only by what asks a cluster. */
import { existsSync } from 'node:fs';
import { Agent, type RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { Failure, systemReason } from '../failure.ts';
import { authority } from './authority.ts';
import type { ClusterFlags } from './flags.ts';
import { milliseconds } from '../times.ts';
import { responded } from './request.ts';

export interface Api {
  readonly config: KubeConfig;
  /** Of `-n`, else of the context. */
  readonly namespace: string;
  /** The JSON of the answer; null for 404. Everything else that is no success is a Failure. */
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /** Server-side apply: the object is created, or made so, and the fields are ours. */
  apply(path: string, object: object): Promise<unknown>;
  /** The items of a collection, page by page. */
  list(path: string, query?: Readonly<Record<string, string>>): Promise<readonly unknown[]>;
  /** What the user proves himself with, where that can be shown to others; null for a client certificate. */
  bearer(): Promise<string | null>;
  /** Lets go of connections that are kept for the next question: the process would wait for them. */
  close(): void;
}

type Method = 'GET' | 'POST' | 'PATCH';

const pageSize = 500;

/** `instead`: what may be named where there is no cluster, `a recording with --from FILE`. */
export function openApi(flags: ClusterFlags, instead?: string): Api {
  const config = configured(flags, instead);
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster === undefined)
    throw new Failure(
      `the kubeconfig${named(flags)} names no cluster for its context${config.getCurrentContext() ? ` ${JSON.stringify(config.getCurrentContext())}` : ''}`,
    );
  if (!URL.canParse(cluster.server))
    throw new Failure(`the API server is given as ${JSON.stringify(cluster.server)}, which is no https://HOST:PORT`);
  const base = cluster.server.replace(/\/$/, '');
  const agents = new Set<Agent>();
  const timeout = milliseconds('--request-timeout', flags.requestTimeout ?? '30s');

  async function ask(method: Method, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const url = new URL(base + path);
    const options: RequestOptions = { method, timeout };
    await config.applyToHTTPSOptions(options);
    const sent = body === undefined ? undefined : JSON.stringify(body);
    options.headers = {
      ...(options.headers as Record<string, string> | undefined),
      accept: 'application/json',
      ...(sent === undefined
        ? {}
        : { 'content-type': method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json' }),
    };
    if (url.protocol === 'http:') options.agent = false;
    if (options.agent instanceof Agent) agents.add(options.agent);
    try {
      const response = await responded(url, options, sent);
      return { status: response.statusCode ?? 0, body: parsed(await textOf(response)) };
    } catch (error) {
      throw new Failure(`cannot reach the API server ${base}: ${systemReason(error)}`, 3, error);
    }
  }

  const answered = async (method: Method, path: string, body?: object): Promise<unknown> => {
    const answer = await ask(method, path, body);
    if (answer.status === 404 && method === 'GET') return null;
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const { message } = (answer.body ?? {}) as { message?: string };
    throw new Failure(`the API server refuses ${method} ${path}: ${message ?? `status ${answer.status}`}`);
  };

  return {
    config,
    namespace: flags.namespace ?? config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    get: (path) => answered('GET', path),
    post: (path, body) => answered('POST', path, body),
    apply: (path, object) => answered('PATCH', `${path}?fieldManager=kguardian`, object),
    async list(path, query = {}) {
      const items: unknown[] = [];
      for (let next = ''; ; ) {
        const parameters = new URLSearchParams({
          ...query,
          limit: String(pageSize),
          ...(next === '' ? {} : { continue: next }),
        });
        const page = (await answered('GET', `${path}?${parameters.toString()}`)) as {
          items?: unknown[];
          metadata?: { continue?: string };
        } | null;
        items.push(...(page?.items ?? []));
        next = page?.metadata?.continue ?? '';
        if (next === '') return items;
      }
    },
    async bearer() {
      if (flags.token !== undefined) return flags.token;
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const header = (options.headers as Record<string, string> | undefined)?.['Authorization'] ?? '';
      return /^Bearer (.+)$/.exec(header)?.[1] ?? null;
    },
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}

function configured(flags: ClusterFlags, instead: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (flags.kubeconfig !== undefined) config.loadFromFile(flags.kubeconfig);
    else if ((process.env['KUBECONFIG'] ?? '') !== '' || existsSync(join(homedir(), '.kube', 'config')))
      config.loadFromDefault();
    else if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined) config.loadFromCluster();
    else if (flags.server !== undefined)
      config.loadFromClusterAndUser({ name: 'given', server: flags.server, skipTLSVerify: false }, { name: 'given' });
    else
      throw new Failure(
        `no cluster is known: there is no kubeconfig; name one with --kubeconfig FILE${instead === undefined ? '' : `, or ${instead}`}`,
      );
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot read the kubeconfig${named(flags)}: ${systemReason(error)}`, 2, error);
  }
  if (flags.context !== undefined) {
    if (config.getContextObject(flags.context) === null)
      throw new Failure(`the kubeconfig${named(flags)} has no context ${JSON.stringify(flags.context)}`);
    config.setCurrentContext(flags.context);
  }
  override(config, flags);
  return config;
}

/** ` "FILE"`, as far as somebody named it. */
function named({ kubeconfig = process.env['KUBECONFIG'] ?? '' }: ClusterFlags): string {
  return kubeconfig === '' ? '' : ` ${JSON.stringify(kubeconfig)}`;
}

/** What flags say holds before what the kubeconfig says. */
function override(
  config: KubeConfig,
  { server, token, certificateAuthority, insecureSkipTlsVerify }: ClusterFlags,
): void {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster !== null && cluster !== undefined) {
    const changed = {
      ...cluster,
      ...(server === undefined ? {} : { server }),
      ...(certificateAuthority === undefined ? {} : { caData: authority(certificateAuthority).toString('base64') }),
      ...(insecureSkipTlsVerify === true ? { skipTLSVerify: true } : {}),
    };
    config.clusters = config.clusters.map((each) => (each === cluster ? changed : each));
  }
  if (user !== null && user !== undefined && token !== undefined)
    config.users = config.users.map((each) => (each === user ? { name: user.name, token } : each));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
