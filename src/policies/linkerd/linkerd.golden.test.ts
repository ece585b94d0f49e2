/** One cluster's policies in every form, kept as files: a change is read as a diff. `make golden` writes them again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { everything, written } from '../mesh.cases.ts';
import { linkerd } from './index.ts';

const forms: Readonly<Record<string, Record<string, unknown>>> = {
  audit: {},
  routes: { l7: true, mode: 'enforce', denyDefault: true },
};
for (const [name, options] of Object.entries(forms)) {
  test(`linkerd ${name} is what it was, and is proved`, () => {
    const { text, unknown } = written(linkerd, everything, options);
    assert.equal(unknown, 0);
    const golden = fileURLToPath(new URL(`golden/shop-${name}.yaml`, import.meta.url));
    if (process.env['UPDATE_GOLDEN'] !== undefined) {
      mkdirSync(fileURLToPath(new URL('golden', import.meta.url)), { recursive: true });
      writeFileSync(golden, text);
    }
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}
