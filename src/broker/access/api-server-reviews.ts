/** `Reviews` by the API server. The client is large and loaded only here, when a broker starts with it. */
import type { V1Pod } from '@kubernetes/client-node';
import { apiGroup, type Identity, type KnownPod, type Reviews } from './reviews.ts';

/** From the named kubeconfig; by default from the pod's own account, else as kubectl does. */
export async function apiServerReviews(kubeconfig?: string): Promise<Reviews> {
  const { ApiException, AuthenticationV1Api, AuthorizationV1Api, CoreV1Api, KubeConfig } = await import(
    '@kubernetes/client-node'
  );
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  const authentication = config.makeApiClient(AuthenticationV1Api);
  const authorization = config.makeApiClient(AuthorizationV1Api);
  const core = config.makeApiClient(CoreV1Api);
  return {
    async identify(token, audience) {
      const audiences = audience === null ? undefined : [audience];
      const { status } = await authentication.createTokenReview({
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token, ...(audiences === undefined ? {} : { audiences }) },
        },
      });
      if (status?.authenticated !== true || status.user?.username === undefined) return null;
      // An authenticator that knows nothing of audiences names none: its answer does not say that the token is for us.
      if (audience !== null && status.audiences?.includes(audience) !== true) return null;
      const { username, uid = '', groups = [], extra = {} } = status.user;
      return { username, uid, groups, extra };
    },
    async permits({ username, uid, groups, extra }: Identity, { verb, resource, namespace }) {
      const { status } = await authorization.createSubjectAccessReview({
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: username,
            uid,
            groups: [...groups],
            extra: Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, [...values]])),
            resourceAttributes: { group: apiGroup, resource, verb, namespace: namespace ?? '' },
          },
        },
      });
      return status?.allowed === true && status.denied !== true;
    },
    async clusterName() {
      const { metadata } = await core.readNamespace({ name: 'kube-system' });
      return metadata?.uid ?? '';
    },
    async podsOf(node) {
      const pods: KnownPod[] = [];
      for (let next: string | undefined; ; ) {
        const { items, metadata } = await core.listPodForAllNamespaces({
          fieldSelector: `spec.nodeName=${node}`,
          limit: 500,
          ...(next === undefined ? {} : { _continue: next }),
        });
        pods.push(...items.map(known));
        // The client's name for it: `continue` is a word of the language.
        next = metadata?.['_continue'];
        if (next === undefined || next === '') return pods;
      }
    },
    async pod(namespace, name) {
      try {
        return known(await core.readNamespacedPod({ namespace, name }));
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return null;
        throw error;
      }
    },
  };
}

function known({ metadata, spec }: V1Pod): KnownPod {
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  return { namespace, name, uid, node: spec?.nodeName ?? null };
}
