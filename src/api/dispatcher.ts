import { readFileSync } from 'node:fs';
import type { Dispatcher } from 'undici';
import { Failure, reasonOf } from '../core/errors.ts';

export interface TlsOptions {
  /** PEM file with the certificates to trust instead of the system's. */
  readonly caFile?: string | undefined;
  /** The same as PEM text. */
  readonly ca?: string | undefined;
  /** PEM files of the client's certificate and key, for servers that ask for one. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Takes any certificate. The caller has warned. */
  readonly insecure?: boolean | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Connections as the environment's proxy variables and the TLS options want them; loads undici. */
export async function createDispatcher(tls: TlsOptions, env: Env): Promise<Dispatcher> {
  const connect = readTls(tls);
  const httpProxy = env.http_proxy || env.HTTP_PROXY;
  const httpsProxy = env.https_proxy || env.HTTPS_PROXY;
  const undici = await import('undici');
  // Our own deadline bounds a call; undici's would end one that a raised --request-timeout allows.
  const shared = { connect: { ...connect, timeout: 0 }, headersTimeout: 0, bodyTimeout: 0 };
  if (!httpProxy && !httpsProxy) return new undici.Agent(shared);
  try {
    return new undici.EnvHttpProxyAgent({
      ...shared,
      requestTls: connect,
      ...(httpProxy && { httpProxy }),
      ...(httpsProxy && { httpsProxy }),
      noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
    });
  } catch (error) {
    throw new Failure('invalid_value', { name: 'HTTP_PROXY, HTTPS_PROXY', reason: reasonOf(error) });
  }
}

function readTls({ caFile, ca, certFile, keyFile, insecure }: TlsOptions) {
  return {
    ...(ca && { ca }),
    ...(caFile && { ca: readPem(caFile) }),
    ...(certFile && { cert: readPem(certFile) }),
    ...(keyFile && { key: readPem(keyFile) }),
    ...(insecure && { rejectUnauthorized: false }),
  };
}

function readPem(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) });
  }
  // OpenSSL takes a file without any certificate silently, and then trusts nobody.
  if (!text.includes('-----BEGIN ')) {
    throw new Failure('unusable_path', { path, reason: { en: 'not a PEM file', zh: '不是 PEM 文件' } });
  }
  return text;
}
