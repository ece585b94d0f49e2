/** Names from manifests are hostile: no form of a report lets them out of their place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit } from '../audit.ts';
import type { Row } from './finding.ts';
import { junit } from './junit.ts';
import { sarif } from './sarif.ts';

const hostile = 'a"><evil/>&\n\u0000\u{1F600}\uD800';
const pod = { spec: { containers: [{ name: hostile, securityContext: { privileged: true } }] } };
const row: Row = {
  file: `${hostile.replace('\uD800', '')}.yaml`,
  line: 7,
  source: { apiVersion: 'v1', kind: 'Pod', name: hostile, namespace: hostile, path: ['items', 3], pod },
  audited: audit(pod, 'restricted', 'latest', new Map()),
};
const unread = [{ file: hostile, line: 3, what: hostile }];

test('JUnit stays well-formed', () => {
  const text = junit([row], unread, hostile);
  // What is left without text and attributes are the elements that we write.
  const tags = [...text.matchAll(/<\/?([a-zA-Z?]+)/g)].map(([, tag]) => tag);
  assert.deepEqual([...new Set(tags)], ['?xml', 'testsuites', 'testsuite', 'testcase', 'failure', 'error']);
  assert.doesNotMatch(text, /(?!\n)\p{Cc}|\p{Cs}/u);
  assert.equal(text.match(/<testcase /g)?.length, text.match(/<\/testcase>/g)?.length);
  assert.match(text, /tests="2" failures="1" errors="1"/);
});

test('SARIF places each fault in its file and object', () => {
  const { runs } = JSON.parse(JSON.stringify(sarif([row], unread, '1'))) as {
    runs: {
      results: {
        ruleId: string;
        locations: {
          physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
          logicalLocations: { fullyQualifiedName: string }[];
        }[];
      }[];
      invocations: { executionSuccessful: boolean; toolExecutionNotifications: object[] }[];
    }[];
  };
  const [first] = runs[0]?.results ?? [];
  assert.equal(first?.ruleId, 'privileged');
  const [place] = first?.locations ?? [];
  assert.equal(place?.physicalLocation.region.startLine, 7);
  assert.doesNotMatch(place?.physicalLocation.artifactLocation.uri ?? '', /[\s"<>]/);
  assert.equal(
    place?.logicalLocations[0]?.fullyQualifiedName,
    'items[3].spec.containers[0].securityContext.privileged',
  );
  assert.equal(runs[0]?.invocations[0]?.executionSuccessful, false);
  assert.equal(runs[0]?.invocations[0]?.toolExecutionNotifications.length, 1);
});
