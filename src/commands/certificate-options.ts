import { readFileSync } from 'node:fs';
import type { Options } from '../cli/command.ts';
import type { CertificateForm } from '../contract/deployments.ts';
import type { CertificateSource } from '../contract/states.ts';
import { certificateType } from '../contract/states.ts';
import { Failure, reasonOf, usage } from '../core/errors.ts';

const pem = (en: string, zh: string) => ({ kind: 'text', value: 'FILE', help: { en, zh } }) as const;

export const certificateOptions = {
  mqttsCa: pem('CA for MQTT-SSL (PEM)', 'MQTT-SSL 的 CA 证书（PEM）'),
  mqttsCert: pem('Certificate for MQTT-SSL (PEM)', 'MQTT-SSL 的证书（PEM）'),
  mqttsKey: pem('Key for MQTT-SSL (PEM)', 'MQTT-SSL 的私钥（PEM）'),
  wssCa: pem('CA for MQTT-WSS (PEM)', 'MQTT-WSS 的 CA 证书（PEM）'),
  wssCert: pem('Certificate for MQTT-WSS (PEM)', 'MQTT-WSS 的证书（PEM）'),
  wssKey: pem('Key for MQTT-WSS (PEM)', 'MQTT-WSS 的私钥（PEM）'),
} as const satisfies Options;

export type CertificateFiles = { readonly [K in keyof typeof certificateOptions]: string | undefined };

/**
 * The form fields for the files that were given; undefined where none was. Files for one listener alone serve both
 * (ecp.md section 2, `crtType`).
 *
 * @throws Failure usage where a certificate comes without its key or the other way round; unusable_path.
 */
export function certificateForm(files: CertificateFiles): CertificateForm | undefined {
  const mqtts = listener('mqtts', files.mqttsCa, files.mqttsCert, files.mqttsKey);
  const wss = listener('wss', files.wssCa, files.wssCert, files.wssKey);
  if (!mqtts && !wss) return undefined;
  const sources = { wss: (wss ?? mqtts)?.source, mqtts: (mqtts ?? wss)?.source };
  const use = certificateType.rows.find((row) => row.wss === sources.wss && row.mqtts === sources.mqtts);
  if (!use) throw usage('these certificates cannot be combined', '这些证书无法组合使用');
  return { crtType: use.number, ...mqtts?.fields, ...wss?.fields };
}

function listener(name: 'mqtts' | 'wss', ca: string | undefined, cert: string | undefined, key: string | undefined) {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw usage(`--${name}-cert and --${name}-key belong together`, `--${name}-cert 和 --${name}-key 必须同时提供`);
  }
  const source: CertificateSource = ca === undefined ? `${name}TlsCrt` : `${name}CaCrt`;
  const fields: CertificateForm = {
    ...(ca !== undefined && { [`${name}CaCrt`]: readPem(ca, 'CERTIFICATE') }),
    [`${name}TlsCrt`]: readPem(cert, 'CERTIFICATE'),
    [`${name}TlsKey`]: readPem(key, 'PRIVATE KEY'),
  };
  return { source, fields };
}

function readPem(path: string, label: string): string {
  const text = readGivenFile(path);
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return text;
  throw new Failure('unusable_path', {
    path,
    reason: { en: `no PEM ${label.toLowerCase()} in it`, zh: `其中没有 PEM 格式的 ${label}` },
  });
}

/** @throws Failure unusable_path. */
export function readGivenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
}
