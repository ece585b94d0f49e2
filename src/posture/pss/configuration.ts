/** The admission plugin's own file (PodSecurityConfiguration), alone or within the API server's AdmissionConfiguration. */
import { parse } from 'yaml';
import { z } from 'zod';
import { type Level, levels, parseVersion, type Version } from './level.ts';
import type { Exemptions, LevelVersion, Mode, NamespacePolicy } from './namespace.ts';

export class UnreadableConfiguration extends Error {}

const level = z.enum(levels).default('privileged');
const version = z
  .string()
  .default('latest')
  .transform((text, context): Version => {
    const parsed = parseVersion(text);
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: 'must be "latest" or "v1.x"' });
    return z.NEVER;
  });
const strings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const own = z.object({
  apiVersion: z.string().startsWith('pod-security.admission.config.k8s.io/'),
  kind: z.literal('PodSecurityConfiguration'),
  defaults: z
    .object({
      enforce: level,
      'enforce-version': version,
      audit: level,
      'audit-version': version,
      warn: level,
      'warn-version': version,
    })
    .prefault({}),
  exemptions: z.object({ usernames: strings, runtimeClasses: strings, namespaces: strings }).prefault({}),
});
const whole = z.object({
  kind: z.literal('AdmissionConfiguration'),
  plugins: z.array(z.looseObject({ name: z.string(), configuration: z.unknown().optional() })),
});

export interface PluginConfiguration {
  readonly defaults: NamespacePolicy;
  readonly exemptions: Exemptions;
  /** Whoever makes pods as one of them is not asked. */
  readonly usernames: readonly string[];
}

/** Throws `UnreadableConfiguration` with the path. */
export function configuration(text: string): PluginConfiguration {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UnreadableConfiguration(`not YAML: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  const around = whole.safeParse(value);
  const inner = around.success ? around.data.plugins.find(({ name }) => name === 'PodSecurity')?.configuration : value;
  const parsed = own.safeParse(inner);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableConfiguration(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const { defaults, exemptions } = parsed.data;
  const of = (mode: Mode): LevelVersion => ({
    level: defaults[mode] satisfies Level,
    version: defaults[`${mode}-version`],
  });
  const { usernames, ...rest } = exemptions;
  return { defaults: { enforce: of('enforce'), audit: of('audit'), warn: of('warn') }, exemptions: rest, usernames };
}
