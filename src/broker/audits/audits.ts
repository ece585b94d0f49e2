/** What the broker asks and tells an API server about PolicyAudits. */
import type { List } from '#policies/in-force.ts';

export interface Audits {
  readonly list: List;
  /** Groups and versions that are served: an APIGroupList. */
  readonly apis: () => Promise<object>;
  /** Merges into the status of one, and changes nothing else (RFC 7396: null takes a field away). Gone meanwhile: nothing happens. */
  writeStatus(namespace: string, name: string, status: object): Promise<void>;
}
