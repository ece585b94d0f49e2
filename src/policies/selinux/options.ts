import { z } from 'zod';

const portType = z
  .string()
  .regex(/^\d{1,5}\/(tcp|udp|sctp)=[A-Za-z_][A-Za-z0-9_]*$/, '8080/tcp=http_cache_port_t is the form');
const typeName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]*$/, 'a type is letters, digits, _ and .');

const pathType = z.string().regex(/^\/[^=]*=[A-Za-z_][A-Za-z0-9_]*$/, '/usr/sbin/nginx=httpd_exec_t is the form');

const shared = {
  pathType: z
    .array(pathType)
    .default([])
    .describe(
      "the node's type of a file, /usr/sbin/nginx=httpd_exec_t (matchpathcon tells); by default a small table's",
    ),
  portType: z
    .array(portType)
    .default([])
    .describe("the node's type of a port, 8080/tcp=http_cache_port_t; by default the reference policy's"),
  imageType: typeName
    .default('container_file_t')
    .describe('the type that the container runtime gives to the files of an image'),
  labels: z
    .enum(['auto', 'mount', 'paths'])
    .default('auto')
    .describe(
      'who labels files. mount: the container runtime, all alike; paths: file contexts, by path; auto: mount for pods, else paths, and of a text what it says',
    ),
};

export const options = z.strictObject({
  output: z
    .enum(['cil', 'te', 'spo', 'spo-raw'])
    .default('cil')
    .describe(
      'cil: a block for semodule or udica; te: a module with file contexts and interfaces; spo: a SelinuxProfile of the Security Profiles Operator; spo-raw: a RawSelinuxProfile',
    ),
  mode: z
    .enum(['enforcing', 'permissive'])
    .default('enforcing')
    .describe('permissive: refuse nothing, log it, the first step'),
  inherit: z
    .array(z.enum(['container', 'net_container', 'restricted_net_container']))
    .default([])
    .describe(
      "blocks of the node's container policy to build on; then only what they lack is written (cil, spo, spo-raw)",
    ),
  domains: z
    .enum(['single', 'per-program'])
    .default('single')
    .describe('per-program: a type of its own for each program that another starts, where labels go by path'),
  entry: z
    .enum(['own', 'standard'])
    .default('own')
    .describe(
      "whether the first program's executable gets a type of its own; standard where the base has one for it (paths)",
    ),
  starter: typeName
    .or(z.literal(''))
    .default('')
    .describe('the type that starts the program; container_runtime_t for mount, init_t for paths'),
  ...shared,
  patch: z.boolean().default(false).describe('also a patch that sets seLinuxOptions of the workload'),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with a recording that lost facts or was cut; the notes say so'),
});
export type Options = z.infer<typeof options>;

/** Other options may come along: they were the generator's. */
export const readingOptions = z.object({
  base: z
    .string()
    .default('')
    .describe("text of the node's base in CIL; without it what the base may decide is unknown"),
  boolean: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]*=(true|false)$/, 'name=true is the form'))
    .default([])
    .describe('the value of a boolean, httpd_can_network_connect=true; by default the text says'),
  domain: z.string().default('').describe("the type of the container's process, where the text has several"),
  ...shared,
});
export type ReadingOptions = z.infer<typeof readingOptions>;
