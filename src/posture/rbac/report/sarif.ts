/** SARIF 2.1.0, as code hosts read it: a rule for each risk and one for what was never used, a result for each rule of a role. */
import type { AuditedRule } from '../audit.ts';
import { risks } from '../risks.ts';
import { riskText, ruleText, scopeText, smallerText, subjectText, usageText } from './wording.ts';

export interface RuleOrigin {
  readonly file: string;
  /** Of the rule's first line, from 1. */
  readonly line: number;
}

export interface UnreadDocument {
  readonly file: string | null;
  readonly line: number | null;
  readonly what: string;
}

const unusedRule = {
  id: 'unused',
  shortDescription: { text: 'RBAC: granted and not used' },
  helpUri: 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege',
  defaultConfiguration: { level: 'note' },
};

/** What is wholly used and carries no risk is no result. */
export function rbacSarif(
  rules: readonly AuditedRule[],
  unread: readonly UnreadDocument[],
  originOf: (rule: AuditedRule) => RuleOrigin | null,
  version: string,
): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kguardian',
            version,
            rules: [
              ...risks.map(({ id, why, source }) => ({
                id,
                shortDescription: { text: `RBAC: ${why}` },
                helpUri: source,
                defaultConfiguration: { level: 'warning' },
              })),
              unusedRule,
            ],
          },
        },
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            toolExecutionNotifications: unread.map(({ file, line, what }) => ({
              level: 'error',
              message: { text: what },
              locations: file === null ? [] : [physical({ file, line: line ?? 1 })],
            })),
          },
        ],
        results: rules.flatMap((each) => resultOf(each, originOf(each))),
      },
    ],
  };
}

function resultOf(rule: AuditedRule, origin: RuleOrigin | null): object[] {
  const [worst] = rule.risks;
  const isUnused = rule.usage.type === 'never' || rule.usage.type === 'partly';
  if (worst === undefined && !isUnused) return [];
  const { role, index, binding, namespace } = rule;
  const text = [
    `${subjectText(rule.subject)}${rule.crowd === null ? '' : ` (${rule.crowd})`} may ${ruleText(rule.rule)} (${scopeText(namespace)}) by ${binding}`,
    ...(worst === undefined ? [] : [`risk: ${riskText(rule)}: ${worst.why}`]),
    `used: ${usageText(rule)}`,
    `enough: ${smallerText(rule)}`,
  ].join('; ');
  const logical = { fullyQualifiedName: `${role}.rules[${index}]`, kind: 'member' };
  return [
    {
      ruleId: worst?.id ?? 'unused',
      // A risk that nobody needs is one that can be taken away today.
      level: worst === undefined ? 'note' : rule.usage.type === 'never' ? 'error' : 'warning',
      message: { text },
      locations: [{ ...(origin === null ? {} : physical(origin)), logicalLocations: [logical] }],
    },
  ];
}

function physical({ file, line }: RuleOrigin): object {
  return {
    physicalLocation: { artifactLocation: { uri: encodeURI(file.toWellFormed()) }, region: { startLine: line } },
  };
}
