/** How an API server says that something went wrong: a `Status` object with the same code as the response. */

export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly details?: object;
  readonly code: number;
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** Thrown where a request cannot be answered; the server sends it. */
export class Refused extends Error {
  readonly status: Status;
  constructor(code: number, message: string, details?: object, reason = reasons[code] ?? '') {
    super(message);
    this.name = 'Refused';
    this.status = statusOf(code, message, details, reason);
  }
}

export function statusOf(code: number, message: string, details?: object, reason = reasons[code] ?? ''): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** What both a list's and a watch's client learns when it asks for a version that was compacted away. */
export function expired(asked: string, oldest: number): Status {
  return statusOf(410, `too old resource version: ${asked} (${oldest})`);
}
