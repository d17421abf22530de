import type { Values } from '../../src/core/text.ts';
import { say } from '../../src/core/text.ts';

/**
 * The one table of what can be wrong between agent and EMQX: a sentence that tells an operator what is the matter and,
 * where there is one, the next step. Reports to ECP carry them as they are, so they are English and name no secret.
 */
const sentences = {
  // The settings.
  bad_url: 'The EMQX address "{url}" is not a URL such as http://127.0.0.1:18083',
  no_credentials:
    'No EMQX user and no API key is set; run emqxee-agent register again with --emqx-dashboard-username and a password',

  // The way to EMQX.
  refused:
    'EMQX at {url} refuses the connection; check that it is running and that this is the address of its dashboard',
  unreachable: 'EMQX at {url} cannot be reached: {reason}',
  timeout: 'EMQX at {url} did not answer within {limit}',
  untrusted: 'The TLS certificate of EMQX at {url} is not trusted: {reason}; give the agent its CA certificate',
  not_ready: 'EMQX at {url} is starting or stopping (HTTP 503)',
  not_emqx: '{url} answers, but not as EMQX does (HTTP {status}); check the address',
  unsupported:
    'EMQX {version} at {url} is not supported; ECP manages EMQX Enterprise 4.4.6 and later, and 5.6.0 and later',

  // Who the agent is.
  bad_password:
    'EMQX does not accept the password of user "{user}"; it is tried again in {pause} at the earliest, or at once after emqxee-agent register',
  locked:
    'EMQX has locked user "{user}" after failed logins; it is tried again in {pause} at the earliest, or at once after emqxee-agent register',
  second_factor:
    'EMQX user "{user}" logs in with a second factor (MFA), which an agent does not have; register another user or an API key',
  login_rejected: 'EMQX rejects the login of user "{user}": {reason}',
  bad_key: 'EMQX does not accept the API key "{user}"; it is wrong, disabled or expired',
  token_rejected: 'EMQX does not accept the login token that it has just given to user "{user}"',
  forbidden: 'EMQX does not let "{user}" use {what}; the agent needs the role administrator',
  viewer:
    'EMQX user "{user}" is a viewer: the cluster can be watched, but connection limits and settings cannot be changed; register an administrator',
  open_source: 'This is the open-source edition of EMQX; ECP manages EMQX Enterprise',

  // What EMQX says.
  failed: 'EMQX answered {what} with an error: {reason}',
  missing: 'EMQX {version} does not offer {what}',
  bad_answer: 'EMQX answered {what} in a form that the agent does not know ({reason})',
  license_expired: 'The EMQX license expired on {date}; EMQX refuses new clients until a new license is uploaded',
  exporter: 'The EMQX exporter at {url} cannot be read: {reason}',
} as const;

export type EmqxErrorCode = keyof typeof sentences;

/** The sentence for a cause. */
export function sentence(code: EmqxErrorCode, values: Values = {}): string {
  const text = sentences[code];
  return say({ en: text, zh: text }, 'en', values);
}

/** A failure between agent and EMQX; its message is the sentence for the operator. */
export class EmqxError extends Error {
  readonly code: EmqxErrorCode;

  constructor(code: EmqxErrorCode, values: Values = {}, cause?: unknown) {
    super(sentence(code, values), { cause });
    this.name = 'EmqxError';
    this.code = code;
  }
}

/** Causes that have to do with reaching EMQX and being let in, and not with one call. */
const ofAccess: ReadonlySet<EmqxErrorCode> = new Set<EmqxErrorCode>([
  'bad_url',
  'no_credentials',
  'refused',
  'unreachable',
  'timeout',
  'untrusted',
  'not_ready',
  'not_emqx',
  'unsupported',
  'bad_password',
  'locked',
  'second_factor',
  'login_rejected',
  'bad_key',
  'token_rejected',
]);

export function isAccessError(error: unknown): boolean {
  return error instanceof EmqxError && ofAccess.has(error.code);
}
