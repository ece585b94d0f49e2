/** What Istio's injection and its ambient mode leave on pods and namespaces (istio.io/latest/docs/reference/config/labels). */
import type { MeshSigns } from '#kubernetes/mesh-members.ts';

export const signs: MeshSigns = {
  pod: {
    'security.istio.io/tlsMode': 'istio',
    'service.istio.io/canonical-name': null,
    'gateway.networking.k8s.io/gateway-name': null,
    'istio.io/dataplane-mode': 'ambient',
  },
  // `istio-injection` is no sign: pods that are older than it have no sidecar.
  namespace: { 'istio.io/dataplane-mode': 'ambient' },
  exempt: { 'istio.io/dataplane-mode': 'none' },
};

/**
 * The proxy's own doors: redirected inbound and outbound traffic, HBONE, and what is never redirected: merged telemetry,
 * health, Envoy's statistics. What comes there is not asked of any policy, or asked behind the door with another port.
 */
export const proxyPorts: readonly number[] = [15_001, 15_006, 15_008, 15_020, 15_021, 15_053, 15_090];
