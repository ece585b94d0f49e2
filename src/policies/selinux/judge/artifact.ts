/** What kind of text an artifact is, and its rules as CIL. */
import { parse } from 'yaml';
import { z } from 'zod';
import { UnreadableArtifact } from '../../kind.ts';
import { type List, listOf, readExpressions } from './expressions.ts';
import { isModule, readModule } from './te.ts';

export interface Artifact {
  readonly statements: readonly List[];
  readonly sorts?: ReadonlyMap<string, 'type' | 'attribute'>;
  /** The type that the container's first process is to have; null where the text does not say by its form. */
  readonly domain: string | null;
  /** Rules; or a text beside them that allows nothing by itself: file contexts, interfaces, a patch of a pod. */
  readonly gives: 'rules' | 'labels' | 'interfaces' | 'patch';
}

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/);
const profile = z.object({
  apiVersion: z.string().startsWith('security-profiles-operator.x-k8s.io/'),
  kind: z.enum(['SelinuxProfile', 'RawSelinuxProfile']),
  metadata: z.object({ name: z.string().min(1) }),
  spec: z.object({
    inherit: z
      .array(z.object({ kind: z.enum(['System', 'SelinuxProfile']).default('System'), name }))
      .default([{ kind: 'System', name: 'container' }]),
    allow: z.record(z.string().regex(/^(@self|[A-Za-z_][A-Za-z0-9_.-]*)$/), z.record(name, z.array(name))).default({}),
    mode: z.enum(['Enforcing', 'Permissive']).default('Enforcing'),
    policy: z.string().optional(),
  }),
});

export function readArtifact(text: string): Artifact {
  if (
    /^\s*(apiVersion|kind|spec|metadata):/m.test(text) &&
    !/^\s*\(/m.test(text.split('\n').find((line) => /^[^\s;#]/.test(line)) ?? '')
  )
    return operatorObject(text);
  if (isModule(text)) {
    const module = readModule(text);
    const stated = labels(text.split('\n').flatMap((line) => (line.startsWith('#fc ') ? [line.slice(4)] : [])));
    return {
      statements: [...module.statements, ...stated],
      sorts: module.sorts,
      domain: `${module.name}_t`,
      gives: 'rules',
    };
  }
  if (/^\s*(##[^\n]*\n\s*)*interface\(/m.test(text)) return { statements: [], domain: null, gives: 'interfaces' };
  if (/^\/\S*\s.*(gen_context\(|:object_r:)/m.test(text))
    return { statements: labels(text.split('\n')), domain: null, gives: 'labels' };
  const statements = readExpressions(text, 'policy');
  return { statements, domain: domainOf(statements), gives: 'rules' };
}

/** `process` of the one block, by the convention of container policies. */
function domainOf(statements: readonly List[]): string | null {
  const blocks = statements.flatMap(({ items: [word, block] }) =>
    word?.type === 'atom' && word.text === 'block' && block?.type === 'atom' ? [block.text] : [],
  );
  return blocks.length === 1 ? `${blocks[0]}.process` : null;
}

/** As the operator turns objects into CIL (security-profiles-operator, SelinuxProfile v1): a block of the object's name. */
function operatorObject(text: string): Artifact {
  let root: unknown;
  try {
    root = parse(text);
  } catch (error) {
    throw new UnreadableArtifact('', (error as Error).message);
  }
  if (typeof root === 'object' && root !== null && 'spec' in root && !('apiVersion' in root))
    return { statements: [], domain: null, gives: 'patch' };
  const parsed = profile.safeParse(root);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableArtifact(issue?.path.join('.') ?? '', issue?.message ?? 'not a profile');
  }
  const { kind, metadata, spec } = parsed.data;
  const domain = `${metadata.name}.process`;
  if (kind === 'RawSelinuxProfile') {
    if (spec.policy === undefined) throw new UnreadableArtifact('spec.policy', 'is missing');
    return {
      statements: [listOf(['block', metadata.name, ...readExpressions(spec.policy, 'spec.policy')], 1)],
      domain,
      gives: 'rules',
    };
  }
  const body = [
    ...spec.inherit.map((each) => listOf(['blockinherit', each.name], 1)),
    ...(spec.mode === 'Permissive' ? [listOf(['typepermissive', 'process'], 1)] : []),
    ...Object.entries(spec.allow).flatMap(([target, classes]) =>
      Object.entries(classes).map(([each, permissions]) =>
        listOf(
          ['allow', 'process', target === '@self' ? 'process' : target, listOf([each, listOf(permissions, 1)], 1)],
          1,
        ),
      ),
    ),
  ];
  return { statements: [listOf(['block', metadata.name, ...body], 1)], domain, gives: 'rules' };
}

const kinds: Readonly<Record<string, string>> = {
  '--': 'file',
  '-d': 'dir',
  '-c': 'char',
  '-b': 'block',
  '-s': 'socket',
  '-p': 'pipe',
  '-l': 'symlink',
};

/** Lines of file_contexts: `/opt/app(/.*)?  --  system_u:object_r:app_t:s0`, or `gen_context(system_u:object_r:app_t,s0)`. */
function labels(lines: readonly string[]): List[] {
  return lines.flatMap((text, at) => {
    if (/^\s*(#.*)?$/.test(text)) return [];
    const found =
      /^(\/\S*)\s+(?:(--|-[dcbslp])\s+)?(?:gen_context\()?(\w+):(\w+):(\w+)(?:,\s*|:)([\w:.,-]+)\)?\s*$/.exec(text);
    if (found === null) throw new UnreadableArtifact(`line ${at + 1}`, `${JSON.stringify(text)} is no file context`);
    const [, pattern = '', kind, user = '', role = '', type = ''] = found;
    const level = listOf([listOf(['s0'], 1), listOf(['s0'], 1)], 1);
    const context = listOf([user, role, type, level], 1);
    return [
      listOf(
        ['filecon', { type: 'atom', text: pattern, quoted: true, line: 1 }, kinds[kind ?? ''] ?? 'any', context],
        1,
      ),
    ];
  });
}
