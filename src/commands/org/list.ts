import { command } from '../define.ts';
import { orgView } from '../views.ts';

export const orgList = command({
  path: ['org', 'list'],
  summary: { en: 'List the organizations', zh: '列出组织' },
  intent: 'reads',
  examples: [{ run: 'ecpctl org list', help: { en: 'With the number of their projects', zh: '包含项目数' } }],
  async run(context) {
    await context.out.list(await (await context.client()).orgs.names(context.signal), orgView);
  },
});
