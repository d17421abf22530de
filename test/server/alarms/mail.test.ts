import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, describe, expect, it } from 'vitest';
import { senderOf, sendMail } from '../../../src/server/alarms/mail.ts';

const folder = mkdtempSync(join(tmpdir(), 'mail-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mail = { to: ['a@example.com'], subject: 'subject', text: 'text' };
const smtp = { host: '127.0.0.1', username: '', password: '' };

async function listen(
  options: ConstructorParameters<typeof SMTPServer>[0],
): Promise<{ port: number; close(): Promise<void> }> {
  const server = new SMTPServer({ logger: false, authOptional: true, ...options });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

// That a trusted server takes our mails is shown where the server is a process: what it trusts is decided at its start.
describe('a mail', () => {
  it('is not sent to a server whose certificate is not trusted', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const how = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ];
    try {
      execFileSync('openssl', [...how, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    } catch {
      console.log('skipped: certificates of mail servers are tested where there is an openssl command');
      return;
    }
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    for (const encryption of ['tls', 'starttls']) {
      const server = await listen({ secure: encryption === 'tls', ...pem, onData: () => expect.unreachable() });
      await expect(sendMail({ ...smtp, port: server.port, encryption }, mail)).rejects.toThrow(/self-signed/);
      await server.close();
    }
  });

  it('is not sent in plain text', async () => {
    const server = await listen({ disabledCommands: ['STARTTLS'], onData: () => expect.unreachable() });
    await expect(sendMail({ ...smtp, port: server.port, encryption: 'starttls' }, mail)).rejects.toThrow(
      /STARTTLS|TLS/,
    );
    await server.close();
  });

  it('says where the server is to be set when it is not', async () => {
    await expect(sendMail({ ...smtp, host: '' }, mail)).rejects.toThrow(/no mail server is set/);
  });

  it('comes from the account, where that is an address', () => {
    expect(senderOf({ ...smtp, username: 'ecp@plant.example' })).toBe('ecp@plant.example');
    expect(senderOf({ ...smtp, host: 'mail.example.com', username: 'ecp' })).toBe('ecp@mail.example.com');
  });
});
