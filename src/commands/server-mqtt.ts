import type { Options, OptionValues } from '../cli/command.ts';
import { serverDefaults } from '../contract/server-defaults.ts';
import { Failure, usage } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import { readAddress, readGiven, readUrl } from './server-values.ts';

const { host, mqttPort } = serverDefaults;

/** What `ecpctl server` can be told of the broker that carries the tunnel. */
export const mqttOptions = {
  mqttListen: {
    kind: 'text',
    value: 'HOST:PORT',
    fallback: `${host}:${mqttPort}`,
    help: { en: "Where the agents' MQTT broker listens", zh: '代理所用 MQTT 服务的监听地址' },
  },
  mqttCertFile: {
    kind: 'text',
    value: 'FILE',
    help: {
      en: 'Certificate of the broker with its chain (PEM): mqtts and wss on the same port',
      zh: 'MQTT 服务的证书及证书链（PEM）：在同一端口提供 mqtts 和 wss',
    },
  },
  mqttKeyFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'Private key of that certificate (PEM, without a passphrase)', zh: '该证书的私钥（PEM，无口令）' },
  },
  advertiseMqtt: {
    kind: 'text',
    value: 'URL',
    help: {
      en: 'Where agents reach the broker, if not where it listens',
      zh: '代理访问 MQTT 服务的地址（与监听地址不同时）',
    },
  },
} as const satisfies Options;

type MqttOptions = OptionValues<typeof mqttOptions>;

/** @throws Failure usage, invalid_value, unusable_path. */
export async function readMqtt(options: MqttOptions) {
  return { ...readAddress('--mqtt-listen', options.mqttListen, mqttPort), tls: await readTls(options) };
}

/** The address that agents are told, where it was given. @throws Failure invalid_value. */
export function readAdvertised({ advertiseMqtt }: MqttOptions): string | undefined {
  return readUrl('--advertise-mqtt', advertiseMqtt, /^(mqtts?|wss?):$/);
}

async function readTls({ mqttCertFile: certFile, mqttKeyFile: keyFile }: MqttOptions) {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw usage(
      '--mqtt-cert-file and --mqtt-key-file belong together',
      '--mqtt-cert-file 和 --mqtt-key-file 必须同时提供',
    );
  }
  const { createPrivateKey, X509Certificate } = await import('node:crypto');
  const cert = readGiven(certFile);
  const key = readGiven(keyFile);
  const certificate = parse(
    certFile,
    { en: 'no certificate (PEM) in it', zh: '其中没有证书（PEM）' },
    () => new X509Certificate(cert),
  );
  const noKey = { en: 'no private key (PEM, without a passphrase) in it', zh: '其中没有私钥（PEM，无口令）' };
  const privateKey = parse(keyFile, noKey, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    const reason = { en: `it is not the key of ${certFile}`, zh: `它不是 ${certFile} 的私钥` };
    throw new Failure('unusable_path', { path: keyFile, reason });
  }
  const until = new Date(certificate.validTo);
  if (until.getTime() < Date.now()) {
    const day = until.toISOString().slice(0, 10);
    const reason = { en: `the certificate has expired on ${day}`, zh: `证书已于 ${day} 过期` };
    throw new Failure('unusable_path', { path: certFile, reason });
  }
  return { cert, key };
}

/** OpenSSL's own words are a line of numbers; ours say what was looked for. */
function parse<T>(path: string, reason: Text, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Failure('unusable_path', { path, reason }, { cause });
  }
}
