import { rootCertificates } from 'node:tls';
import { Pool } from 'undici';
import type { LogTarget } from './types.ts';

/** Connections to one address of an engine. In a file of its own: the HTTP client is loaded with the first request. */
export function makePool(origin: string, { ca, insecure }: LogTarget): Pool {
  return new Pool(origin, {
    connections: 2,
    pipelining: 1,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
    keepAliveTimeout: 30_000,
    connect: {
      timeout: 10_000,
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    },
  });
}
