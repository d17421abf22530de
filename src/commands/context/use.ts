import { command } from '../define.ts';
import { contextArg, contextView, findContext, shownContext } from './view.ts';

export const contextUse = command({
  path: ['context', 'use'],
  summary: { en: 'Make a context the current one', zh: '切换当前上下文' },
  intent: 'local',
  args: [contextArg],
  examples: [
    { run: 'ecpctl context use plant-north', help: { en: 'Work there from now on', zh: '之后在此上下文中工作' } },
  ],
  async run(context, { args }) {
    const [name, entry] = await findContext(context, args.name);
    await (await context.config()).update((config) => {
      config.currentContext = name;
    });
    if (context.out.machine) return context.out.item(shownContext(name, entry, name), contextView);
    context.out.note(
      { en: 'Now using context {name} ({url}).', zh: '当前上下文：{name}（{url}）。' },
      { name, url: entry.url },
    );
  },
});
