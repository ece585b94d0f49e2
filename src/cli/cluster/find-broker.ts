/** Where the broker is: named by the user, or found in the cluster by its labels. */
import { Failure } from '../failure.ts';
import type { Api } from './api.ts';
import { authority } from './authority.ts';
import { forward } from './forward.ts';
import type { ClusterFlags } from './flags.ts';

export interface Place {
  readonly url: URL;
  /** Checks of the certificate. Through the API server the pod is vouched for by the API server and its kubelet. */
  readonly tls: { readonly ca?: Buffer; readonly rejectUnauthorized?: boolean };
  /** The account that reads for users whose kubeconfig has no token; null for a URL that the user named. */
  readonly account: { readonly namespace: string; readonly name: string } | null;
  /** What went wrong on the way, once a request has failed. */
  trouble(): Error | null;
  close(): void;
}

/** What the chart labels the broker's Service with. */
const labels = 'app.kubernetes.io/name=kguardian,app.kubernetes.io/component=broker';

interface Service {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
    }[];
  };
}

interface BrokerPod {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export async function findBroker(api: () => Api, flags: ClusterFlags): Promise<Place> {
  if (flags.broker !== undefined) {
    const ca = flags.brokerCa === undefined ? {} : { ca: authority(flags.brokerCa) };
    return { url: urlOf(flags.broker), tls: ca, account: null, trouble: () => null, close: () => undefined };
  }
  const asked = api();
  const service = await brokerService(asked, flags.brokerNamespace);
  const { namespace, name } = service.metadata;
  const pod = await readyPod(asked, service);
  const [port] = service.spec.ports ?? [];
  if (port === undefined) throw new Failure(`the broker's Service ${namespace}/${name} has no port`);
  let trouble: Error | null = null;
  const forwarded = await forward(asked, namespace, pod.metadata.name, containerPort(pod, port), (error) => {
    trouble = error;
  });
  return {
    url: new URL(`${port.name === 'http' ? 'http' : 'https'}://127.0.0.1:${forwarded.port}`),
    tls: { rejectUnauthorized: false },
    account: { namespace, name: `${name.replace(/-broker$/, '')}-reader` },
    trouble: () => trouble,
    close: () => forwarded.close(),
  };
}

async function brokerService(api: Api, namespace: string | undefined): Promise<Service> {
  const path = namespace === undefined ? '/api/v1/services' : `/api/v1/namespaces/${namespace}/services`;
  const services = (await api.list(path, { labelSelector: labels })) as Service[];
  const [service] = services;
  if (service === undefined)
    throw new Failure(
      `no broker in ${namespace === undefined ? 'the cluster' : `the namespace ${namespace}`} (no Service with ${labels}); install kguardian, or name its broker with --broker URL`,
      3,
    );
  if (services.length > 1) {
    const found = services.map(({ metadata }) => metadata.namespace).join(', ');
    throw new Failure(`several brokers in the cluster; choose one with --broker-namespace: ${found}`);
  }
  return service;
}

async function readyPod(api: Api, { metadata, spec }: Service): Promise<BrokerPod> {
  const labelSelector = Object.entries(spec.selector ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const pods = (await api.list(`/api/v1/namespaces/${metadata.namespace}/pods`, { labelSelector })) as BrokerPod[];
  const ready = pods.find((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  if (ready === undefined)
    throw new Failure(`no pod of the broker ${metadata.namespace}/${metadata.name} is ready (of ${pods.length})`, 3);
  return ready;
}

function containerPort(
  pod: BrokerPod,
  { port, targetPort = port }: { port: number; targetPort?: number | string },
): number {
  if (typeof targetPort === 'number') return targetPort;
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === targetPort)?.containerPort ?? port;
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure(`--broker takes an http or https URL, not ${JSON.stringify(text)}`);
  return url;
}
