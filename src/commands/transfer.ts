import { chooseCluster } from '../cli/clusters.ts';
import { confirmChange, confirmOptions } from '../cli/confirm.ts';
import { changing, dryRunOption } from '../cli/dry-run.ts';
import { nextCommand } from '../cli/next.ts';
import { kinds, pickByName, resolveOrg } from '../cli/places.ts';
import type { EcpContext } from '../cli/session.ts';
import { Failure } from '../core/errors.ts';
import { clusterArg, command } from './define.ts';
import { showCluster } from './show.ts';

export const transfer = command({
  path: ['transfer'],
  summary: { en: 'Move a cluster to another project', zh: '将集群转移到其他项目' },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: {
    toProject: {
      kind: 'text',
      value: 'PROJECT',
      complete: 'projects',
      help: { en: 'Project to move it to, by name or id', zh: '目标项目名称或 ID' },
    },
    toOrg: {
      kind: 'text',
      value: 'ORG',
      complete: 'orgs',
      help: { en: 'Organization of that project, where it is another one', zh: '目标项目所属组织（若不同）' },
    },
    ...confirmOptions,
    ...dryRunOption,
  },
  examples: [{ run: 'ecpctl transfer plant-1 --to-project line-2', help: { en: 'At once', zh: '立即转移' } }],
  async run(context, { args, options }) {
    const { at, cluster } = await chooseCluster(context, args.cluster);
    const target = await targetProject(context, options.toProject, options.toOrg);
    const name = cluster.deployName;
    if (target.projectId === at.projectId) {
      // A repeated transfer has nothing left to do.
      context.out.note({ en: '{name} is already there.', zh: '{name} 已在目标项目中。' }, { name });
      return showCluster(context, cluster);
    }
    const action = { en: `transfer of ${name} to ${target.name}`, zh: `将 ${name} 转移到 ${target.name}` };
    if (!options.dryRun) await confirmChange(context, { action, name, weight: 'harmless' }, options);
    await changing(context, options.dryRun, async ({ clusters }) => {
      await clusters.transfer(at, target.projectId, context.signal);
      const { orgId, projectId } = target;
      const org = options.toOrg === undefined ? undefined : { org: options.toOrg };
      const see = nextCommand(context, ['get', at.clusterId], { ...org, project: target.name });
      context.out.note(
        {
          en: '{name} is now in project {project}. See it with: {see}',
          zh: '{name} 已转移到项目 {project}。查看：{see}',
        },
        { name, project: target.name, see },
      );
      await showCluster(context, await clusters.get({ orgId, projectId, clusterId: at.clusterId }, context.signal));
    });
  },
});

async function targetProject(context: EcpContext, word: string | undefined, orgWord: string | undefined) {
  const client = await context.client();
  const org =
    orgWord === undefined
      ? await resolveOrg(context)
      : pickByName(await client.orgs.names(context.signal), orgWord, kinds.org);
  const projects = await client.orgs.projectNames(org.id, context.signal);
  if (word !== undefined) {
    const { id, name } = pickByName(projects, word, kinds.project);
    return { orgId: org.id, projectId: id, name };
  }
  if (!context.interactive) throw new Failure('input_required', { name: kinds.project, flag: '--to-project' });
  const { id, name } = await (await context.prompt()).pick(
    { en: 'To which project?', zh: '选择目标项目' },
    projects.map((project) => ({ name: project.name, value: project, hint: project.id })),
  );
  return { orgId: org.id, projectId: id, name };
}
