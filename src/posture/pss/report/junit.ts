/** JUnit's XML, as pipelines read it: a test for each pod or template, a failure for each violation. */
import { violationText } from '../evaluate.ts';
import { remedyText, type Row, sourceText, type Unread } from './finding.ts';

export function junit(rows: readonly Row[], unread: readonly Unread[], suite: string): string {
  const failed = rows.filter(({ audited }) => audited.violations.length > 0).length;
  const counts = `tests="${rows.length + unread.length}" failures="${failed}" errors="${unread.length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${xml(suite)}" ${counts}>`,
    ...rows.flatMap(testOf),
    ...unread.flatMap(({ file, line, what }) => [
      `    <testcase classname="${xml(file ?? 'cluster')}" name="${xml(`line ${line ?? 1}`)}">`,
      `      <error message="${xml(what)}"/>`,
      '    </testcase>',
    ]),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testOf({ file, source, audited }: Row): string[] {
  const open = `    <testcase classname="${xml(file ?? 'cluster')}" name="${xml(sourceText(source))}"`;
  if (audited.violations.length === 0) return [`${open}/>`];
  return [
    `${open}>`,
    ...audited.violations.map((violation) => {
      const fixes = audited.plan.remedies.filter(({ check }) => check === violation.check).map(remedyText);
      return `      <failure type="${xml(violation.check)}" message="${xml(violationText(violation))}">${xml(fixes.join('; '))}</failure>`;
    }),
    '    </testcase>',
  ];
}

/** Text and attributes; what XML 1.0 cannot carry at all is written as its code point. */
function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replaceAll(
      /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu,
      (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    );
}
