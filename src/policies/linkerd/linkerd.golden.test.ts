/** One cluster's policies in every form, kept as files: a change is read as a diff. `make golden` writes them again. */
import { goldens } from '../mesh-golden.cases.ts';
import { linkerd } from './index.ts';

goldens(linkerd, {
  audit: {},
  routes: { l7: true, mode: 'enforce', denyDefault: true },
});
