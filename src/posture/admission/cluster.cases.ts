/** A made-up cluster of any size in which every pattern holds, but for every `odd`th workload. */
import { type Existing, existing } from './subjects.ts';

export interface Names {
  readonly registry: string;
  readonly label: string;
  readonly domain: string;
  readonly storage: string;
  readonly path: string;
  readonly capability: string;
}

export const plainNames: Names = {
  registry: 'registry.example/team/',
  label: 'shop.example/owner',
  domain: 'apps.example',
  storage: 'fast',
  path: '/var/log',
  capability: 'NET_BIND_SERVICE',
};

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

function template(
  at: number,
  { registry, label, path, capability }: Names,
  odd: boolean,
): { metadata: object; spec: object } {
  const security = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: [capability] },
  };
  const container = {
    name: 'app',
    image: odd ? `docker.io/somebody-${at}/thing:latest` : `${registry}app${at % 40}@${digest}`,
    securityContext: odd ? { privileged: true } : security,
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 8080 } },
    livenessProbe: { httpGet: { path: '/', port: 8080 } },
    resources: odd
      ? {}
      : { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: at % 2 === 0 ? '200m' : '0.15', memory: '128Mi' } },
  };
  return {
    metadata: { labels: odd ? {} : { app: `app-${at}`, [label]: 'team' } },
    spec: {
      automountServiceAccountToken: odd,
      serviceAccountName: odd ? 'default' : `app-${at}`,
      securityContext: odd
        ? {}
        : {
            runAsNonRoot: true,
            runAsUser: 10_000 + (at % 50),
            fsGroup: 2000,
            seccompProfile: { type: 'RuntimeDefault' },
            appArmorProfile: { type: 'RuntimeDefault' },
            seLinuxOptions: { type: 'container_t' },
          },
      containers: [container],
      volumes: [{ name: 'logs', hostPath: { path: odd ? `/data-${at}` : path } }],
    },
  };
}

/** Seven kinds, `size` objects; namespaces and owners with them. */
export function clusterOf(size: number, names: Names = plainNames, odd = 10): object[] {
  const { label, domain, storage } = names;
  return Array.from({ length: size }, (_, at): object => {
    const isOdd = odd > 0 && at % (7 * odd) < 7;
    const namespace = `ns-${Math.floor(at / 7) % 20}`;
    const labels = isOdd ? {} : { app: `app-${at}`, [label]: 'team' };
    const metadata = { name: `app-${at}`, namespace, labels };
    const pod = template(at, names, isOdd);
    const replicas = isOdd ? 1 : 2 + (at % 3);
    switch (at % 7) {
      case 0:
        return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas, template: pod } };
      case 1: {
        const volumeClaimTemplates = [
          { metadata: { name: 'd' }, spec: { storageClassName: isOdd ? `slow-${at}` : storage } },
        ];
        return {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata,
          spec: { replicas, template: pod, volumeClaimTemplates },
        };
      }
      case 2:
        return {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata,
          spec: { jobTemplate: { spec: { template: pod } } },
        };
      case 3:
        return {
          apiVersion: 'v1',
          kind: 'Service',
          metadata,
          spec: { type: isOdd ? 'NodePort' : 'ClusterIP', ...(isOdd ? { externalIPs: ['192.0.2.1'] } : {}) },
        };
      case 4:
        return {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata,
          spec: isOdd
            ? { rules: [{}] }
            : {
                ingressClassName: 'nginx',
                rules: [{ host: `h${at}.${domain}` }],
                tls: [{ hosts: [`h${at}.${domain}`] }],
              },
        };
      case 5:
        return {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata,
          spec: { storageClassName: isOdd ? `slow-${at}` : storage },
        };
      default: {
        const { labels: own, ...rest } = metadata;
        return isOdd || at % 14 === 6
          ? { apiVersion: 'v1', kind: 'Pod', spec: pod.spec, metadata: { ...rest, ...pod.metadata } }
          : {
              apiVersion: 'v1',
              kind: 'Namespace',
              metadata: { name: `team-${at}`, labels: own, annotations: { [label]: 'team' } },
            };
      }
    }
  });
}

export function existingOf(objects: readonly object[]): Existing[] {
  return objects.flatMap((each) => existing(each, 'default') ?? []);
}
