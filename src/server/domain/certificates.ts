import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { CertificateForm } from '../../contract/deployments.ts';
import { certificateType } from '../../contract/states.ts';
import { Failure, reasonOf } from '../../core/errors.ts';

const names = ['wssCaCrt', 'wssTlsCrt', 'wssTlsKey', 'mqttsCaCrt', 'mqttsTlsCrt', 'mqttsTlsKey', 'license'] as const;
const most = 256 * 1024;

/** The files of a form that are given and not empty. */
export function filesFrom(form: CertificateForm): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of names) {
    const text = form[name];
    if (text === undefined || text === '') continue;
    if (text.length > most) throw new Failure('invalid_value', { name, reason: `more than ${most} characters` });
    files[name] = text;
  }
  return files;
}

/**
 * Refuses certificates that EMQX could not use: what `crtType` calls for has to be there, every certificate and key has
 * to be one, and a key has to belong to its certificate.
 */
export function checkFiles(crtType: number, files: Readonly<Record<string, string>>): void {
  for (const listener of ['wss', 'mqtts'] as const) {
    readCertificate(`${listener}CaCrt`, files[`${listener}CaCrt`]);
    const certificate = readCertificate(`${listener}TlsCrt`, files[`${listener}TlsCrt`]);
    const keyName = `${listener}TlsKey`;
    const key = readKey(keyName, files[keyName]);
    if (certificate && key && !certificate.checkPrivateKey(key)) {
      throw new Failure('invalid_value', { name: keyName, reason: `it does not belong to ${listener}TlsCrt` });
    }
  }
  const use = certificateType.byNumber.get(crtType);
  for (const source of [use?.wss, use?.mqtts]) {
    if (source === undefined) continue;
    const listener = source.startsWith('wss') ? 'wss' : 'mqtts';
    for (const name of [source, `${listener}TlsCrt`, `${listener}TlsKey`]) {
      if (files[name] === undefined) {
        throw new Failure('invalid_value', { name, reason: `it is needed with crtType ${crtType}` });
      }
    }
  }
}

function readCertificate(name: string, text: string | undefined): X509Certificate | undefined {
  if (text === undefined) return undefined;
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new Failure('invalid_value', { name, reason: `not a PEM certificate: ${reasonOf(error)}` });
  }
}

function readKey(name: string, text: string | undefined) {
  if (text === undefined) return undefined;
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new Failure('invalid_value', { name, reason: `not a PEM private key: ${reasonOf(error)}` });
  }
}
