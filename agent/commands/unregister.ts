import { Failure } from '../../src/core/errors.ts';
import { define } from './context.ts';
import { unregisterLocally } from './local.ts';

export const unregister = define({
  path: ['unregister'],
  summary: { en: 'Take this node out of ECP', zh: '从 ECP 注销本节点' },
  description: {
    en: 'Ends reports, channel and logs at once and removes every secret from this machine. The agent goes on running and can be registered anew. Nothing happens when it is not registered.',
    zh: '立即停止上报、通道和日志采集，并删除本机保存的所有机密。代理继续运行，可以重新注册。未注册时不做任何操作。',
  },
  intent: 'destroys',
  options: {
    force: {
      kind: 'flag',
      help: { en: 'Forget the registration also when ECP cannot be told', zh: '即使无法通知 ECP 也删除注册信息' },
    },
  },
  async run(context, { options }) {
    const request = { force: options.force ?? false };
    const control = await context.control();
    try {
      const answer = (await control.unregister(request, context.signal)) ?? (await unregisterLocally(context, request));
      if (answer.wasRegistered) context.out.note({ en: 'Unregistered.', zh: '已注销。' });
      else context.out.note({ en: 'Not registered.', zh: '尚未注册。' });
    } catch (error) {
      if (!(error instanceof Failure) || error.exit !== 6) throw error;
      throw new Failure(error.code, error.values, {
        hint: {
          en: 'Nothing was changed. Try again later, or forget the registration on this machine alone with --force',
          zh: '未做任何修改。请稍后重试，或使用 --force 仅删除本机的注册信息',
        },
        cause: error,
      });
    }
  },
});
