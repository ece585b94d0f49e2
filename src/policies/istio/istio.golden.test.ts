/** One cluster's policies in every form, kept as files: a change is read as a diff. `make golden` writes them again. */
import { goldens } from '../mesh-golden.cases.ts';
import { istio } from './index.ts';

goldens(istio, {
  sidecar: {},
  ambient: { form: 'ambient' },
  waypoint: { form: 'ambient', waypoint: 'waypoint', l7: true, mode: 'enforce', denyDefault: true },
});
