/**
 * Denials → what a policy lacks, and nothing wider: one permission for each that was refused (or logged by a permissive
 * domain). What a base asserts that nobody may have, and what a missing label is the reason of, is left, by name.
 */
import { isMap, parseDocument } from 'yaml';
import type { Denial } from '#observation/denial.ts';
import { printable } from '#observation/text.ts';
import type { Refined } from '../kind.ts';
import { readArtifact } from './judge/artifact.ts';
import { decide } from './judge/decide.ts';
import { type Policy, policyOf } from './judge/policy.ts';
import { isModule } from './judge/te.ts';

interface Addition {
  readonly source: string;
  /** A type, or `self`. */
  readonly target: string;
  readonly class: string;
  readonly permission: string;
  readonly count: number;
}

/** Labels that mean that nobody labelled it: a rule about them is about everything alike. */
const unlabelled = ['unlabeled_t', 'default_t', 'file_t', 'device_t'];
/** The reference policy's assertions, and what gives the machine away. */
const dangers: readonly (readonly [what: RegExp, why: string])[] = [
  [/^shadow_t (file|lnk_file) /, 'the base asserts that nobody else reaches passwords'],
  [
    /^(memory_device_t|fixed_disk_device_t|removable_device_t) (chr|blk)_file /,
    'it is the memory or a disk of the machine',
  ],
  [/^security_t (security|file) (load_policy|setenforce|setbool|write)$/, 'it changes the policy of the machine'],
  [/ capability2? (sys_module|sys_rawio|mac_admin|mac_override)$/, 'it leads past every policy'],
  [
    / process (dyntransition|setcurrent|execheap|execstack)$/,
    'it lets a program choose its domain, or run its own data',
  ],
  [/^kernel_t (system|process) /, 'it acts on the kernel'],
];

export function refine(text: string, denials: readonly Denial[]): Refined {
  const artifact = readArtifact(text);
  const policy = policyOf([{ ...artifact, own: true }]);
  const found = new Map<string, Addition>();
  const left = new Map<string, number>();
  const leave = (reason: string, count: number): void => void left.set(reason, (left.get(reason) ?? 0) + count);
  for (const denial of denials) {
    const { framework, fields, permissions, count } = denial;
    const [source, target] = [typeOf(fields['scontext']), typeOf(fields['tcontext'])];
    const kind = fields['tclass'] ?? '';
    if (framework !== 'selinux') leave(`a denial of ${framework}`, count);
    else if (source === null || target === null || !/^[a-z0-9_]+$/.test(kind))
      leave('a denial without contexts or class', count);
    else if (!isOurs(policy, artifact.domain, source)) leave(`a denial of another domain, ${source}`, count);
    else for (const permission of permissions) one(source, target, kind, permission, fields, count);
  }

  function one(
    source: string,
    target: string,
    kind: string,
    permission: string,
    fields: Denial['fields'],
    count: number,
  ): void {
    const self = source === target;
    const name = `${target} ${kind} ${permission}`;
    const danger = dangers.find(([what]) => what.test(name));
    if (!/^[a-z0-9_]+$/.test(permission)) leave('a permission that is no word', count);
    else if (decide({ ...policy, permissive: [] }, { source, target, class: kind, permission }).verdict === 'allow')
      leave(`${name} is allowed already: a constraint (categories, roles) or an older policy refused it`, count);
    else if (danger !== undefined) leave(`${name} is not added: ${danger[1]}`, count);
    else if (
      (unlabelled.includes(target) || (target === 'root_t' && kind !== 'dir')) &&
      /^(file|dir|.*_file)$/.test(kind)
    ) {
      const path = fields['path'] ?? fields['name'];
      leave(
        `${name} is not added: nothing labels ${path === undefined ? 'it' : JSON.stringify(printable(path))}; give it a label`,
        count,
      );
    } else {
      const key = `${source} ${self ? 'self' : name}${self ? ` ${kind} ${permission}` : ''}`;
      found.set(key, {
        source,
        target: self ? 'self' : target,
        class: kind,
        permission,
        count: (found.get(key)?.count ?? 0) + count,
      });
    }
  }

  const additions = [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return {
    text: additions.length === 0 ? text : withAdditions(text, additions),
    additions: additions.map(({ source, target, class: kind, permission, count }) => ({
      permission: `${source} ${target} ${kind} ${permission}`,
      count,
    })),
    left: [...left].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => ({ reason, count })),
  };
}

