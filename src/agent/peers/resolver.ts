/** Who the other end of a flow was. */
import type { ObservationOf, Peer, Protocol } from '#observation/observation.ts';

type Flow = ObservationOf<'flow'>;

/** An end of a flow as the kernel saw it. */
export interface Dialled {
  readonly direction: Flow['direction'];
  readonly protocol: Protocol;
  readonly ip: string;
  /** The server's port; null where the protocol has none. */
  readonly port: number | null;
  /** Where the call went before a load balancer at the socket changed it. */
  readonly before: { readonly ip: string; readonly port: number } | null;
  /** Milliseconds since the epoch: addresses are reused. */
  readonly at: number;
  /** The names that led this container to an address. */
  readonly names: (ip: string) => readonly string[];
}

/** The same end as policies see it: after any translation. */
export interface Met {
  readonly peer: Peer;
  readonly port: number | null;
  readonly service?: NonNullable<Flow['service']>;
}

export interface PeerResolver {
  /**
   * Several where a load balancer chose and each is the same peer in other words (endpoints of the API server,
   * say). Null: the cluster may tell in a moment, ask again.
   */
  resolve(end: Dialled): readonly Met[] | null;
}

/** Without a cluster every other end is an address. */
export const outside: PeerResolver = {
  resolve: ({ ip, port, names }) => [{ peer: addressPeer(ip, names(ip)), port }],
};

export function addressPeer(ip: string, names: readonly string[]): Peer {
  return names.length === 0 ? { type: 'address', ip } : { type: 'address', ip, names: [...names] };
}
