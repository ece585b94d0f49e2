/** Test reporter: failures and skips with their reasons as they come, at the end one line `N passed, N failed`. */
import { relative } from 'node:path';
import { styleText } from 'node:util';
import type { TestEvent } from 'node:test/reporters';

const terminal = process.stdout.isTTY;
const paint = (style: 'red' | 'yellow' | 'green', text: string): string => (terminal ? styleText(style, text) : text);

interface Fault {
  message?: string;
  stack?: string;
  cause?: unknown;
}

/** The innermost error: node:test wraps what a test threw. */
function root(error: unknown): string {
  const fault = error as Fault | undefined;
  if (fault?.cause instanceof Error) return root(fault.cause);
  return fault?.stack ?? fault?.message ?? String(error);
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const began = performance.now();
  for await (const event of events) {
    if (event.type === 'test:stderr' || event.type === 'test:stdout') {
      if (process.env['VERBOSE']) yield event.data.message;
      continue;
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    // A file, or a describe block: its tests are counted one by one. One that breaks by itself is counted as a failure.
    const { name, file, details, skip } = event.data;
    const group = details.type === 'suite' || (file !== undefined && name.endsWith('.test.ts'));
    const where = file === undefined ? '' : `${relative(process.cwd(), file)}: `;
    if (event.type === 'test:fail') {
      const { error } = event.data.details;
      const own = !(group && /subtests? failed/.test(root(error)));
      if (!own) continue;
      failed += 1;
      yield `${paint('red', 'FAIL')} ${where}${name}\n${root(error).replaceAll(/^/gm, '    ')}\n`;
    } else if (skip !== undefined && skip !== false) {
      skipped += 1;
      yield `${paint('yellow', 'skip')} ${where}${name} (${skip === true ? 'no reason given' : skip})\n`;
    } else if (!group) {
      passed += 1;
      if (process.env['VERBOSE'])
        yield `${paint('green', 'ok')}   ${where}${name} ${Math.round(details.duration_ms)} ms\n`;
    }
  }
  yield `${Math.round((performance.now() - began) / 1000)} s\n`;
  yield `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
}
