/** The laws in every form, over random recordings. The laws for all kinds are in `../laws.test.ts`. */
import { lawsInForms } from '../mesh-laws.cases.ts';
import { istio } from './index.ts';

lawsInForms(istio, [
  { mode: 'enforce' },
  { output: 'json', l7: true },
  { form: 'ambient' },
  { form: 'ambient', waypoint: 'waypoint' },
  { trustDomain: 'td.example', members: 'labelled' },
]);
