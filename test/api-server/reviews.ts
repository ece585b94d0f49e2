/** TokenReview and the access reviews, answered as recorded in shared/kubernetes/reviews. */
import { type Asked, audiencesOf, ownAudience, permits, type User } from './access.ts';
import { Refused } from './status.ts';
import type { Store } from './store.ts';

interface Review {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata?: object;
  readonly spec?: Record<string, unknown>;
}

export function review(given: unknown, store: Store, tokens: ReadonlyMap<string, User>, caller: User): object {
  const { kind, apiVersion, metadata = {}, spec = {} } = given as Review;
  const answer = (status: object): object => ({ kind, apiVersion, metadata, spec, status });
  if (kind === 'TokenReview') return answer(tokenStatus(spec, tokens));
  if (kind === 'SelfSubjectReview') return { kind, apiVersion, metadata, status: { userInfo: infoOf(caller) } };
  if (kind === 'SubjectAccessReview') return answer(accessStatus(spec, store, subjectOf(spec)));
  if (kind === 'SelfSubjectAccessReview') return answer(accessStatus(spec, store, caller));
  throw new Refused(400, `no review of kind ${kind}`);
}

function tokenStatus(spec: Record<string, unknown>, tokens: ReadonlyMap<string, User>): object {
  const user = tokens.get((spec['token'] as string | undefined) ?? '');
  if (user === undefined) return { user: {}, error: 'invalid bearer token' };
  const wanted = (spec['audiences'] as string[] | undefined) ?? [ownAudience];
  const both = wanted.filter((audience) => audiencesOf(user).includes(audience));
  if (both.length > 0) return { authenticated: true, user: infoOf(user), audiences: both };
  const list = (audiences: readonly string[]): string => `[${audiences.map((each) => JSON.stringify(each)).join(' ')}]`;
  const error = `[invalid bearer token, token audiences ${list(audiencesOf(user))} is invalid for the target audiences ${list(wanted)}]`;
  return { user: {}, error };
}

function infoOf({ username, uid, groups, extra }: User): object {
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups: [...(groups ?? []), 'system:authenticated'],
    ...(extra === undefined ? {} : { extra }),
  };
}

function subjectOf(spec: Record<string, unknown>): User {
  return {
    username: (spec['user'] as string | undefined) ?? '',
    groups: (spec['groups'] as string[] | undefined) ?? [],
  };
}

function accessStatus(spec: Record<string, unknown>, store: Store, user: User): object {
  const attributes = spec['resourceAttributes'] as Record<string, string> | undefined;
  if (attributes === undefined) return { allowed: false };
  const { verb = '', group = '', resource = '', subresource, namespace, name } = attributes;
  const asked: Asked = {
    verb,
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    // Empty asks for all namespaces: only a binding for the whole cluster grants that.
    namespace: namespace === undefined || namespace === '' ? null : namespace,
    name: name === undefined || name === '' ? null : name,
  };
  return { allowed: permits(store, user, asked) };
}
