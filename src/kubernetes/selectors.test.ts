import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { addressText, contains, covers, isLoopback, network, parseAddress, parseNetwork } from './addresses.ts';
import { isLabelKey, isLabelValue, selects, selectorText } from './selectors.ts';
import { commented, plain, yamlDocument, type YamlValue } from './yaml-text.ts';

test('addresses and networks as the API server takes them', () => {
  for (const text of ['192.0.2.1', '::1', '2001:db8::7', '0.0.0.0']) assert.ok(parseAddress(text), text);
  for (const text of ['', '192.0.2', '192.0.2.256', '0x7f.1', '192.0.2.1/24', 'fe80::1%eth0', '2001:db8::g', '1'])
    assert.equal(parseAddress(text), null, text);
  assert.deepEqual(parseAddress('::ffff:192.0.2.1'), parseAddress('192.0.2.1'));
  for (const text of ['10.0.0.0/8', '10.1.2.3/8', '::/0', '2001:db8::/128']) assert.ok(parseNetwork(text), text);
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '::/129', 'x/8'])
    assert.equal(parseNetwork(text), null, text);
  assert.deepEqual(
    ['127.0.0.1', '::1', '128.0.0.1', '::2'].map((text) => isLoopback(parseAddress(text) ?? assert.fail())),
    [true, true, false, false],
  );
});

test('a network contains its addresses and no other', () => {
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(word, { minLength: 4, maxLength: 4 }),
      fc.nat(128),
      fc.nat(127),
      (four, all, given, flipped) => {
        const size = four ? 32 : 128;
        const bits = given % (size + 1);
        const address = { family: four ? (4 as const) : (6 as const), words: four ? all.slice(0, 1) : all };
        const range = network(address, bits);
        assert.ok(contains(range, address) && covers(range, network(address, size)));
        assert.deepEqual(parseNetwork(`${addressText(range.address)}/${bits}`) ?? range, range);
        const at = flipped % size;
        const words = address.words.map((each, index) =>
          Math.floor(at / 32) === index ? (each ^ (1 << (31 - (at % 32)))) >>> 0 : each,
        );
        assert.equal(contains(range, { ...address, words }), at >= bits);
      },
    ),
  );
});

test('label keys and values', () => {
  for (const key of ['app', 'app.kubernetes.io/name', 'a', 'A_b.c-d']) assert.ok(isLabelKey(key), key);
  for (const key of ['', '-a', 'a/', '/a', 'A.b/c', 'a/b/c', 'x'.repeat(64), 'a b']) assert.ok(!isLabelKey(key), key);
  assert.ok(isLabelValue('') && !isLabelValue('a b') && !isLabelValue('x'.repeat(64)));
});

test('selectors: absent keys, and words that objects have of themselves', () => {
  assert.ok(selects({}, {}));
  assert.ok(!selects({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}));
  assert.ok(selects({ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }] }, {}));
  assert.equal(
    selectorText({ matchLabels: { b: '1' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] }),
    'a in (x,y),b=1',
  );
});

test('whatever a string holds, the text says the same value', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'yes',
      'NO',
      'null',
      '~',
      '1',
      '0x1',
      '1e3',
      '.inf',
      '- a',
      '# x',
      'a: b',
      '',
      "'",
      '2026-01-01',
      'y',
      '*',
      '&a',
      '!x',
      '=',
      '<<',
    ),
  );
  const value: fc.Arbitrary<YamlValue> = fc.letrec<{ value: YamlValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.boolean(),
      fc.array(fc.oneof(text, fc.dictionary(text, tie('value'), { maxKeys: 3 })), { maxLength: 3 }),
      fc.dictionary(text, tie('value'), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(text, value), fc.array(text), (map, lines) => {
      const list = { list: [commented(lines, map), commented(lines, {})] };
      const document = yamlDocument(lines, list);
      assert.deepEqual(parse(document), JSON.parse(JSON.stringify(plain(list))));
    }),
  );
});
