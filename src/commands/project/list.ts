import { resolveOrg } from '../../cli/places.ts';
import { command } from '../define.ts';
import { projectView } from '../views.ts';

export const projectList = command({
  path: ['project', 'list'],
  summary: { en: 'List the projects of an organization', zh: '列出组织中的项目' },
  intent: 'reads',
  options: {
    allOrgs: { kind: 'flag', help: { en: 'Of all organizations', zh: '所有组织的项目' } },
  },
  examples: [
    { run: 'ecpctl project list --org factory', help: { en: 'Of one organization', zh: '某个组织的项目' } },
    { run: 'ecpctl project list --all-orgs', help: { en: 'All there are', zh: '全部项目' } },
  ],
  async run(context, { options }) {
    const orgId = options.allOrgs ? '' : (await resolveOrg(context)).id;
    await context.out.list(await (await context.client()).orgs.projects(orgId, context.signal), projectView);
  },
});
