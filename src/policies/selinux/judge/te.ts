/**
 * Type enforcement modules (`.te`) → statements of CIL: what checkmodule 3.4 reads, and the two macros of the reference
 * policy that modules begin with (`policy_module`, `gen_require`). Other macros stand for rules that only the node's
 * headers have: each becomes a call of a macro that nobody declares, and so is `unknown` where it could decide.
 */
import { UnreadableArtifact } from '../../kind.ts';
import { type List, listOf } from './expressions.ts';
import { ModuleText } from './te-tokens.ts';

export interface Module {
  readonly name: string;
  readonly statements: readonly List[];
  /** What `require` says of names that are not the module's own. */
  readonly sorts: ReadonlyMap<string, 'type' | 'attribute'>;
}

type Reader = (text: ModuleText, out: List[], line: number, sorts: Map<string, 'type' | 'attribute'>) => void;

export function isModule(text: string): boolean {
  return /^(?:\s|#[^\n]*\n)*(?:policy_module\s*\(|module\s+[\w.-]+\s)/.test(text);
}

/** Throws `UnreadableArtifact` where checkmodule would stop. */
export function readModule(text: string): Module {
  const words = new ModuleText(text);
  const sorts = new Map<string, 'type' | 'attribute'>();
  const first = words.take();
  if (first !== 'policy_module' && first !== 'module')
    throw new UnreadableArtifact('line 1', 'a module begins with module or policy_module');
  if (first === 'policy_module') words.expect('(');
  const name = words.word();
  if (first === 'policy_module') words.skipTo(')');
  else {
    words.word();
    words.expect(';');
  }
  const statements: List[] = [];
  while (!words.ended) statement(words, statements, sorts);
  return { name, statements, sorts };
}

function statement(text: ModuleText, out: List[], sorts: Map<string, 'type' | 'attribute'>): void {
  const { line } = text;
  const first = text.take();
  const reader = readers[first];
  if (first === ';') return;
  if (reader !== undefined) reader(text, out, line, sorts);
  else if (text.peek() === '(') macro(first, text, out, line);
  else throw new UnreadableArtifact(`line ${line}`, `a module has no statement ${JSON.stringify(first)}`);
}

function block(text: ModuleText, sorts: Map<string, 'type' | 'attribute'>): List[] {
  const out: List[] = [];
  text.expect('{');
  while (text.peek() !== '}') statement(text, out, sorts);
  text.expect('}');
  return out;
}

const rule =
  (kind: string): Reader =>
  (text, out, line) => {
    const [source, target] = [text.types(), text.types()];
    text.expect(':');
    const classes = text.names();
    const granted = text.permissions();
    text.expect(';');
    if (kind !== 'neverallow' && (source.wild || target.wild))
      throw new UnreadableArtifact(`line ${line}`, `* and ~ are of neverallow, not of ${kind}`);
    if (source.set === null || source.self) throw new UnreadableArtifact(`line ${line}`, 'self is no source');
    const from = text.nameOf(source.set, out);
    const to = [...(target.set === null ? [] : [text.nameOf(target.set, out)]), ...(target.self ? ['self'] : [])];
    for (const each of classes)
      for (const one of to) out.push(listOf([kind, from, one, listOf([each, granted], line)], line));
  };

const transition =
  (kind: string): Reader =>
  (text, out, line) => {
    const [source, target] = [text.types(), text.types()];
    text.expect(':');
    const classes = text.names();
    const result = text.word();
    const named = text.peek() === ';' ? [] : [text.take().replaceAll('"', '')];
    text.expect(';');
    if (source.set === null || target.set === null)
      throw new UnreadableArtifact(`line ${line}`, 'self makes no transition');
    const [from, to] = [text.nameOf(source.set, out), text.nameOf(target.set, out)];
    for (const each of classes) out.push(listOf([kind, from, to, each, ...named, result], line));
  };

/** Neither gives nor takes access. */
const silent: Reader = (text) => text.skipTo(';');

const boolean: Reader = (text, out, line) => {
  out.push(listOf(['boolean', text.word(), text.word()], line));
  text.expect(';');
};

const readers: Readonly<Record<string, Reader>> = {
  allow: rule('allow'),
  auditallow: rule('auditallow'),
  dontaudit: rule('dontaudit'),
  neverallow: rule('neverallow'),
  type_transition: transition('typetransition'),
  type_change: transition('typechange'),
  type_member: transition('typemember'),
  bool: boolean,
  tunable: boolean,
  attribute_role: silent,
  roleattribute: silent,
  role_transition: silent,
  range_transition: silent,
  typebounds: silent,
  expandattribute: silent,
  class: silent,
  user: silent,
  type(text, out, line) {
    const made = text.word();
    out.push(listOf(['type', made], line));
    if (text.peek() === 'alias') {
      text.take();
      for (const each of text.names()) alias(each, made, line, out);
    }
    while (text.peek() === ',') {
      text.take();
      out.push(listOf(['typeattributeset', text.word(), listOf([made], line)], line));
    }
    text.expect(';');
  },
  typealias(text, out, line) {
    const actual = text.word();
    text.expect('alias');
    for (const each of text.names()) alias(each, actual, line, out);
    text.expect(';');
  },
  attribute(text, out, line) {
    out.push(listOf(['typeattribute', text.word()], line));
    text.expect(';');
  },
  typeattribute(text, out, line) {
    const member = text.word();
    for (const each of text.commas()) out.push(listOf(['typeattributeset', each, listOf([member], line)], line));
    text.expect(';');
  },
  permissive(text, out, line) {
    out.push(listOf(['typepermissive', text.word()], line));
    text.expect(';');
  },
  role(text, out, line) {
    if (text.afterNext !== 'types') return text.skipTo(';');
    const role = text.word();
    text.expect('types');
    const { set } = text.types();
    if (set !== null) out.push(listOf(['roletype', role, text.nameOf(set, out)], line));
    text.expect(';');
  },
  require(text, _, __, sorts) {
    text.expect('{');
    requires(text, sorts);
    text.expect('}');
  },
  gen_require(text, _, __, sorts) {
    text.expect('(', '`');
    requires(text, sorts);
    text.expect("'", ')');
  },
  optional(text, out, line, sorts) {
    out.push(listOf(['optional', `te_optional_${line}`, ...block(text, sorts)], line));
    if (text.peek() !== 'else') return;
    text.take();
    throw new UnreadableArtifact(`line ${line}`, 'optional with else is not read');
  },
  if(text, out, line, sorts) {
    text.expect('(');
    const when = text.condition();
    text.expect(')');
    const yes = block(text, sorts);
    const no = text.peek() === 'else' ? (text.take(), block(text, sorts)) : [];
    out.push(listOf(['booleanif', when, listOf(['true', ...yes], line), listOf(['false', ...no], line)], line));
  },
};

function requires(text: ModuleText, sorts: Map<string, 'type' | 'attribute'>): void {
  while (text.peek() !== '}' && text.peek() !== "'") {
    const sort = text.take();
    if (sort === 'class') {
      text.word();
      text.names();
    } else for (const each of text.commas()) if (sort === 'type' || sort === 'attribute') sorts.set(each, sort);
    text.expect(';');
  }
}

function macro(name: string, text: ModuleText, out: List[], line: number): void {
  const given: string[] = [];
  let depth = 0;
  do {
    const next = text.take();
    depth += next === '(' ? 1 : next === ')' ? -1 : 0;
    if (/^[A-Za-z]/.test(next)) given.push(next);
  } while (depth > 0);
  out.push(listOf(['call', name, listOf(given, line)], line));
}

function alias(name: string, actual: string, line: number, out: List[]): void {
  out.push(listOf(['typealias', name], line), listOf(['typealiasactual', name, actual], line));
}
