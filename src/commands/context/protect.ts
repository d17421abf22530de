import { command } from '../define.ts';
import { contextArg, contextView, findContext, shownContext } from './view.ts';

export const contextProtect = command({
  path: ['context', 'protect'],
  summary: { en: 'Let every change in a context ask for the name', zh: '使上下文中的每项变更都需输入名称确认' },
  description: {
    en: 'For production: --yes is then not enough, a script has to give --confirm NAME.',
    zh: '用于生产环境：仅 --yes 不够，脚本必须提供 --confirm 名称。',
  },
  intent: 'local',
  args: [{ ...contextArg, optional: true }],
  options: { off: { kind: 'flag', help: { en: 'Take the protection away', zh: '取消保护' } } },
  examples: [{ run: 'ecpctl context protect production', help: { en: 'From now on', zh: '立即生效' } }],
  async run(context, { args, options }) {
    const [name, { protected: _before, ...rest }] = await findContext(context, args.name);
    const entry = options.off ? rest : { ...rest, protected: true };
    await (await context.config()).update((config) => {
      config.contexts[name] = entry;
    });
    if (context.out.machine) {
      return context.out.item(shownContext(name, entry, (await context.config()).currentContext), contextView);
    }
    context.out.note(
      options.off
        ? { en: 'Context {name} is no longer protected.', zh: '上下文 {name} 不再受保护。' }
        : { en: 'Context {name} is protected.', zh: '上下文 {name} 已受保护。' },
      { name },
    );
  },
});
