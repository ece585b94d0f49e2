/** The laws in every form, over random recordings. The laws for all kinds are in `../laws.test.ts`. */
import { lawsInForms } from '../mesh-laws.cases.ts';
import { linkerd } from './index.ts';

lawsInForms(linkerd, [
  { mode: 'enforce' },
  { output: 'json', l7: true },
  { trustDomain: 'td.example', members: 'labelled', denyDefault: true },
]);
