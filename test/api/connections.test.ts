import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { failureOfConnection } from '../../src/api/failure.ts';
import type { TransportOptions } from '../../src/api/transport.ts';
import { createTransport } from '../../src/api/transport.ts';
import { getVersion } from '../../src/contract/version.ts';
import { createAuthority } from '../stand-ins/certificates.ts';
import { json, localServer } from './local-server.ts';

const version = { version: '2.0', commit: '', created: '' };
const authority = createAuthority();
const server = authority.issue('server');
const client = authority.issue('client');

let directory: string;
const file = (name: string) => join(directory, name);
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecpctl-tls-'));
  writeFileSync(file('ca.pem'), authority.cert);
  writeFileSync(file('client.pem'), client.cert);
  writeFileSync(file('client.key'), client.key);
  writeFileSync(file('empty.pem'), '');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function ecp(baseUrl: string, options: Partial<TransportOptions> = {}) {
  const transport = createTransport({ baseUrl, env: {}, ...options });
  onTestFinished(() => transport.close());
  return transport.call(getVersion, {});
}

describe('TLS', () => {
  let url: string;
  let seen: string[] = [];
  const tls = createTlsServer(
    { cert: server.cert, key: server.key, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      seen.push(String(subject?.CN ?? 'nobody'));
      response.end(JSON.stringify(version));
    },
  );
  beforeAll(async () => {
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    tls.closeAllConnections();
    tls.close();
  });

  test('an unknown authority is not trusted, and says how to go on', async () => {
    await expect(ecp(url)).rejects.toMatchObject({ code: 'untrusted', exit: 6 });
  });

  test.each(['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED'])(
    '%s is not answered with --ca-file, which cures neither',
    (code) => {
      const exchange = { url: 'https://ecp.example.com/api', requestId: '', authenticated: false, params: {} };
      const failure = failureOfConnection(Object.assign(new Error('no'), { code }), exchange);
      expect(failure).toMatchObject({ code: 'untrusted', hint: { en: expect.not.stringContaining('--ca-file') } });
    },
  );

  test('is with --ca-file, and the client shows its certificate', async () => {
    seen = [];
    expect(await ecp(url, { tls: { caFile: file('ca.pem') } })).toEqual(version);
    const both = { caFile: file('ca.pem'), certFile: file('client.pem'), keyFile: file('client.key') };
    expect(await ecp(url, { tls: both })).toEqual(version);
    expect(seen).toEqual(['nobody', 'client']);
  });

  test('is not asked for with --insecure', async () => {
    expect(await ecp(url, { tls: { insecure: true } })).toEqual(version);
  });

  test.each(['missing.pem', 'empty.pem'])('%s cannot be used', async (name) => {
    await expect(ecp(url, { tls: { caFile: file(name) } })).rejects.toMatchObject({ code: 'unusable_path' });
  });

  test('a server that speaks no TLS', async () => {
    const plain = await localServer((_, response) => json(response, 200, version));
    await expect(ecp(plain.url.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('proxy', () => {
  /** Forwards what it is asked for, by either way a proxy knows, and remembers where to. */
  async function proxy() {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      request.pipe(
        forward(request.url ?? '', { method: request.method, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    server.on('connect', (request, socket, head) => {
      asked.push(request.url ?? '');
      const { hostname, port } = new URL(`http://${request.url}`);
      const target = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.write(head);
        socket.pipe(target).pipe(socket);
      });
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  test('is taken from the environment, and spared by NO_PROXY', async () => {
    const target = await localServer((_, response) => json(response, 200, version));
    const { url, asked } = await proxy();
    expect(await ecp(target.url, { env: { HTTP_PROXY: url } })).toEqual(version);
    expect(asked.join()).toContain(new URL(target.url).host);
    const before = asked.length;
    expect(await ecp(target.url, { env: { HTTP_PROXY: url, NO_PROXY: '127.0.0.1' } })).toEqual(version);
    expect(asked).toHaveLength(before);
  });

  test('that is down is what cannot be reached, and one that is no address is said', async () => {
    const target = await localServer((_, response) => json(response, 200, version));
    await expect(ecp(target.url, { env: { http_proxy: 'http://127.0.0.1:9' } })).rejects.toMatchObject({
      code: 'unreachable',
    });
    await expect(ecp(target.url, { env: { http_proxy: 'not a proxy' } })).rejects.toMatchObject({
      code: 'invalid_value',
    });
  });
});
