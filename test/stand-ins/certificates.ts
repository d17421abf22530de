import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Certificates for tests, made when they are needed: no key lies in the repository, and no openssl is called. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for `127.0.0.1` and `localhost`, good for server and client. */
  issue(name: string): Certificate;
}

const oids = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
} as const;

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const nameOf = (text: string) => sequence(der(0x31, sequence(oid(oids.commonName), der(0x0c, Buffer.from(text)))));
const algorithm = sequence(oid(oids.ecdsaWithSha256));
const validity = sequence(der(0x18, Buffer.from('20200101000000Z')), der(0x18, Buffer.from('20990101000000Z')));

let serial = 1;

function certify(
  subject: string,
  issuer: string,
  publicKey: KeyObject,
  issuerKey: KeyObject,
  isAuthority: boolean,
): string {
  const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x04, value));
  const authority = extension(
    oids.basicConstraints,
    sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : [])),
  );
  const names = extension(
    oids.subjectAltName,
    sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1]))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial++])),
    algorithm,
    nameOf(issuer),
    validity,
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(authority, ...(isAuthority ? [] : [names]))),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, issuerKey));
  const text = sequence(body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}

const pair = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A certificate authority of its own. */
export function createAuthority(name = 'Test CA'): Authority {
  const own = pair();
  return {
    cert: certify(name, name, own.publicKey, own.privateKey, true),
    key: pem(own.privateKey),
    issue(subject) {
      const keys = pair();
      return { cert: certify(subject, name, keys.publicKey, own.privateKey, false), key: pem(keys.privateKey) };
    },
  };
}
