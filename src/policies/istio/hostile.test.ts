import { hostile } from '../mesh-hostile.cases.ts';
import { istio } from './index.ts';

hostile(istio, [{}, { l7: true }, { form: 'ambient', waypoint: 'waypoint', l7: true }]);