/** The type of `user:role:type:level`; null when that is no context. */
function typeOf(context: string | undefined): string | null {
  const found = /^[\w.-]+:[\w.-]+:([A-Za-z_][\w.-]*)(?::[\w:.,-]+)?$/.exec(context ?? '');
  return found?.[1] ?? null;
}

/** A domain of the text: its own type, or the process that an inherited block declares. */
function isOurs(policy: Policy, domain: string | null, source: string): boolean {
  return source === domain || policy.types.has(source);
}

interface Group {
  readonly source: string;
  readonly target: string;
  readonly class: string;
  readonly permissions: readonly string[];
}

function withAdditions(text: string, additions: readonly Addition[]): string {
  const groups = [...Map.groupBy(additions, (each) => `${each.source} ${each.target} ${each.class}`).values()].flatMap(
    (all): Group[] => {
      const [first] = all;
      return first === undefined ? [] : [{ ...first, permissions: all.map(({ permission }) => permission) }];
    },
  );
  if (isModule(text)) return `${ended(text)}\n# Added from denials\n${moduleRules(groups)}`;
  if (!/^kind: (Raw)?SelinuxProfile\s*$/m.test(text))
    return `${ended(text)}\n; Added from denials\n${groups.map(cilRule).join('')}`;
  const document = parseDocument(text);
  if (document.get('kind') === 'RawSelinuxProfile') {
    const policy = document.getIn(['spec', 'policy']);
    const own = `${String(document.getIn(['metadata', 'name']))}.`;
    const inside = groups.map((each) =>
      cilRule({ ...each, source: within(each.source, own), target: within(each.target, own) }),
    );
    document.setIn(['spec', 'policy'], `${ended(typeof policy === 'string' ? policy : '')}${inside.join('')}`);
  } else {
    if (!isMap(document.getIn(['spec', 'allow']))) document.setIn(['spec', 'allow'], document.createNode({}));
    for (const { target, class: kind, permissions } of groups) {
      const path = ['spec', 'allow', target === 'self' ? '@self' : target, kind];
      const known: unknown = document.getIn(path);
      const before =
        typeof known === 'object' && known !== null && 'toJSON' in known
          ? (known as { toJSON(): string[] }).toJSON()
          : [];
      document.setIn(path, document.createNode([...new Set([...before, ...permissions])].toSorted()));
    }
  }
  return document.toString({ lineWidth: 0 });
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function within(type: string, own: string): string {
  return type.startsWith(own) ? type.slice(own.length) : type;
}

function cilRule({ source, target, class: kind, permissions }: Group): string {
  return `(allow ${source} ${target} (${kind} (${permissions.join(' ')})))\n`;
}

function moduleRules(groups: readonly Group[]): string {
  const types = new Set(groups.flatMap(({ source, target }) => [source, ...(target === 'self' ? [] : [target])]));
  const classes = Map.groupBy(groups, (each) => each.class);
  const needs = [
    ...[...types].toSorted().map((each) => `\ttype ${each};\n`),
    ...[...classes].map(
      ([kind, all]) =>
        `\tclass ${kind} { ${[...new Set(all.flatMap(({ permissions }) => permissions))].toSorted().join(' ')} };\n`,
    ),
  ];
  const rules = groups.map(
    ({ source, target, class: kind, permissions }) =>
      `allow ${source} ${target}:${kind} { ${permissions.join(' ')} };\n`,
  );
  return `require {\n${needs.join('')}}\n${rules.join('')}`;
}
