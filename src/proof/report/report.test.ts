/** Names of workloads are hostile: a report shows them, and nothing of them becomes markup. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { completeRecording, shop } from '#observation/arbitraries.ts';
import { printable } from '#observation/text.ts';
import { attacksVersion } from '../attacks/index.ts';
import { everything } from '../everything.ts';
import { policyParts, treeOf } from '../tree.ts';
import { reportHtml } from './html.ts';
import { reportMarkdown } from './markdown.ts';
import { htmlText, markdownText } from './markup.ts';
import { reportOf } from './report.ts';

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '| a | b |\n# head',
  '[x](https://evil.example) ![y](http://evil.example/z.png) www.evil.example',
  '`code` **bold** _it_ ~~no~~ &lt; <!-- x',
  'a\'b"c\u202e\u0000\udcff',
];

test('text stays text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary' })), (text) => {
      const html = htmlText(text);
      assert.doesNotMatch(html, /[<>"']/);
      const back: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
      assert.equal(
        html.replaceAll(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => back[name] ?? ''),
        printable(text),
      );
      const markdown = markdownText(text);
      assert.doesNotMatch(markdown, /[\n\r]|https?:|www\./i);
      assert.doesNotMatch(markdown.replaceAll('<!-- -->', ''), /<|(?<!\\)(?:\\\\)*[`*_[\]|#!~]/);
    }),
  );
});

test('any recording gives a report whose tables hold', () => {
  fc.assert(
    fc.property(completeRecording, fc.constantFrom(...hostile), (recording, name) => {
      const containers = recording.containers.map((each) => ({ ...each, workload: name, name }));
      const renamed = { ...recording, containers };
      const units = everything(fold([renamed]), [renamed], shop, 'enforce');
      const report = reportOf(units, [renamed], shop, attacksVersion);
      assert.ok(report.workloads.length > 0);
      for (const each of report.workloads) {
        for (const kind of each.kinds) assert.ok(kind.denied === 0 && kind.unknown === 0, JSON.stringify(kind));
        const { stopped = 0, unknown = 0, left = [], all = 0 } = each.attacks ?? {};
        assert.equal(stopped + left.length, all);
        assert.equal(left.filter(({ outcome }) => outcome === 'unknown').length, unknown);
      }
      const html = reportHtml(report);
      assert.doesNotMatch(html, /<(?:script|img)/);
      const markdown = reportMarkdown(report).split('\n');
      // Every row has as many cells as its head.
      for (const [at, line] of markdown.entries())
        if (line.startsWith('|')) {
          const cells = (text: string): number => text.split(/(?<!\\)\|/).length;
          const head = markdown.slice(0, at + 1).findLastIndex((each) => !each.startsWith('|')) + 1;
          assert.equal(cells(line), cells(markdown[head] ?? ''), line);
        }
      // As many files as artifacts, and three or four that say what to do with them.
      const artifacts = units.flatMap(({ proved }) => (proved.type === 'proved' ? proved.artifacts : []));
      const files = treeOf(policyParts(units), 'watch');
      assert.equal(new Set(files.map(({ path }) => path)).size, files.length);
      assert.ok(files.length - artifacts.length === 2 || files.length - artifacts.length === 3);
    }),
    { numRuns: 30 },
  );
});
