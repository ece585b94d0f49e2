/**
 * CEL of our rules as Rego (v0, as every Gatekeeper reads it): the fallback of servers that run no CEL. Each truth value becomes a
 * function that is true or undefined, so that `not` and `all` can ask for it. It knows what our rules use and refuses the rest.
 */
import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { Named } from '../rule/conditions.ts';

interface Program {
  /** Functions, in the order in which they were needed. */
  readonly functions: string[];
}

const environment = new Environment({
  enableOptionalTypes: true,
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 1_000_000, maxListElements: 100_000 },
});

/** A package with `violation`, as Gatekeeper asks for it. */
export function regoOf(name: string, conditions: readonly Named[], holds: string, message: string): string {
  const program: Program = { functions: [] };
  const asked = conditions.flatMap(({ expression }) => linesOf(environment.parse(expression.cel).ast, [], program));
  const held = truth(environment.parse(holds).ast, [], program);
  return [
    `package ${name}`,
    '',
    `violation[{"msg": msg}] {\n  not input.review.operation == "DELETE"\n${[...asked, `not ${held}`].map((each) => `  ${each}\n`).join('')}  msg := ${JSON.stringify(message)}\n}`,
    ...variables,
    ...program.functions,
    '',
  ].join('\n');
}

/** What expressions call `variables.NAME`. */
const variables = [
  'pod = input.review.object { input.review.object.kind == "Pod" }',
  'pod = object.get(input.review.object, ["spec", "jobTemplate", "spec", "template"], {}) { input.review.object.kind == "CronJob" }',
  'pod = object.get(input.review.object, ["template"], {}) { input.review.object.kind == "PodTemplate" }',
  'pod = object.get(input.review.object, ["spec", "template"], {}) { not {"Pod", "CronJob", "PodTemplate"}[input.review.object.kind] }',
  'podSpec = object.get(pod, ["spec"], {})',
  'ownContainers = array.concat(object.get(podSpec, ["containers"], []), object.get(podSpec, ["initContainers"], []))',
  'isDebug { input.review.subResource == "ephemeralcontainers" }',
  'containers = object.get(podSpec, ["ephemeralContainers"], []) { isDebug }',
  'containers = array.concat(ownContainers, object.get(podSpec, ["ephemeralContainers"], [])) { not isDebug }',
];

/** A call that is true where the expression is. */
function truth(node: ASTNode, names: readonly string[], program: Program): string {
  const bodies = bodiesOf(node, names, program);
  const name = `f${program.functions.length}`;
  // The place is taken before the parts are written: a body may need functions of its own.
  const call = `${name}(${names.length === 0 ? '"x"' : names.join(', ')})`;
  const head = `${name}(${names.length === 0 ? '_' : names.join(', ')})`;
  program.functions.push(bodies.map((body) => `${head} {\n${body.map((line) => `  ${line}\n`).join('')}}`).join('\n'));
  return call;
}

/** As lines of a body, all of which must be true: a call where there are several ways, or names of its own. */
function linesOf(node: ASTNode, names: readonly string[], program: Program): string[] {
  const before = program.functions.length;
  const [lines, ...others] = bodiesOf(node, names, program);
  if (lines !== undefined && others.length === 0 && !lines.some((each) => /^\w+ := /.test(each))) return lines;
  program.functions.length = before;
  return [truth(node, names, program)];
}

