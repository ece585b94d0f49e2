/** Files as loaders read them: what comes later counts, and lists are text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnreadableArtifact } from '../../kind.ts';
import { collect } from './collect.ts';
import { Expander, type Expanded } from './expand.ts';
import { readItems } from './items.ts';

function expanded(text: string): Expanded {
  const collected = collect(readItems(text));
  const [rule] = [...collected.rules.values()];
  assert.ok(rule);
  return new Expander(collected).rule(rule);
}

const rule = (condition: string, more = ''): string =>
  `- rule: R\n  desc: d\n  output: o\n  priority: WARNING\n  condition: ${JSON.stringify(condition)}\n${more}`;

test('lists stand for their items, in the text', () => {
  const lists = `- list: a\n  items: [x, '"y z"', p q]\n- list: b\n  items: [a, w]\n`;
  const { text } = expanded(`${lists}${rule('proc.name in (b, a) and proc.name != ab')}`);
  assert.equal(
    text.replaceAll(/ +/g, ' '),
    '(proc.name in ( x, "y z", "p q", w , x, "y z", "p q" ) and proc.name != ab)',
  );
});

test('an empty list takes a comma along', () => {
  const { text } = expanded(`- list: none\n  items: []\n${rule('proc.name in (a, none) and proc.name in (none)')}`);
  assert.equal(text.replaceAll(/ +/g, ' '), '(proc.name in (a ) and proc.name in ( ))');
});

test('exceptions are written out: one field, rows, rows with lists', () => {
  const more = `  exceptions:
    - {name: one, fields: proc.name, values: [a, b c]}
    - {name: rows, fields: [proc.name, fd.name], values: [[a, /x], [b, /y]]}
    - {name: lists, fields: [proc.name, fd.name], comps: [=, in], values: [[a, [/x, /y]]]}
    - {name: none, fields: proc.name}
`;
  const { text, grants } = expanded(rule('evt.type = open', more));
  assert.equal(
    text,
    '(evt.type = open) and not (proc.name in (a, "b c")) and not (( proc.name = a and  fd.name = /x) or ( proc.name = b and  fd.name = /y)) and not (( proc.name = a and  fd.name in (/x, /y)))',
  );
  assert.deepEqual(
    grants.map((each) => each.text),
    [
      ...['proc.name in a', 'proc.name in b c', 'proc.name = a and fd.name = /x', 'proc.name = b and fd.name = /y'],
      ...['proc.name = a and fd.name in /x', 'proc.name = a and fd.name in /y'],
    ],
  );
});

test('a value that holds the name of a list lets more pass than it seems to, and the grant says so', () => {
  const list = `- list: shells\n  items: ['", /evil, "']\n`;
  const more = `  exceptions:\n    - {name: paths, fields: fd.name, values: ['"/tmp/a shells b"']}\n`;
  const { grants } = expanded(`${list}${rule('evt.type = open', more)}`);
  assert.deepEqual(
    grants.map((each) => each.text.replaceAll(/ +/g, ' ')),
    ['fd.name in (/tmp/a , /evil, b)'],
  );
});

test('a value that breaks out of its exception makes another condition, and no exception of it counts as one', () => {
  const more = `  exceptions:\n    - {name: paths, fields: fd.name, values: ['"/x")) or (evt.type in ("close"']}\n`;
  const { base, grants } = expanded(rule('evt.type = open', more));
  assert.match(JSON.stringify(base), /"or".*close/);
  assert.deepEqual(grants, []);
});

test('macros are put in; who names one that comes later, or itself, is refused', () => {
  const opened = '- macro: opened\n  condition: evt.type in (open, openat)\n';
  const both = expanded(`${opened}${rule('opened and not proc.name = a')}`).base;
  assert.equal(both.type === 'and' && both.all[0]?.type, 'check');
  for (const [text, why] of [
    [rule('opened'), /macro opened is not defined/],
    [`- macro: a\n  condition: b\n- macro: b\n  condition: evt.type = open\n${rule('a')}`, /not defined before a/],
    [`- macro: a\n  condition: a\n${rule('a')}`, /made of itself/],
  ] as const)
    assert.throws(
      () => expanded(text),
      (error) => error instanceof UnreadableArtifact && why.test(error.message),
      text,
    );
});

test('what comes later counts: defined again, appended to, replaced, disabled', () => {
  const base = `- list: l\n  items: [a]\n- macro: m\n  condition: proc.name in (l)\n${rule('evt.type = open and m')}`;
  const of = (later: string): string => expanded(`${base}${later}`).text;
  assert.match(of('- list: l\n  items: [b]\n'), /m\)$/);
  const changed = `- list: l\n  items: [b]\n  override: {items: append}\n- macro: m\n  condition: or fd.name = /x\n  override: {condition: append}\n`;
  const { base: tree } = expanded(`${base}${changed}`);
  assert.match(JSON.stringify(tree), /"a","b"[^}]*}.*\/x/);
  assert.match(of('- rule: R\n  condition: and fd.num = 1\n  override: {condition: append}\n'), /m and fd\.num = 1\)$/);
  assert.match(
    of('- rule: R\n  condition: evt.type = close\n  override: {condition: replace}\n'),
    /^\(evt\.type = close\)$/,
  );
  const values =
    '- rule: R\n  exceptions: [{name: e, fields: proc.name, values: [x]}]\n  override: {exceptions: append}\n';
  const more = '- rule: R\n  exceptions: [{name: e, values: [y]}]\n  append: true\n';
  assert.match(of(`${values}${more}`), /and not \(proc\.name in \(x, y\)\)$/);
  assert.equal(expanded(`${base}- rule: R\n  enabled: false\n`).rule.enabled, false);
});

test('what loaders refuse is refused, and said where', () => {
  for (const [text, why] of [
    ['a: b', /a rules file is a list of items/],
    ['- [', /no YAML/],
    ['- rule: R\n  condition: evt.type = open\n', /\[0\]: a rule has condition, output, desc and priority/],
    [rule('evt.type = open').replace('WARNING', 'LOUD'), /\[0\]\.priority: none of emergency/],
    ['- list: l\n  items: [b]\n  append: true\n', /list l is changed and not defined before/],
    ['- rule: R\n  condition: x\n  override: {condition: append}\n', /rule "R" is changed and not defined before/],
    [`${rule('evt.type = open')}- rule: R\n  condition: x\n  override: {priority: append}\n`, /cannot be overridden/],
    [
      `${rule('evt.type = open')}- rule: R\n  condition: x\n  output: y\n  override: {output: replace}\n`,
      /condition is not named under override/,
    ],
    [
      rule('evt.type = open', '  exceptions: [{name: e, fields: proc.name, comps: glob, values: [a]}]\n'),
      /compared by in, pmatch/,
    ],
    [
      rule('evt.type = open', '  exceptions: [{name: e, fields: [a.b, c.d], values: [[a]]}]\n'),
      /as many values as there are fields/,
    ],
    ['- required_engine_version: new\n', /required_engine_version: neither a number nor a version/],
  ] as const)
    assert.throws(
      () => expanded(text),
      (error) => error instanceof UnreadableArtifact && why.test(error.message),
      text,
    );
});

test('several documents are one file, and unknown items are passed over', () => {
  const { rule: found } = expanded(
    `${rule('evt.type = open')}- nothing: here\n---\n- rule: R\n  priority: debug\n  override: {priority: replace}\n`,
  );
  assert.equal(found.priority, 'debug');
});
