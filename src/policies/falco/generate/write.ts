/** A rules file as text. Everything that came from a workload stands in lists and rows, quoted before it comes here. */
import type { Scope } from './scope.ts';
import type { RuleDraft } from './draft.ts';
import { programsList } from './exceptions.ts';
import { lists as sharedLists, type List, type Macro, macros as sharedMacros } from './shared.ts';
import type { Values } from './values.ts';

/** What today's published rules ask for: the engine since when events have one direction, and the plugin of `container`. */
const engine = '0.57.0';
const plugin = { name: 'container', version: '0.4.0' };

export interface File {
  readonly scope: Scope;
  readonly rules: readonly RuleDraft[];
  /** What was seen to run; null when that was not recorded. */
  readonly programs: Values | null;
  /** Lines above all, as comments. */
  readonly head: readonly string[];
}

export function customFile({ scope, rules, programs, head }: File): string {
  const own = scopeMacros(scope, programs);
  const always = [sharedMacros.probe, ...(own.length > 1 ? [sharedMacros.runtime] : [])];
  const used = new Set([...always, ...rules.map(({ macro }) => macro)].map(({ name }) => name));
  const shared = Object.values(sharedMacros).filter(({ name }) => used.has(name));
  const named = shared.map(({ condition }) => condition).join(' ');
  const common = Object.values(sharedLists).filter(({ name }) => named.includes(`(${name})`));
  const items = [
    [line('- required_engine_version', engine)],
    ['- required_plugin_versions:', line('  - name', plugin.name), line('    version', plugin.version)],
    ...common.map((list) => listItem(list, false)),
    ...shared.map((macro) => macroItem(macro, false)),
    ...own.map((macro) => macroItem(macro, false)),
    ...rules.flatMap((rule) => [...rule.lists.map((list) => listItem(list, false)), ruleItem(rule, scope, own)]),
  ];
  return text(head, items);
}

/** Values alone: what a file of the other form, loaded before, says of priorities, outputs and tags stays. */
export function overrideFile({ scope, rules, programs, head }: File): string {
  const items = [
    ...scopeMacros(scope, programs).map((macro) => macroItem(macro, true)),
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

/**
 * First whom the rules speak of, then the same without what starts the container. By the name of its file a runtime is
 * known, and not by what a process may call itself; a program of the workload that has such a name is watched.
 */
function scopeMacros({ id, condition }: Scope, programs: Values | null): readonly Macro[] {
  const scope = { name: `kguardian_in_${id}`, condition: `((${condition}) and not ${sharedMacros.probe.name})` };
  if (programs === null) return [scope];
  const literal = programs.literal.length > 0 ? [`proc.exepath in (${programsList(id)})`] : [];
  const own = [...literal, ...programs.patterns.map((each) => `proc.exepath glob "${each.text}"`)];
  const starting = `(${[sharedMacros.runtime.name, ...own.map((each) => `not ${each}`)].join(' and ')})`;
  return [scope, { name: `kguardian_running_in_${id}`, condition: `(${scope.name} and not ${starting})` }];
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

function ruleItem(rule: RuleDraft, scope: Scope, [all, running]: readonly Macro[]): string[] {
  const { desc, macro, priority, tags, exceptions } = rule;
  // A runtime that is started is told apart by who starts it.
  const by = macro.name === sharedMacros.started.name ? all : (running ?? all);
  return [
    line('- rule', ruleName(rule, scope)),
    line('  desc', desc),
    line('  condition', `${macro.name} and ${by?.name}`),
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
