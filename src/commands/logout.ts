import { isFailure } from '../core/errors.ts';
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
    if (await credentials.read()) {
      try {
        await (await context.client()).account.logout(context.signal);
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
          )
        )
          throw error;
        if (error.exit === 6) {
          context.out.warn(
            { en: 'the server was not told: {reason}', zh: '未能通知服务器：{reason}' },
            { reason: error.sentence(context.lang) },
          );
        }
      }
    }
    credentials.remove();
    if (context.out.machine) return context.out.data({ context: chosen.value });
    context.out.note({ en: 'Logged out of {name}.', zh: '已退出 {name}。' }, { name: chosen.value });
  },
});
