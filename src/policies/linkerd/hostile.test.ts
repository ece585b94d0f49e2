import { hostile } from '../mesh-hostile.cases.ts';
import { linkerd } from './index.ts';

hostile(linkerd, [{}, { l7: true, denyDefault: true }]);
