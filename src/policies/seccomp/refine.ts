/** Calls that a log tells of → the profile with them. The text is changed as data, not by the generator. */
import { parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Denial } from '#observation/denial.ts';
import { auditedCall, syscallName } from '#observation/syscalls.ts';
import { type Refined, UnreadableArtifact } from '../kind.ts';
import { evaluator } from './evaluate.ts';

export function refine(text: string, denials: readonly Denial[]): Refined {
  const judge = evaluator(text);
  const wanted = new Map<string, number>();
  const left = new Map<string, number>();
  const leave = (reason: string, count: number): void => void left.set(reason, (left.get(reason) ?? 0) + count);
  for (const { framework, fields, count } of denials) {
    if (framework !== 'seccomp') {
      leave(`${framework}: not about system calls`, count);
      continue;
    }
    const call = auditedCall(fields['arch'] ?? '', Number(fields['syscall']));
    if (call === null) {
      leave(`a call of the architecture ${fields['arch'] ?? '?'}, which is not known here`, count);
      continue;
    }
    const { arch, nr } = call;
    const name = syscallName(arch, nr);
    if (name === null) leave(`call ${nr} of ${arch} has no name that is known`, count);
    else {
      const { verdict, rule } = judge.answer({ arch, syscall: nr });
      if (verdict === 'allow') leave(`${name}: allowed already`, count);
      else if (rule.startsWith('architectures:'))
        leave(`${name} of ${arch}: the profile has no such architecture`, count);
      else wanted.set(name, (wanted.get(name) ?? 0) + count);
    }
  }
  const additions = [...wanted].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    text: additions.length === 0 ? text : withCalls(text, new Set(wanted.keys())),
    additions: additions.map(([permission, count]) => ({ permission, count })),
    left: [...left].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => ({ reason, count })),
  };
}

/** JSON stays JSON with two blanks, YAML keeps its comments. */
function withCalls(text: string, names: ReadonlySet<string>): string {
  const isJson = text.trimStart().startsWith('{');
  const document = parseDocument(text, { intAsBigInt: true });
  const root =
    document.get('kind') === 'SeccompProfile' ? (document.get('spec') as YAMLMap) : (document.contents as YAMLMap);
  let rules = root.get('syscalls') as YAMLSeq<YAMLMap> | undefined;
  if (rules === undefined || rules === null)
    root.set('syscalls', (rules = document.createNode([]) as unknown as YAMLSeq<YAMLMap>));
  const unconditional = rules.items.filter(
    (rule) => rule.get('args') === undefined || (rule.get('args') as YAMLSeq).items.length === 0,
  );
  // A call is in one rule alone: what refused it by name does so no more.
  for (const rule of unconditional) {
    if (['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'].includes(String(rule.get('action')))) continue;
    const listed = rule.get('names') as YAMLSeq;
    rule.set('names', document.createNode((listed.toJSON() as string[]).filter((name) => !names.has(name))));
  }
  rules.items = rules.items.filter((rule) => (rule.get('names') as YAMLSeq).items.length > 0);
  const allowing = unconditional.find((rule) => rule.get('action') === 'SCMP_ACT_ALLOW');
  const listed = allowing === undefined ? [] : ((allowing.get('names') as YAMLSeq).toJSON() as string[]);
  const all = document.createNode([...new Set([...listed, ...names])].toSorted());
  if (allowing === undefined)
    rules.add(document.createNode({ names: [...names].toSorted(), action: 'SCMP_ACT_ALLOW' }));
  else allowing.set('names', all);
  if (!isJson) return document.toString({ lineWidth: 0 });
  const value = document.toJS() as unknown;
  return `${JSON.stringify(value, asNumbers, 2)}\n`;
}

function asNumbers(_: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new UnreadableArtifact('', `the number ${value} cannot be written again exactly; add the calls by hand`);
  return Number(value);
}
