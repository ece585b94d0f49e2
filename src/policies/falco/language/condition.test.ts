import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnreadableArtifact } from '../../kind.ts';
import { type Expression, type Operand, readCondition } from './condition.ts';

/** As text with every bracket that there is. */
function shown(expression: Expression): string {
  switch (expression.type) {
    case 'and':
    case 'or':
      return `(${expression.all.map(shown).join(` ${expression.type} `)})`;
    case 'not':
      return `!${shown(expression.of)}`;
    case 'macro':
      return expression.name;
    case 'exists':
      return `${operand(expression.left)}?`;
    case 'check': {
      const { left, operator, right } = expression;
      return `${operand(left)}${operator}${'field' in right ? `<${operand(right)}>` : JSON.stringify(right)}`;
    }
  }
}

function operand({ field, argument, transformers }: Operand): string {
  const inner = argument === null ? field : `${field}[${argument}]`;
  return transformers.toReversed().reduce((text, each) => `${each}:${text}`, inner);
}

const read: readonly (readonly [condition: string, as: string])[] = [
  ['a.b=c', 'a.b=["c"]'],
  ['a.b = c or d.e = f and g.h = i', '(a.b=["c"] or (d.e=["f"] and g.h=["i"]))'],
  ['not a.b = c and d', '(!a.b=["c"] and d)'],
  ['not not a.b exists', 'a.b?'],
  ['not(a.b exists)', '!a.b?'],
  ['not not(a.b exists)', 'a.b?'],
  ['(a or b) and(c)', '((a or b) and c)'],
  ['a.b in (x, "y z", /p)', 'a.b in["x","y z","/p"]'.replace('in[', 'in[')],
  ['a.b in ()', 'a.b in[]'],
  ['a.b in names', 'a.b in["names"]'],
  ['a.b pmatch (/etc)', 'a.b pmatch["/etc"]'],
  ['a.b glob "/x*"', 'a.b glob["/x*"]'],
  ['a.b >= 5', 'a.b>=["5"]'],
  ['a.b[1] = x', 'a.b[1]=["x"]'],
  ['a.b["x y"] = x', 'a.b[x y]=["x"]'],
  ['tolower(a.b) = x', 'tolower:a.b=["x"]'],
  ['tolower(basename(a.b)) = x', 'tolower:basename:a.b=["x"]'],
  ['a.b = val(c.d)', 'a.b=<c.d>'],
  ['a.b = toupper(c.d)', 'a.b=<toupper:c.d>'],
  [`a.b = 'it "is"'`, 'a.b=["it \\"is\\""]'],
  ['a.b = "x\\"y\\\\z\\n"', 'a.b=["x\\"y\\\\z\\n"]'],
  ['  a.b\n=\tc  ', 'a.b=["c"]'],
];

test('conditions are read as engines read them', () => {
  for (const [condition, as] of read) {
    const wanted = as.replaceAll(/ (in|pmatch|glob)\[/g, '$1[');
    assert.equal(shown(readCondition(condition, 'c')), wanted, condition);
  }
});

const refused: readonly (readonly [condition: string, why: RegExp])[] = [
  ['', /expected a bracket, a field or a macro at character 0/],
  ['a.b', /expected an operator/],
  ['a.b = ', /expected a value/],
  ['a.b is c', /expected an operator/],
  ['a.b = c d', /expected 'or' or 'and' at character 8, before "d"/],
  ['a.b = c andd.e = f', /a blank or a bracket must follow and/],
  ['(a.b = c', /a bracket is not closed/],
  ['a.b in (x', /a list is not closed/],
  ['a.b in (x,)', /expected a value of the list/],
  ['a.b > x', /expected a number/],
  ['a.b = "x', /expected a value/],
  ['a.b = "x\\q"', /no escape is known as \\q/],
  [`a.b = "x\\'"`, /no escape is known/],
  ['tolower(a.b = x', /a transformer is not closed/],
  ['a.b[ = x', /expected an argument/],
  [`${'('.repeat(101)}a.b exists${')'.repeat(101)}`, /nested deeper than 100/],
  ['a.b anyof (x)', /expected an operator/],
];

test('what engines refuse is refused, with the character', () => {
  for (const [condition, why] of refused)
    assert.throws(
      () => readCondition(condition, 'c'),
      (error) => error instanceof UnreadableArtifact && error.where === 'c' && why.test(error.message),
      condition,
    );
});

test('a quote after a backslash does not end a string, as in the engine', () => {
  // So no value may end with a backslash: what follows would be taken along.
  assert.throws(() => readCondition('a.b = "x\\\\" and c.d = e', 'c'), UnreadableArtifact);
});
