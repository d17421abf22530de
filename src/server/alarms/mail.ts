import type { Smtp } from '../../contract/configuration.ts';
import type { Content } from './notices.ts';
import type { Scope } from './template.ts';

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

const patienceMs = 15_000;

/**
 * Sends one mail, each receiver hidden from the others. `encryption` none but `tls` begins plain and must become TLS.
 * Answers the receivers that the server refused while it took the mail for others; throws where it took it for nobody.
 */
export async function sendMail(smtp: Smtp, mail: Mail, signal?: AbortSignal): Promise<readonly string[]> {
  if (smtp.host === '') throw new Error('no mail server is set: see the platform settings');
  // The bundle has only the default of a CommonJS package.
  const { createTransport } = (await import('nodemailer')).default;
  const implicit = (smtp.encryption ?? 'tls').toLowerCase() === 'tls';
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port ?? 25,
    secure: implicit,
    requireTLS: !implicit,
    ...(smtp.username !== '' && { auth: { user: smtp.username, pass: smtp.password } }),
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    // Nothing in a mail may be read from our disk or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const abort = () => transport.close();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const from = senderOf(smtp);
    const { rejected } = await transport.sendMail({
      from,
      to: 'undisclosed-recipients:;',
      envelope: { from, to: [...mail.to] },
      subject: mail.subject,
      text: mail.text,
      // No machine answers it: neither with a note of absence nor with a bounce to people (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return rejected.map((one) => (typeof one === 'string' ? one : one.address));
  } finally {
    signal?.removeEventListener('abort', abort);
    transport.close();
  }
}

/** The account itself where it is an address, because many servers refuse every other sender. */
export function senderOf({ username, host }: Smtp): string {
  return username.includes('@') ? username : `ecp@${host}`;
}

/** A mail for people, in English and Chinese. */
export function mailOf({ changes, kept }: Content, { orgName, projectName }: Scope): Omit<Mail, 'to'> {
  const place = `${orgName}/${projectName}`;
  if (kept > 0) {
    return {
      subject: `[ECP] ${place}: ${kept} more alarms / 另有 ${kept} 条告警`,
      text: `${kept} more alarms changed and were not sent one by one.\n另有 ${kept} 条告警变化，未逐条发送。\n`,
    };
  }
  const [first] = changes;
  const words = { raised: 'raised / 触发', still: 'still active / 持续', resolved: 'resolved / 恢复' } as const;
  const more = changes.length > 1 ? ` (+${changes.length - 1})` : '';
  const lines = changes.map(({ kind, alarm }) => {
    const ended = alarm.ends_at > 0 ? ` - ${new Date(alarm.ends_at).toISOString()}` : '';
    return [
      `${alarm.name}: ${words[kind]}`,
      `  ${alarm.message}`,
      `  severity / 级别: ${alarm.severity}`,
      `  ${alarm.resource_type} / 资源: ${alarm.resource_name} (${alarm.resource_id})`,
      `  time / 时间: ${new Date(alarm.starts_at).toISOString()}${ended}`,
    ].join('\n');
  });
  return {
    subject: `[ECP] ${place}: ${first?.alarm.name} ${first ? words[first.kind] : ''}${more}`,
    text: `${lines.join('\n\n')}\n`,
  };
}
