import type { Values } from '../../src/core/text.ts';
import { say } from '../../src/core/text.ts';

/**
 * The one table of what can be wrong between agent and the MQTT broker of ECP; a report carries them as they are.
 * `{server}` never holds credentials.
 */
const sentences = {
  bad_server: 'The tunnel address "{server}" that ECP gave is not an MQTT address such as mqtt://ecp:31883',
  refused: 'The MQTT broker at {server} refuses the connection; check that ECP is running and the port is open',
  unreachable: 'The MQTT broker at {server} cannot be reached: {reason}',
  silent: 'The MQTT broker at {server} does not answer',
  untrusted:
    'The TLS certificate of the MQTT broker at {server} is not trusted: {reason}; give the agent its CA certificate',
  client_certificate:
    'The MQTT broker at {server} does not accept the certificate of the agent ({reason}); set its certificate and key in agent.yaml',
  bad_credentials:
    'The MQTT broker at {server} does not accept the credentials that ECP gave; run emqxee-agent register again',
  unavailable: 'The MQTT broker at {server} is not available now',
  rejected: 'The MQTT broker at {server} rejects the agent: {reason}',
  not_subscribed: 'The MQTT broker at {server} does not let the agent listen for requests on {topic}',
  lost: 'The connection to the MQTT broker at {server} was lost',
} as const;

export type BrokerErrorCode = keyof typeof sentences;

/** A failure between agent and broker; its message is the sentence for the operator. */
export class BrokerError extends Error {
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, values: Values, cause?: unknown) {
    const text = sentences[code];
    super(say({ en: text, zh: text }, 'en', values), { cause });
    this.name = 'BrokerError';
    this.code = code;
  }
}
