import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { Certificate } from './certificates.ts';

export interface ReceivedMail {
  /** Who it was delivered to, whatever its headers say. */
  readonly receivers: readonly string[];
  readonly sender: string;
  /** It came over TLS, and after a login with this name. */
  readonly secure: boolean;
  readonly user: string | undefined;
  /** By name in lower case, unfolded and decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  /** As it came: lines end with CRLF, dots are not doubled any more. */
  readonly raw: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  stop(): Promise<void>;
}

export interface MailServerOptions {
  /** TLS from the first byte; otherwise it begins plain and offers STARTTLS. */
  readonly implicit: boolean;
  readonly tls: Certificate;
  readonly username: string;
  readonly password: string;
}

/** An SMTP server in this process that takes mails after TLS and a login alone. */
export async function startMailServer({ implicit, tls, username, password }: MailServerOptions): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    logger: false,
    secure: implicit,
    ...tls,
    onAuth({ username: name, password: word }, _session, done) {
      const isRight = name === username && word === password;
      done(isRight ? null : new Error('wrong name or password'), isRight ? { user: name } : undefined);
    },
    onData(stream, { envelope, secure, user }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('latin1');
        mails.push({
          receivers: envelope.rcptTo.map(({ address }) => address),
          sender: envelope.mailFrom ? envelope.mailFrom.address : '',
          secure,
          user: user as string | undefined,
          ...read(raw),
          raw,
        });
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Headers and text of a mail with one part (RFC 5322, 2045 and 2047). `raw` has one character for each byte. */
function read(raw: string): { headers: Map<string, string>; text: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw.slice(0, end).replace(/\r\n(?=[ \t])/g, '');
  const headers = new Map(
    lines.split('\r\n').map((line) => {
      const [, name = '', value = ''] = /^([\w-]+): ?(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), decodeWords(value)] as const;
    }),
  );
  const body = raw.slice(end + 4);
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase();
  const bytes =
    encoding === 'base64'
      ? Buffer.from(body, 'base64')
      : encoding === 'quoted-printable'
        ? unquoted(body.replace(/=\r\n/g, ''))
        : Buffer.from(body, 'latin1');
  return { headers, text: bytes.toString('utf8').replaceAll('\r\n', '\n') };
}

/** `=?utf-8?B?...?=`; white space between two such words belongs to neither. */
function decodeWords(value: string): string {
  const word = /=\?utf-8\?([bq])\?([^?]*)\?=/gi;
  const parts = value.replace(/(\?=)\s+(?==\?)/g, '$1').split(/((?:=\?utf-8\?[bq]\?[^?]*\?=)+)/i);
  return parts
    .map((part, at) => {
      if (at % 2 === 0) return part;
      const bytes = [...part.matchAll(word)].map(([, kind = '', text = '']) =>
        kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : unquoted(text.replaceAll('_', ' ')),
      );
      return Buffer.concat(bytes).toString('utf8');
    })
    .join('');
}

const unquoted = (text: string): Buffer =>
  Buffer.from(
    text.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
