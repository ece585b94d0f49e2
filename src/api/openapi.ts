/** The OpenAPI description, from the schemas that validate. */
import { z } from 'zod';
import { observation } from '#observation/observation.ts';
import { line } from '#observation/recording.ts';
import { apiUse, takenEvents } from './api-uses.ts';
import { accepted, explanations, generated, problem, proof, replayed, status, workloads } from './answers.ts';
import { json, type Route, routes } from './routes.ts';

/** What is written once and referred to. */
const components = {
  Problem: problem,
  Accepted: accepted,
  RecordingLine: line,
  Observation: observation,
  ContainerStatus: status,
  Workloads: workloads,
  Replay: replayed,
  Proof: proof,
  GeneratedUnit: generated,
  Explanations: explanations,
  ApiUse: apiUse,
  TakenEvents: takenEvents,
} as const;

const place = (name: string): string => `#/components/schemas/${name}`;

export function openapi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [operation, route] of Object.entries<Route>(routes)) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(operation, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'kguardian broker',
      version,
      description: 'Keeps what workloads were observed to do, and answers with recordings, policies and proofs.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: schemas() },
  };
}

function describe(operation: string, { summary, access, params, query, body, answer }: Route): object {
  const parameters = [...fieldsOf(params, 'path'), ...fieldsOf(query, 'query')];
  const failure = { content: { [json]: { schema: schemaOf(problem, 'output') } } };
  return {
    operationId: operation,
    summary,
    security: access === 'open' ? [] : [{ token: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [body.content]: { schema: schemaOf(body.schema, 'input') } } } }),
    responses: {
      200: {
        description: answer.description,
        content: { [answer.content]: answer.schema === null ? {} : { schema: schemaOf(answer.schema, 'output') } },
      },
      default: { description: 'what went wrong', ...failure },
    },
  };
}

function fieldsOf(schema: z.ZodObject | undefined, where: 'path' | 'query'): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description = '', ...rest }]) => ({
    name,
    in: where,
    description,
    required: required.includes(name),
    schema: rest,
  }));
}

function schemas(): object {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { io: 'output', uri: place }).schemas;
  return Object.fromEntries(Object.entries(made).map(([id, schema]) => [id, bare(schema)]));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const known = Object.entries(components).find(([, each]) => each === schema)?.[0];
  if (known !== undefined) return { $ref: place(known) };
  return bare(z.toJSONSchema(schema, { io }));
}

/** Without the words that belong to a document of its own. */
function bare(schema: object): object {
  const { $schema: _, $id: __, ...rest } = schema as { $schema?: string; $id?: string };
  return rest;
}
