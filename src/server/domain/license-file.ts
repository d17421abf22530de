import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { Errors } from '@sinclair/typebox/errors';
import { Check } from '@sinclair/typebox/value';
import { Failure, reasonOf } from '../../core/errors.ts';
import type { LicenseTerms } from './license.ts';

/** The first field of a license file; another one is another format. */
const licenseFormat = 'ecp-license/1';

const day = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$' });
const most = (maximum: number) => Type.Integer({ minimum: 0, maximum });

const Terms = Type.Object({
  type: Type.String({ minLength: 1, maxLength: 40 }),
  customerName: Type.String({ maxLength: 200 }),
  customerContact: Type.String({ maxLength: 200 }),
  startDate: day,
  expiredDate: day,
  maxEmqxClusterCount: most(4_294_967_295),
  maxSingleClusterConnectionCount: most(Number.MAX_SAFE_INTEGER),
  totalClusterConnectionCount: most(Number.MAX_SAFE_INTEGER),
  maxEdgeServiceCount: most(4_294_967_295),
  maxTagCount: most(4_294_967_295),
  emqxGenerations: Type.Array(Type.Union([Type.Literal(4), Type.Literal(5)]), { uniqueItems: true }),
});

/** `license` is the terms as JSON in base64, `signature` Ed25519 over these bytes, in base64 too. */
const File = Type.Object({
  format: Type.Literal(licenseFormat),
  license: Type.String({ maxLength: 65_536 }),
  signature: Type.String({ maxLength: 256 }),
});

export function readLicenseKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 public key');
  return key;
}

/** The terms of a license file; a Failure that says what is wrong with it. Nothing is read before the signature holds. */
export function readLicenseFile(text: string, key: KeyObject | undefined): LicenseTerms {
  if (!key) {
    throw new Failure('refused', {
      reason: 'this server was started without a key to check licenses with (--license-key)',
    });
  }
  const file = parse(text, 'it is not JSON');
  if (!Check(File, file)) throw bad(`it is not of the format ${licenseFormat}`);
  const payload = Buffer.from(file.license, 'base64');
  if (!verify(null, payload, key, Buffer.from(file.signature, 'base64'))) throw bad('its signature does not hold');
  const terms = parse(payload.toString('utf8'), 'what is signed is not JSON');
  if (!Check(Terms, terms)) {
    const error = Errors(Terms, terms).First();
    throw bad(`${error?.path.slice(1) || 'license'}: ${error?.message ?? 'not what is expected'}`);
  }
  return terms;
}

function parse(text: string, complaint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`${complaint}: ${reasonOf(error)}`);
  }
}

function bad(reason: string): Failure {
  return new Failure('invalid_value', { name: 'license', reason });
}
