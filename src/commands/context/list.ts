import { command } from '../define.ts';
import { contextView, shownContext } from './view.ts';

export const contextList = command({
  path: ['context', 'list'],
  summary: { en: 'List the saved contexts', zh: '列出已保存的上下文' },
  intent: 'local',
  examples: [{ run: 'ecpctl context list', help: { en: 'The current one has a star', zh: '当前上下文带星号' } }],
  async run(context) {
    const { contexts, currentContext } = await context.config();
    const rows = Object.entries(contexts).map(([name, entry]) => shownContext(name, entry, currentContext));
    await context.out.list(rows, contextView);
  },
});
