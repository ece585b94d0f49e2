/** Every route of the broker as data: what is served, checked and described are the same thing. */
import { z } from 'zod';
import { line } from '#observation/recording.ts';
import { apiUse, apiUsesQuery, eventList, takenEvents } from './api-uses.ts';
import { accepted, explanations, generated, proof, workloads } from './answers.ts';
import { moment, scope } from './scope.ts';

export const ndjson = 'application/x-ndjson';
export const json = 'application/json';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** With fastify's parameters, `/v1/generate/:policy`. */
  readonly path: string;
  readonly summary: string;
  /**
   * - `open`: anybody.
   * - `agent`: who may `create` `recordings.kguardian.dev`, for the pods of his own node.
   * - `auditor`: who may `create` `auditevents.kguardian.dev`: an API server.
   * - `reader`: who may `get` `baselines.kguardian.dev` in the namespace that is asked about.
   */
  readonly access: 'open' | 'agent' | 'auditor' | 'reader';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: { readonly content: string; readonly schema: z.ZodType };
  readonly answer: { readonly content: string; readonly schema: z.ZodType | null; readonly description: string };
}

/** Kinds that speak of other objects of the cluster neither write nor judge without it. */
const cluster = z
  .looseObject({})
  .optional()
  .describe('what the API server knows, as kguardian --cluster reads it from a JSON file; it is not kept');

const artifact = z.strictObject({
  artifact: z.string().min(1).describe('its text'),
  policy: z.string().min(1).optional().describe('the kind of policy; by default told from the text'),
  scope: scope.default({}),
  cluster,
});

export const routes = {
  report: {
    method: 'POST',
    path: '/v1/recordings',
    summary: 'Add one recording. Sending it again changes nothing; it is stored when this answers',
    access: 'agent',
    body: { content: ndjson, schema: line },
    answer: { content: json, schema: accepted, description: 'stored' },
  },
  recordings: {
    method: 'GET',
    path: '/v1/recordings',
    summary: 'Recordings that follow one another, as any command reads them with --from',
    access: 'reader',
    query: scope,
    answer: { content: ndjson, schema: line, description: 'JSON lines' },
  },
  workloads: {
    method: 'GET',
    path: '/v1/workloads',
    summary: 'What was observed of each container of each workload, by which sensors, and what was lost',
    access: 'reader',
    query: scope,
    answer: { content: json, schema: workloads, description: 'sorted by name' },
  },
  generate: {
    method: 'POST',
    path: '/v1/generate/:policy',
    summary: 'Generate policies; each is replayed against the recordings before it is sent',
    access: 'reader',
    params: z.strictObject({ policy: z.string().min(1).describe('the kind of policy, seccomp') }),
    body: {
      content: json,
      schema: z.strictObject({
        scope: scope.default({}),
        options: z.record(z.string(), z.unknown()).default({}).describe("the kind's own options, as its flags"),
        cluster,
      }),
    },
    answer: { content: ndjson, schema: generated, description: 'a line for each workload, or each container' },
  },
  prove: {
    method: 'POST',
    path: '/v1/prove',
    summary: 'Replay what was observed against an artifact',
    access: 'reader',
    body: { content: json, schema: artifact },
    answer: { content: json, schema: proof, description: 'proved when everything governed was allowed' },
  },
  explain: {
    method: 'POST',
    path: '/v1/explain',
    summary: 'Which evidence stands behind each permission of an artifact',
    access: 'reader',
    body: { content: json, schema: artifact },
    answer: { content: json, schema: explanations, description: "in the artifact's order" },
  },
  audit: {
    method: 'POST',
    path: '/v1/audit',
    summary: 'What was observed since a time and an artifact refuses: how far a workload has drifted from its policy',
    access: 'reader',
    body: { content: json, schema: artifact.extend({ scope: scope.extend({ since: moment }) }) },
    answer: { content: json, schema: proof, description: 'up to 1,000 offences' },
  },
  auditEvents: {
    method: 'POST',
    path: '/audit',
    summary: 'Audit webhook of an API server: who used which right is kept, folded. Sending it again changes nothing',
    access: 'auditor',
    body: { content: json, schema: eventList },
    answer: { content: json, schema: takenEvents, description: 'stored' },
  },
  apiUses: {
    method: 'GET',
    path: '/v1/api-uses',
    summary: 'Which rights in the cluster were used or refused, as the audit webhook told',
    access: 'reader',
    query: apiUsesQuery,
    answer: { content: ndjson, schema: apiUse, description: 'a line for each right of each user, sorted' },
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    access: 'open',
    answer: { content: json, schema: null, description: 'OpenAPI 3.1' },
  },
  healthz: {
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the process works',
    access: 'open',
    answer: { content: 'text/plain', schema: null, description: 'ok' },
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether the database answers',
    access: 'open',
    answer: { content: 'text/plain', schema: null, description: 'ok' },
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics as Prometheus reads them; they name no workload',
    access: 'open',
    answer: { content: 'text/plain', schema: null, description: 'text exposition format' },
  },
} as const satisfies Readonly<Record<string, Route>>;

export type Operation = keyof typeof routes;
