import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templates } from './request-templates.ts';

const get = (...paths: string[]): string[] =>
  templates(paths.map((path) => ({ method: 'GET', path }))).map(({ segments }) =>
    segments.map((each) => each ?? '?').join('/'),
  );

test('a segment stands for any where it looks like one of many and was seen to differ', () => {
  assert.deepEqual(get('/o/1', '/o/2'), ['/o/?']);
  assert.deepEqual(get('/o/1'), ['/o/1']);
  assert.deepEqual(get('/v/1/o/1', '/v/1/o/2'), ['/v/1/o/?']);
  assert.deepEqual(get('/o/a', '/o/b'), ['/o/a', '/o/b']);
  assert.deepEqual(get('/o/2f1b9a36-8a0c-4f7e-9b1a-0d1c2b3a4f5e', '/o/17', '/o/0123456789abcdef01'), ['/o/?']);
});

test('queries are no part of a path, lengths and methods tell apart, repeats are one', () => {
  assert.deepEqual(get('/o?a=1', '/o?b=2#c', '/o', '/o/'), ['/o/', '/o']);
  const all = templates([
    { method: 'PUT', path: '/o/1' },
    { method: 'GET', path: '/o/2' },
  ]);
  assert.deepEqual(
    all.map(({ method, segments }) => [method, segments.join('/')]),
    [
      ['PUT', '/o/1'],
      ['GET', '/o/2'],
    ],
  );
});
