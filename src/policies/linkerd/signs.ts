/** What Linkerd's injector leaves on pods (linkerd2 pkg/k8s/labels.go), and its own doors. */
import type { MeshSigns } from '#kubernetes/mesh-members.ts';

export const signs: MeshSigns = {
  pod: { 'linkerd.io/control-plane-ns': null },
  namespace: {},
  exempt: {},
};

/** Where redirected traffic comes in and goes out: the port behind is told by the client's end alone. */
export const proxyPorts: readonly number[] = [4140, 4143];
