import { command } from '../define.ts';
import { contextArg, findContext } from './view.ts';

export const contextDelete = command({
  path: ['context', 'delete'],
  summary: { en: 'Forget a context and its tokens', zh: '删除上下文及其令牌' },
  intent: 'local',
  args: [contextArg],
  examples: [
    { run: 'ecpctl context delete old-plant', help: { en: 'Clusters are not touched', zh: '不会影响任何集群' } },
  ],
  async run(context, { args }) {
    const [name, entry] = await findContext(context, args.name);
    await (await context.credentials(name, entry.url)).remove();
    await (await context.config()).update((config) => {
      delete config.contexts[name];
      if (config.currentContext === name) config.currentContext = undefined;
    });
    if (context.out.machine) return context.out.data({ name });
    context.out.note({ en: 'Context {name} deleted.', zh: '已删除上下文 {name}。' }, { name });
  },
});
