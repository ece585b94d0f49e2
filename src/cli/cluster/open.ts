/** The cluster that the flags mean, opened piece by piece: nothing is asked that is not needed. */
import type { Scope } from '#api/scope.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { type Api, openApi } from './api.ts';
import { type Broker, openBroker } from './broker.ts';
import type { ClusterFlags, SelectionFlags } from './flags.ts';
import { clusterObjects } from './objects.ts';
import { scopes } from './selection.ts';

export interface OpenCluster {
  api(): Api;
  /** What policies speak of, in all namespaces. */
  objects(): Promise<Cluster>;
  broker(): Promise<Broker>;
  /** What to ask the broker for. */
  scopes(workload: string | undefined): Promise<readonly Scope[]>;
  close(): void;
}

/** `instead`: what may be named where there is no cluster. */
export function openCluster(flags: ClusterFlags & SelectionFlags, instead?: string): OpenCluster {
  let opened: Api | null = null;
  let broker: Broker | null = null;
  const api = (): Api => (opened ??= openApi(flags, instead));
  return {
    api,
    objects: () => clusterObjects(api()),
    async broker() {
      return (broker ??= await openBroker(api, flags));
    },
    scopes: (workload) => scopes(workload, flags, api),
    close() {
      broker?.close();
      opened?.close();
    },
  };
}
