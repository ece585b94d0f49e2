/** Documents of policies as text, and what a judge answers under them. */
import { stringify } from 'yaml';
import { type Judge, type Verdict, verdict } from './judge.ts';
import { question, requestOf } from './request.ts';

export const text = (...documents: readonly object[]): string =>
  documents.map((each) => `---\n${stringify(each)}`).join('');
export const ask = (judge: Judge, asked: object): Verdict => verdict(judge, requestOf(question.parse(asked)), false);

export const pod = (metadata: object = {}, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});
