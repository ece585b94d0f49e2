/** Names as the API server takes them. */

/** A DNS subdomain of RFC 1123, as object names must be. */
export function objectName(name: string): string {
  const safe = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/(^|\.)[-.]+|[-.]+(\.|$)/g, '$1$2')
    .slice(0, 253)
    .replace(/[-.]+$/, '')
    .replace(/^[-.]+/, '');
  return safe === '' ? 'workload' : safe;
}

/** Whether the API server takes it as the name of an object: a DNS subdomain. */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}

/** Whether it takes it as the name of a namespace: a DNS label. */
export function isNamespaceName(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);
}
