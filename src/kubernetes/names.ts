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
