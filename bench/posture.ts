/** How many pods are judged in a second, by one core. */
import { plan } from '#posture/pss/fix/plan.ts';
import { audit } from '#posture/pss/audit.ts';
import { defaulted } from '#posture/pss/defaults.ts';
import { violations } from '#posture/pss/evaluate.ts';
import { readPod } from '#posture/pss/pod.ts';
import { documents } from '#posture/documents.ts';
import { contents } from '#posture/workloads.ts';
import { print, rounds, table } from './print.ts';

const number = 5000;

/** Two containers and an init container, as API servers store them; every second one is compliant. */
function pod(at: number): object {
  const security = at % 2 === 0 ? {} : { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const container = (name: string): object => ({
    name,
    image: `registry.example/${name}:1`,
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    env: [{ name: 'A', value: 'b' }],
    resources: { requests: { cpu: '100m', memory: '64Mi' } },
    livenessProbe: { httpGet: { path: '/', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
    securityContext: security,
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${at}`, namespace: 'shop', labels: { app: 'web' } },
    spec: {
      initContainers: [container('wait')],
      containers: [container('app'), container('proxy')],
      securityContext: at % 2 === 0 ? {} : { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ name: 'token', projected: { sources: [] } }],
      serviceAccountName: 'default',
    },
  };
}

export function bench(): void {
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: Array.from({ length: number }, (_, at) => pod(at)),
  });
  const few = 500;
  const yaml = Array.from({ length: few }, (_, at) => `---\n${JSON.stringify(pod(at), null, 1)}\n`).join('');
  const pods = podsOf(text);
  const nobody = new Map();
  const candidates: readonly (readonly [string, number, () => void])[] = [
    [
      'judged at restricted',
      number,
      () => pods.forEach((each) => violations(defaulted(readPod(each)), 'restricted', 'latest')),
    ],
    [
      'audited: levels, violations, fixes judged again',
      number,
      () => pods.forEach((each) => audit(each, 'restricted', 'latest', nobody)),
    ],
    ['fixes alone', number, () => pods.forEach((each) => plan(each, 'restricted', 'latest', nobody))],
    [
      'read from JSON and audited',
      number,
      () => podsOf(text).forEach((each) => audit(each, 'restricted', 'latest', nobody)),
    ],
    [
      'read from YAML and audited',
      few,
      () => podsOf(yaml).forEach((each) => audit(each, 'restricted', 'latest', nobody)),
    ],
  ];
  const least = candidates.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round += 1)
    for (const [at, [, , run]] of candidates.entries()) {
      const began = performance.now();
      run();
      least[at] = Math.min(least[at] ?? 0, performance.now() - began);
    }
  print('Pod Security Standards: pods of three containers, half of them compliant');
  table([
    ['', 'pods per second'],
    ...candidates.map(([name, many], at) => [name, ((many / (least[at] ?? 0)) * 1000).toFixed(0)]),
  ]);
}

function podsOf(text: string): unknown[] {
  return documents(text).flatMap((read) =>
    read.type === 'object'
      ? contents(read.object).flatMap((each) => (each.type === 'pods' ? each.pods.map((source) => source.pod) : []))
      : [],
  );
}
