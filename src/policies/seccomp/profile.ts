/**
 * A seccomp profile as container runtimes read it: `linux.seccomp` of the OCI runtime specification
 * (1.0 to 1.2), or the spec of the Security Profiles Operator's SeccompProfile, which has the same fields
 * but for `defaultErrnoRet`. This file belongs to the evaluator; the generator does not use it.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { UnreadableArtifact } from '../kind.ts';

const actions = ['KILL', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'ERRNO', 'TRACE', 'ALLOW', 'LOG', 'NOTIFY'] as const;
const operators = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'] as const;
const architectures = [
  ...['X86', 'X86_64', 'X32', 'ARM', 'AARCH64', 'MIPS', 'MIPS64', 'MIPS64N32', 'MIPSEL', 'MIPSEL64', 'MIPSEL64N32'],
  ...['PPC', 'PPC64', 'PPC64LE', 'S390', 'S390X', 'PARISC', 'PARISC64', 'RISCV64', 'LOONGARCH64', 'M68K', 'SH', 'SHEB'],
];

const action = z.enum(actions.map((name) => `SCMP_ACT_${name}` as const));
const errnoRet = z.int().min(0).max(4095).optional();
/** JSON numbers above 2^53 are not exact; runtimes take unsigned 64-bit ones. */
const unsigned64 = z.union([z.int().nonnegative(), z.bigint().nonnegative()]).transform(BigInt);

const rule = z.object({
  names: z.array(z.string().min(1)).min(1),
  action,
  errnoRet,
  args: z
    .array(
      z.object({
        index: z.int().min(0).max(5),
        value: unsigned64.default(0n),
        valueTwo: unsigned64.default(0n),
        op: z.enum(operators.map((name) => `SCMP_CMP_${name}` as const)),
      }),
    )
    .nullish()
    .transform((args) => args ?? []),
});

const profile = z.object({
  defaultAction: action,
  defaultErrnoRet: errnoRet,
  architectures: z
    .array(z.enum(architectures.map((name) => `SCMP_ARCH_${name}`)))
    .nullish()
    .transform((list) => list ?? []),
  flags: z.array(z.string()).nullish(),
  listenerPath: z.string().optional(),
  listenerMetadata: z.string().optional(),
  baseProfileName: z.string().optional(),
  syscalls: z
    .array(rule)
    .nullish()
    .transform((list) => list ?? []),
});

export type Action = z.infer<typeof action>;
export type Rule = z.infer<typeof rule>;
export type Profile = z.infer<typeof profile>;

/** Throws `UnreadableArtifact` for what a runtime, or the API server, would refuse. */
export function readProfile(text: string): Profile {
  let value: unknown;
  try {
    // YAML 1.2 contains JSON. Big integers stay exact.
    value = parse(text, { intAsBigInt: true, prettyErrors: true });
  } catch (error) {
    throw new UnreadableArtifact('', `neither JSON nor YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  const object = plain(value);
  if (typeof object !== 'object' || object === null)
    throw new UnreadableArtifact('', 'not an object; a profile has a defaultAction');
  const wrapped = object as { kind?: unknown; spec?: unknown };
  const [root, where] = wrapped.kind === 'SeccompProfile' ? [wrapped.spec, 'spec.'] : [object, ''];
  for (const template of ['archMap', 'includes']) {
    if (typeof root === 'object' && root !== null && template in root) {
      throw new UnreadableArtifact(
        `${where}${template}`,
        'a container engine template, not a profile; give the profile that the engine renders from it',
      );
    }
  }
  const parsed = profile.safeParse(root);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnreadableArtifact(`${where}${pathOf(issue?.path ?? [])}`, issue?.message ?? 'not a profile');
}

/** Integers that a double holds exactly become numbers again. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint')
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}
