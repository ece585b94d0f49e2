/** SARIF 2.1.0, as code hosts read it: a rule for each check, a result for each fault. */
import { checks, violationText } from '../evaluate.ts';
import { pathText } from '../pod.ts';
import { remedyText, type Row, sourceText, type Unread } from './finding.ts';

const standard = 'https://kubernetes.io/docs/concepts/security/pod-security-standards/';

export function sarif(rows: readonly Row[], unread: readonly Unread[], version: string): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kguardian',
            version,
            rules: checks.map(({ id, level }) => ({
              id,
              shortDescription: { text: `Pod Security Standards, ${level}: ${id}` },
              helpUri: standard,
              defaultConfiguration: { level: level === 'baseline' ? 'error' : 'warning' },
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            toolExecutionNotifications: unread.map(({ file, line, what }) => ({
              level: 'error',
              message: { text: what },
              locations: location(file, line),
            })),
          },
        ],
        results: rows.flatMap(resultsOf),
      },
    ],
  };
}

function resultsOf({ file, line, source, audited, lineOf }: Row): object[] {
  return audited.violations.flatMap((violation) => {
    const fixes = audited.plan.remedies.filter(({ check }) => check === violation.check).map(remedyText);
    const text = [`${sourceText(source)}: ${violationText(violation)}`, ...fixes].join('; ');
    return violation.faults.map(({ path }) => ({
      ruleId: violation.check,
      level: violation.level === 'baseline' ? 'error' : 'warning',
      message: { text },
      locations: location(file, lineOf?.([...source.path, ...path]) ?? line, pathText([...source.path, ...path])),
    }));
  });
}

function location(file: string | null, line: number | null, path?: string): object[] {
  const physical =
    file === null
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(file.toWellFormed()) },
            region: { startLine: line ?? 1 },
          },
        };
  const logical = path === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: path, kind: 'member' }] };
  return file === null && path === undefined ? [] : [{ ...physical, ...logical }];
}
