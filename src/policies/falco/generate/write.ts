/** A rules file as text. Everything that came from a workload stands in lists and rows, quoted before it comes here. */
import type { Scope } from './scope.ts';
import type { RuleDraft } from './draft.ts';
import { lists as sharedLists, type List, type Macro, macros as sharedMacros } from './shared.ts';

/** What today's published rules ask for: the engine since when events have one direction, and the plugin of `container`. */
const engine = '0.57.0';
const plugin = { name: 'container', version: '0.4.0' };

export interface File {
  readonly scope: Scope;
  readonly rules: readonly RuleDraft[];
  /** Lines above all, as comments. */
  readonly head: readonly string[];
}

export function customFile({ scope, rules, head }: File): string {
  const used = new Set([sharedMacros.probe.name, ...rules.map(({ macro }) => macro.name)]);
  const shared = Object.values(sharedMacros).filter(({ name }) => used.has(name));
  const named = shared.map(({ condition }) => condition).join(' ');
  const common = Object.values(sharedLists).filter(({ name }) => named.includes(`(${name})`));
  const items = [
    [line('- required_engine_version', engine)],
    ['- required_plugin_versions:', line('  - name', plugin.name), line('    version', plugin.version)],
    ...common.map((list) => listItem(list, false)),
    ...shared.map((macro) => macroItem(macro, false)),
    macroItem(scopeMacro(scope), false),
    ...rules.flatMap((rule) => [...rule.lists.map((list) => listItem(list, false)), ruleItem(rule, scope)]),
  ];
  return text(head, items);
}

/** Values alone: what a file of the other form, loaded before, says of priorities, outputs and tags stays. */
export function overrideFile({ scope, rules, head }: File): string {
  const items = [
    macroItem(scopeMacro(scope), true),
    ...rules.flatMap((rule) => [
      ...rule.lists.map((list) => listItem(list, true)),
      [
        line('- rule', ruleName(rule, scope)),
        ...exceptionLines(rule),
        '  override:',
        line('    exceptions', 'replace'),
      ],
    ]),
  ];
  return text(head, items);
}

export function ruleName({ title }: RuleDraft, scope: Scope): string {
  return `${title} in ${scope.title}`;
}

function scopeMacro({ id, condition }: Scope): Macro {
  return { name: `kguardian_in_${id}`, condition: `((${condition}) and not ${sharedMacros.probe.name})` };
}

function text(head: readonly string[], items: readonly (readonly string[])[]): string {
  const comments = head.map((each) => `# ${each.replaceAll(/[^\x20-\x7e]/g, '?')}\n`).join('');
  return `${comments}${items.map((lines) => `\n${lines.join('\n')}\n`).join('')}`;
}

function listItem({ name, items }: List, replaces: boolean): string[] {
  return [
    line('- list', name),
    ...(items.length === 0 ? ['  items: []'] : ['  items:', ...items.map((each) => `  - ${scalar(each)}`)]),
    ...(replaces ? ['  override:', line('    items', 'replace')] : []),
  ];
}

function macroItem({ name, condition }: Macro, replaces: boolean): string[] {
  return [
    line('- macro', name),
    line('  condition', condition),
    ...(replaces ? ['  override:', line('    condition', 'replace')] : []),
  ];
}

function ruleItem(rule: RuleDraft, scope: Scope): string[] {
  const { desc, macro, priority, tags, exceptions } = rule;
  return [
    line('- rule', ruleName(rule, scope)),
    line('  desc', desc),
    line('  condition', `${macro.name} and ${scopeMacro(scope).name}`),
    line('  output', outputOf(rule, scope)),
    line('  priority', priority),
    line('  source', 'syscall'),
    `  tags: [${['kguardian', 'container', ...tags]
      .filter((tag, at, all) => all.indexOf(tag) === at)
      .map(scalar)
      .join(', ')}]`,
    ...(exceptions.length === 0 ? [] : exceptionLines(rule)),
  ];
}

/** What every alert needs to be followed up, wherever it is read. */
const everywhere = {
  program: 'proc.exepath',
  process: 'proc.name',
  parent: 'proc.pname',
  user_uid: 'user.uid',
  evt_type: 'evt.type',
  container_id: 'container.id',
  container_name: 'container.name',
  image: 'container.image.repository',
  k8s_ns_name: 'k8s.ns.name',
  k8s_pod_name: 'k8s.pod.name',
};

function outputOf(rule: RuleDraft, scope: Scope): string {
  const fields = Object.entries({ ...rule.output, ...everywhere });
  return `${ruleName(rule, scope)} | ${fields.map(([name, field]) => `${name}=%${field}`).join(' ')}`;
}

function exceptionLines({ exceptions }: RuleDraft): string[] {
  if (exceptions.length === 0) return ['  exceptions: []'];
  return [
    '  exceptions:',
    ...exceptions.flatMap(({ name, fields, comps, values }) => [
      line('  - name', name),
      `    fields: ${flow(fields)}`,
      `    comps: ${flow(comps)}`,
      '    values:',
      ...values.map((each) => `    - ${flow(each)}`),
    ]),
  ];
}

type Flow = string | readonly Flow[];

function flow(value: Flow): string {
  return typeof value === 'string' ? scalar(value) : `[${value.map(flow).join(', ')}]`;
}

function line(key: string, value: string): string {
  return `${key}: ${scalar(value)}`;
}

/** Plain where every reader of YAML takes it for the same string; else in double quotes, letters of any script as they are. */
function scalar(value: string): string {
  const plain =
    /^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(value) && !/^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i.test(value);
  if (plain || /^\d+\.\d+\.\d+$/.test(value)) return value;
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
