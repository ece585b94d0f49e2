/** A name, labels, all: which workloads are meant, as questions for the broker. */
import type { Scope } from '#api/scope.ts';
import { controllerOf, type Owner, workloadOf } from '#kubernetes/owner.ts';
import { podState, type PodState } from '#kubernetes/pod-state.ts';
import type { Workload } from '#kubernetes/workload.ts';
import { Failure } from '../failure.ts';
import type { Api } from './api.ts';
import type { ClusterFlags, SelectionFlags } from './flags.ts';
import { namedBy } from './names.ts';

/** What to ask the broker for, one question each; `gen deploy/web -n shop` is one, `gen -l app=web` may be several. */
export async function scopes(
  argument: string | undefined,
  flags: ClusterFlags & SelectionFlags,
  api: () => Api,
): Promise<readonly Scope[]> {
  // What every question says besides its workload.
  const more = {
    ...(flags.since === undefined ? {} : { since: flags.since }),
    ...(flags.container === undefined ? {} : { container: flags.container }),
    ...(flags.release === undefined ? {} : { digest: flags.release }),
  };
  const given = [argument, flags.all === true ? 'all' : undefined, flags.selector].filter((each) => each !== undefined);
  if (given.length > 1) throw new Failure('give one of: a NAME, --all, -l LABELS');
  if (argument !== undefined && flags.allNamespaces === true)
    throw new Failure('a NAME is of one namespace; give -n NAMESPACE, or -A without a name');
  const namespace = flags.namespace ?? (flags.allNamespaces === true ? undefined : ownNamespace(flags, api));
  const where = flags.allNamespaces === true || namespace === undefined ? more : { ...more, namespace };
  if (flags.selector !== undefined)
    return (await workloadsOf(api(), namespace, flags.selector)).map((workload) => scopeOf(workload, more));
  if (argument === undefined) {
    if (flags.all === true || flags.allNamespaces === true) return [where];
    throw new Failure('name a workload (deploy/web), or say which: --all, -l LABELS, -A');
  }
  const named = namedBy(argument);
  if (named.kind === 'Pod' && namespace !== undefined)
    return [scopeOf(await ofPod(api(), namespace, named.name), more)];
  return [{ ...where, workload: named.name, ...(named.kind === null ? {} : { kind: named.kind }) }];
}

/** The context's. Who names the broker may have no kubeconfig. */
function ownNamespace({ broker }: ClusterFlags, api: () => Api): string {
  try {
    return api().namespace;
  } catch (error) {
    if (broker === undefined || !(error instanceof Failure)) throw error;
    throw new Failure('say of which namespace: -n NAMESPACE, or -A', 2, error);
  }
}

function scopeOf({ namespace, kind, name }: Workload, more: Scope): Scope {
  return { ...more, namespace, kind, workload: name };
}

async function ofPod(api: Api, namespace: string, name: string): Promise<Workload> {
  const pod = podState(await api.get(`/api/v1/namespaces/${namespace}/pods/${name}`));
  if (pod === null) throw new Failure(`no pod ${JSON.stringify(name)} in the namespace ${namespace}`);
  return ownerOf(api, pod);
}

async function workloadsOf(api: Api, namespace: string | undefined, labelSelector: string): Promise<Workload[]> {
  const path = namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
  const pods = (await api.list(path, { labelSelector })).map(podState).filter((pod) => pod !== null);
  if (pods.length === 0) throw new Failure(`no pods with the labels ${JSON.stringify(labelSelector)}`);
  const found = new Map<string, Workload>();
  for (const pod of pods) {
    const workload = await ownerOf(api, pod);
    found.set(JSON.stringify(workload), workload);
  }
  return [...found.values()];
}

/** Asks once more for what stands above a ReplicaSet or a Job. */
async function ownerOf(api: Api, pod: PodState): Promise<Workload> {
  const above = new Map<string, Owner | null>();
  const { owner, namespace } = pod;
  const paths: Readonly<Record<string, string>> = {
    ReplicaSet: `/apis/apps/v1/namespaces/${namespace}/replicasets`,
    Job: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  };
  const path = paths[owner?.kind ?? ''];
  if (owner !== null && path !== undefined) {
    const object = (await api.get(`${path}/${owner.name}`)) as {
      metadata?: { uid?: unknown; ownerReferences?: unknown };
    } | null;
    // Another object of that name came later.
    if (object !== null && object.metadata?.uid === owner.uid)
      above.set(owner.uid, controllerOf(object.metadata?.ownerReferences));
  }
  return workloadOf(pod, (uid) => above.get(uid));
}
