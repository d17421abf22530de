import type { Client } from '../api/client.ts';
import type { EcpContext } from '../cli/session.ts';
import { loginTokens } from '../cli/session.ts';
import { exit, isFailure } from '../core/errors.ts';
import { command } from './define.ts';

export const logout = command({
  path: ['logout'],
  summary: { en: 'End the session and forget its tokens', zh: '结束会话并删除令牌' },
  intent: 'local',
  examples: [{ run: 'ecpctl logout', help: { en: 'Leave the current context', zh: '退出当前上下文' } }],
  async run(context) {
    const { context: chosen, entry, token, tokenFile } = await context.settings();
    if (token || tokenFile) {
      context.out.warn({
        en: 'a token is given by ECP_TOKEN or --token-file and stays valid',
        zh: '令牌由 ECP_TOKEN 或 --token-file 提供，仍然有效',
      });
    }
    if (!chosen || !entry) {
      context.out.note({ en: 'Nobody is logged in.', zh: '当前没有登录。' });
      return;
    }
    const credentials = await context.credentials(chosen.value, entry.url);
    if (credentials.place()) {
      try {
        await (await loggedIn(context, chosen.value, entry.url)).account.logout(context.signal);
      } catch (error) {
        // What counts here is that the tokens are gone from this machine.
        if (
          !isFailure(
            error,
            'unreachable',
            'unavailable',
            'request_timeout',
            'untrusted',
            'session_expired',
            'not_logged_in',
            'keyring_unavailable',
          )
        )
          throw error;
        if (error.exit === exit.unreachable || error.code === 'keyring_unavailable') {
          context.out.warn(
            { en: 'the server was not told: {reason}', zh: '未能通知服务器：{reason}' },
            { reason: error.sentence(context.lang) },
          );
        }
      }
    }
    await credentials.remove();
    if (context.out.machine) return context.out.data({ context: chosen.value });
    context.out.note({ en: 'Logged out of {name}.', zh: '已退出 {name}。' }, { name: chosen.value });
  },
});

/** The session that is ended is the one of `login`, never that of a token which somebody else gave. */
async function loggedIn(context: EcpContext, name: string, url: string): Promise<Client> {
  const { createClient } = await import('../cli/online.ts');
  return createClient(await context.connect(url, await loginTokens(context, name, url)));
}
