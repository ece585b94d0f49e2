/** What all judges of admission answer. They read text that is to be deployed, and know nothing of who wrote it. */
import type { AdmissionRequest } from './request.ts';

export type Action = 'Deny' | 'Warn' | 'Audit';

export interface Failing {
  /** The policy, or the constraint. */
  readonly policy: string;
  readonly message: string;
  /** What the cluster does about it; nothing where no binding speaks. */
  readonly actions: readonly Action[];
}

export interface Judge {
  readonly policies: readonly string[];
  /** What does not hold, in the order of the policies. Throws an Error where the text alone does not tell. */
  failings(request: AdmissionRequest): readonly Failing[];
}

export interface Verdict {
  readonly allowed: boolean;
  readonly reasons: readonly string[];
}

/** As the cluster does it; with `enforced` as if each policy were bound with Deny. */
export function verdict(judge: Judge, request: AdmissionRequest, enforced: boolean): Verdict {
  const failings = judge.failings(request);
  return {
    allowed: !failings.some(({ actions }) => enforced || actions.includes('Deny')),
    reasons: failings.map(({ policy, message, actions }) =>
      enforced || actions.includes('Deny') ? `${policy}: ${message}` : `${policy} (${words(actions)}): ${message}`,
    ),
  };
}

function words(actions: readonly Action[]): string {
  return actions.length === 0 ? 'not in force' : actions.map((each) => each.toLowerCase()).join(', ');
}
