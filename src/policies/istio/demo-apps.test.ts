import { onlineBoutique } from '../mesh-demo.cases.ts';
import { istio } from './index.ts';

onlineBoutique(istio, [
  { denyDefault: true },
  { denyDefault: true, form: 'ambient', mode: 'enforce' },
  { denyDefault: true, form: 'ambient', waypoint: 'waypoint', trustDomain: 'td.example' },
]);
