import type { StatusError } from '../../contract/common.ts';
import { statusCodes } from '../../contract/common.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { Failure } from '../../core/errors.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  invalid_value: 400,
  not_logged_in: 401,
  bad_credentials: 401,
  session_expired: 401,
  bad_registration_token: 401,
  forbidden: 403,
  not_found: 404,
  refused: 409,
  conflict: 409,
  unsupported: 409,
  throttled: 429,
  not_available: 503,
  unavailable: 503,
  request_timeout: 504,
};

export interface FailedAnswer {
  readonly status: number;
  readonly body: StatusError;
}

/**
 * What a client is told of whatever was thrown. Only a `Failure` and a request that HTTP itself refuses speak; any other
 * fault is one sentence without a word of its inside.
 */
export function answerFor(thrown: unknown, requestId: string): FailedAnswer {
  if (thrown instanceof Failure) {
    const status = thrown.status ?? statuses[thrown.code] ?? 500;
    const code = thrown.code === 'invalid_value' ? statusCodes.noMatchField : codeOf(status);
    return { status, body: { code, message: messageOf(thrown) } };
  }
  const { statusCode, code } = thrown as { statusCode?: number; code?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const message = requestFaults[code ?? ''] ?? 'the request is not well formed';
    const isJson = statusCode === 400 && /JSON|_CTP_BODY|SYNTAX/i.test(code ?? '');
    return { status: statusCode, body: { code: isJson ? statusCodes.invalidJson : codeOf(statusCode), message } };
  }
  return { status: 500, body: { code: statusCodes.unknown, message: `internal error (request ${requestId})` } };
}

/** ECP publishes few codes; where it has none, ours are 10000 and the HTTP status, so that they are never zero. */
function codeOf(status: number): number {
  return status === 500 ? statusCodes.unknown : 10_000 + status;
}

const requestFaults: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'this content type is not taken here',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as announced',
  FST_ERR_BAD_URL: 'the address is not well formed',
};

/** The client's own table puts "refused" or "not allowed" before what we say: here the reason alone is told. */
function messageOf({ code, values, message }: Failure): string {
  if (code !== 'refused' && code !== 'conflict' && code !== 'forbidden') return message;
  return typeof values.reason === 'object' ? values.reason.en : String(values.reason ?? message);
}
