import { command } from '../define.ts';
import { contextArg, contextView, findContext, shownContext } from './view.ts';

export const contextShow = command({
  path: ['context', 'show'],
  summary: { en: 'Show a context, by default the current one', zh: '显示上下文，默认为当前上下文' },
  intent: 'local',
  args: [{ ...contextArg, optional: true }],
  examples: [{ run: 'ecpctl context show', help: { en: 'The one in use', zh: '正在使用的上下文' } }],
  async run(context, { args }) {
    const [name, entry] = await findContext(context, args.name);
    await context.out.item(shownContext(name, entry, (await context.config()).currentContext), contextView);
  },
});
