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
  mqtt: {
    kind: 'text',
    value: 'URL',
    help: {
      en: 'A broker of your own that carries the tunnel instead of the embedded one: mqtt:// or mqtts://',
      zh: '用自有的 MQTT 服务承载隧道，替代内嵌服务：mqtt:// 或 mqtts://',
    },
  },
  mqttUsername: {
    kind: 'text',
    value: 'NAME',
    env: 'ECP_MQTT_USERNAME',
    help: { en: 'Who the server is at that broker', zh: '服务器在该 MQTT 服务上的用户名' },
  },
  mqttPasswordFile: {
    kind: 'text',
    value: 'FILE',
    help: {
      en: 'Its password there; or ECP_MQTT_PASSWORD in the environment',
      zh: '对应密码的文件；也可用环境变量 ECP_MQTT_PASSWORD',
    },
  },
  mqttCaFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: "CA of that broker's certificate (PEM)", zh: '该 MQTT 服务证书的 CA（PEM）' },
  },
  mqttUsersFile: {
    kind: 'text',
    value: 'FILE',
    help: {
      en: "Where the users that it must admit are kept up to date, in mosquitto's format",
      zh: '持续写入其应接受的用户，采用 mosquitto 格式',
    },
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
export async function readMqtt(options: MqttOptions, env: Readonly<Record<string, string | undefined>>) {
  const { mqtt, mqttListen } = options;
  const given = (names: readonly (keyof MqttOptions)[]) => names.find((name) => options[name] !== undefined);
  const misplaced =
    mqtt === undefined
      ? given(['mqttUsername', 'mqttPasswordFile', 'mqttCaFile', 'mqttUsersFile'])
      : given(['mqttListen', 'mqttCertFile', 'mqttKeyFile']);
  if (misplaced !== undefined) {
    const flag = `--${kebab(misplaced)}`;
    throw mqtt === undefined
      ? usage(`${flag} is for a broker named with --mqtt`, `${flag} 只能与 --mqtt 一起使用`)
      : usage(
          `${flag} is for the embedded broker, which --mqtt replaces`,
          `${flag} 用于内嵌 MQTT 服务，不能与 --mqtt 同时使用`,
        );
  }
  if (mqtt === undefined) {
    return { ...readAddress('--mqtt-listen', mqttListen, mqttPort), tls: await readTls(options) };
  }
  const username = options.mqttUsername ?? (env.ECP_MQTT_USERNAME || undefined);
  const password = readGiven(options.mqttPasswordFile) ?? (env.ECP_MQTT_PASSWORD || undefined);
  if (password !== undefined && username === undefined) {
    throw usage(
      'a password for the MQTT broker needs --mqtt-username',
      'MQTT 服务的密码需要与 --mqtt-username 一起提供',
    );
  }
  if (options.mqttUsersFile !== undefined && (username === undefined || password === undefined)) {
    throw usage(
      '--mqtt-users-file needs --mqtt-username and a password: the server is one of these users',
      '--mqtt-users-file 需要 --mqtt-username 和密码：服务器本身也是其中的用户',
    );
  }
  if (username !== undefined && !/^[\w.@-]{1,64}$/.test(username)) {
    const reason = { en: 'letters, digits and . _ @ - alone', zh: '只能包含字母、数字和 . _ @ -' };
    throw new Failure('invalid_value', { name: '--mqtt-username', reason });
  }
  const ca = await readCa(options.mqttCaFile);
  return { url: brokerUrl('--mqtt', mqtt, /^mqtts?:$/), username, password, ca, usersFile: options.mqttUsersFile };
}

/** The address that agents are told, where it was given. @throws Failure invalid_value, usage. */
export function readAdvertised({ advertiseMqtt }: MqttOptions): string | undefined {
  return advertiseMqtt && brokerUrl('--advertise-mqtt', advertiseMqtt, /^(mqtts?|wss?):$/);
}

function brokerUrl(flag: string, text: string, protocol: RegExp): string {
  if (!URL.canParse(text)) return readUrl(flag, text, protocol);
  const { username, password, hostname, pathname, search, hash } = new URL(text);
  // Not repeated: there is a secret in it.
  if (username !== '' || password !== '') {
    throw new Failure(
      'usage',
      {
        reason: {
          en: `${flag}: no user and no password belong into this address`,
          zh: `${flag}：地址中不能包含用户名和密码`,
        },
      },
      {
        hint: {
          en: 'Give --mqtt-username and --mqtt-password-file, or ECP_MQTT_PASSWORD in the environment',
          zh: '请使用 --mqtt-username 和 --mqtt-password-file，或环境变量 ECP_MQTT_PASSWORD',
        },
      },
    );
  }
  const bare = /^ws/.test(text) || (/^\/?$/.test(pathname) && search === '' && hash === '');
  if (hostname !== '' && bare) return readUrl(flag, text, protocol).replace(/\/$/, '');
  throw new Failure('invalid_value', {
    name: flag,
    reason: { en: `"${text}" is more or less than HOST:PORT`, zh: `“${text}”不是 HOST:PORT` },
  });
}

async function readCa(path: string | undefined): Promise<string | undefined> {
  const text = readGiven(path);
  if (path === undefined || text === undefined) return undefined;
  const { X509Certificate } = await import('node:crypto');
  return parse(path, noCertificate, () => {
    new X509Certificate(text);
    return text;
  });
}

const noCertificate: Text = { en: 'no certificate (PEM) in it', zh: '其中没有证书（PEM）' };
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

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
