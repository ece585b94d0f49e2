/** `Audits` by the API server. The client is large and loaded only here. */
import { auditGroup, auditPlural, auditVersion } from '#api/policy-audit.ts';
import type { Audits } from './audits.ts';

const pageSize = 500;

export async function apiServerAudits(kubeconfig?: string): Promise<Audits> {
  const { ApiException, ApisApi, CustomObjectsApi, KubeConfig, KubernetesObjectApi, PatchStrategy, setHeaderOptions } =
    await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  const custom = config.makeApiClient(CustomObjectsApi);
  const groups = config.makeApiClient(ApisApi);
  const isMissing = (error: unknown): boolean => error instanceof ApiException && error.code === 404;
  return {
    async list(apiVersion, kind) {
      // A client of its own: it remembers which kinds there are, and those come and go.
      const objects = KubernetesObjectApi.makeApiClient(config);
      const found: unknown[] = [];
      try {
        for (let next: string | undefined; ; ) {
          const none = undefined;
          const { items, metadata } = await objects.list(
            apiVersion,
            kind,
            none,
            none,
            none,
            none,
            none,
            none,
            pageSize,
            next,
          );
          found.push(...items);
          next = metadata?.['_continue'];
          if (next === undefined || next === '') return found;
        }
      } catch (error) {
        if (isMissing(error) || (error as Error).message.startsWith('Unrecognized API version and kind')) return null;
        throw error;
      }
    },
    async apis() {
      const { groups: served } = await groups.getAPIVersions();
      return { kind: 'APIGroupList', groups: served };
    },
    async writeStatus(namespace, name, status) {
      const of = { group: auditGroup, version: auditVersion, plural: auditPlural, namespace, name };
      try {
        await custom.patchNamespacedCustomObjectStatus(
          { ...of, body: { status } },
          setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
        );
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}
