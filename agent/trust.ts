import { reasonOf } from '../src/core/errors.ts';

const untrusted =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|HOSTNAME_MISMATCH|EPROTO|ERR_SSL|wrong version number/i;

/** The other side ended the handshake because of what we showed, or did not show. */
const ours =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

/** Why a connection failed: its code and words, and whether TLS is to blame and on which side. */
export function explain(error: unknown): { code: string; reason: string; tls: 'theirs' | 'ours' | undefined } {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { code = '', reason } = (inner ?? {}) as { code?: unknown; reason?: unknown };
  const name = String(code);
  // OpenSSL's message is a line of addresses and file names; `reason` is its sentence.
  const words = typeof reason === 'string' && name.startsWith('ERR_SSL') ? reason : reasonOf(inner);
  const tls = ours.test(name) ? 'ours' : untrusted.test(`${name} ${words}`) ? 'theirs' : undefined;
  return { code: name, reason: words, tls };
}