/** One of them must be true, each line of it. */
function bodiesOf(node: ASTNode, names: readonly string[], program: Program): string[][] {
  const term = (each: ASTNode): string => value(each, program);
  switch (node.op) {
    case '||':
      return node.args.flatMap((each) => bodiesOf(each, names, program));
    case '&&':
      return [node.args.flatMap((each) => linesOf(each, names, program))];
    case '!_':
      return [[`not ${truth(node.args, names, program)}`]];
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return [[`${term(node.args[0])} ${node.op} ${term(node.args[1])}`]];
    case 'in':
      return [[`${term(node.args[0])} == ${term(node.args[1])}[_]`]];
    case 'call': {
      const [name, [argument]] = node.args;
      if (name === 'has' && argument?.op === '.')
        return [[`object.get(${term(argument.args[0])}, [${JSON.stringify(argument.args[1])}], null) != null`]];
      break;
    }
    case 'rcall': {
      const [name, on, parts] = node.args;
      const [first, second] = parts;
      if ((name === 'all' || name === 'exists') && first?.op === 'id' && second !== undefined) {
        const inner = truth(second, [...names, first.args], program);
        const each = `${first.args} := ${term(on)}[_]`;
        return [name === 'exists' ? [each, inner] : [`count([1 | ${each}; not ${inner}]) == 0`]];
      }
      if (name === 'hasValue') return [[`${optional(on, 'null', program)} != null`]];
      const builtIn = tests[name];
      if (builtIn !== undefined && first !== undefined) return [[builtIn(term(on), term(first))]];
      break;
    }
    default:
  }
  return [[`${term(node)} == true`]];
}

const tests: Readonly<Record<string, (on: string, argument: string) => string>> = {
  startsWith: (on, argument) => `startswith(${on}, ${argument})`,
  endsWith: (on, argument) => `endswith(${on}, ${argument})`,
  contains: (on, argument) => `contains(${on}, ${argument})`,
  matches: (on, argument) => `regex.match(${argument}, ${on})`,
};

const roots: Readonly<Record<string, string>> = {
  object: 'input.review.object',
  oldObject: 'input.review.oldObject',
  request: 'input.review',
};

function value(node: ASTNode, program: Program): string {
  const term = (each: ASTNode): string => value(each, program);
  switch (node.op) {
    case 'value':
      return typeof node.args === 'bigint'
        ? String(node.args)
        : JSON.stringify(node.args).replaceAll(/[^ -~]/g, escaped);
    case 'id':
      return roots[node.args] ?? node.args;
    case '.': {
      const [on, name] = node.args;
      return on.op === 'id' && on.args === 'variables' ? name : `${term(on)}[${JSON.stringify(name)}]`;
    }
    case 'list':
      return `[${node.args.map(term).join(', ')}]`;
    case 'map':
      if (node.args.length === 0) return '{}';
      break;
    case '+':
      return node.args.some(isNumber)
        ? `(${term(node.args[0])} + ${term(node.args[1])})`
        : `concat("", [${term(node.args[0])}, ${term(node.args[1])}])`;
    case '*':
      return `(${term(node.args[0])} * ${term(node.args[1])})`;
    case 'call': {
      const [name, [argument]] = node.args;
      if (argument === undefined) break;
      if (name === 'size') return `count(${term(argument)})`;
      if (name === 'dyn') return term(argument);
      if (name === 'string') return `sprintf("%v", [${term(argument)}])`;
      if (name === 'quantity') return `units.parse(${term(argument)})`;
      break;
    }
    case 'rcall': {
      const [name, on, [argument]] = node.args;
      if (name === 'orValue' && argument !== undefined) return optional(on, term(argument), program);
      if (name === 'asApproximateFloat') return term(on);
      break;
    }
    default:
  }
  throw new Error(`no Rego for ${node.op} of ${node.input.slice(0, 80)}`);
}

/** What a plus adds up: there are strings beside it, and Rego has another word for those. */
function isNumber(node: ASTNode): boolean {
  return (node.op === 'value' && typeof node.args !== 'string') || (node.op === 'call' && node.args[0] === 'size');
}

/** `a.?b.?c` with what stands in for it, `a.?b.or(c).?d`. */
function optional(node: ASTNode, otherwise: string, program: Program): string {
  const path: string[] = [];
  let at = node;
  while (at.op === '.?' || at.op === '[?]') {
    const [on, key]: readonly [ASTNode, string | ASTNode] = at.args;
    path.unshift(typeof key === 'string' ? JSON.stringify(key) : value(key, program));
    at = on;
  }
  if (at.op === 'rcall' && at.args[0] === 'or' && at.args[2][0] !== undefined) {
    const base = optional(at.args[1], optional(at.args[2][0], '{}', program), program);
    return `object.get(${base}, [${path.join(', ')}], ${otherwise})`;
  }
  return `object.get(${value(at, program)}, [${path.join(', ')}], ${otherwise})`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
