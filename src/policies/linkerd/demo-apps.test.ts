import { onlineBoutique } from '../mesh-demo.cases.ts';
import { linkerd } from './index.ts';

onlineBoutique(linkerd, [
  { defaultInboundPolicy: 'deny' },
  { defaultInboundPolicy: 'deny', mode: 'enforce', denyDefault: true, output: 'json', trustDomain: 'td.example' },
]);
