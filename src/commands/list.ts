import type { Place } from '../api/clusters.ts';
import { nextCommand } from '../cli/next.ts';
import type { EcpContext } from '../cli/session.ts';
import type { Column } from '../cli/table.ts';
import { clusterStatus, clusterType, isFailed } from '../contract/states.ts';
import { Failure } from '../core/errors.ts';
import { command } from './define.ts';
import type { ShownCluster } from './views.ts';
import { clusterView, shownCluster } from './views.ts';

export const list = command({
  path: ['list'],
  summary: { en: 'List the clusters', zh: '列出集群' },
  intent: 'reads',
  options: {
    name: { kind: 'text', value: 'TEXT', help: { en: 'Those whose name contains this', zh: '名称包含此文本的集群' } },
    status: {
      kind: 'choice',
      choices: clusterStatus.rows.map((row) => row.key),
      value: 'STATUS',
      help: { en: 'Those in this state', zh: '处于此状态的集群' },
    },
    type: {
      kind: 'choice',
      choices: ['hosted', ...clusterType.rows.map((row) => row.key)],
      value: 'TYPE',
      help: { en: 'Those of this kind', zh: '此类型的集群' },
    },
    creator: { kind: 'text', value: 'USER', help: { en: 'Those created by this user', zh: '由此用户创建的集群' } },
    sort: { kind: 'text', value: 'COLUMN', fallback: 'name', help: { en: 'Order by this column', zh: '按此列排序' } },
    reverse: { kind: 'flag', help: { en: 'Turn the order round', zh: '倒序' } },
    allProjects: { kind: 'flag', help: { en: 'Of all projects', zh: '所有项目中的集群' } },
  },
  examples: [
    { run: 'ecpctl list', help: { en: 'Clusters of the project', zh: '当前项目的集群' } },
    {
      run: 'ecpctl list --status error --all-projects',
      help: { en: 'What is broken anywhere', zh: '所有项目中异常的集群' },
    },
    { run: `ecpctl list -o json --query "[?xStatus=='running'].id"`, help: { en: 'For a script', zh: '用于脚本' } },
  ],
  async run(context, { options }) {
    const tables = await context.tables();
    const view = clusterView(tables);
    const sortColumn = columnOf(view.columns, options.sort ?? 'name');
    const { name, creator } = options;
    // The server's own matching is not published: it narrows where it can, what is asked for is checked here.
    const filter = { ...(name !== undefined && { deployName: name }), ...(creator !== undefined && { creator }) };
    const rows = (await (options.allProjects ? everywhere(context, filter) : here(context, filter)))
      .filter((row) => name === undefined || row.deployName.toLowerCase().includes(name.toLowerCase()))
      .filter((row) => creator === undefined || row.creator === creator)
      .filter((row) => options.status === undefined || row.xStatus === options.status)
      .filter((row) => options.type === undefined || isType(row.xType, options.type))
      .sort((a, b) => compare(sortColumn.get(a, context.lang), sortColumn.get(b, context.lang)));
    if (options.reverse) rows.reverse();
    const columns = options.allProjects
      ? view.columns.map((column) => (column.key === 'project' ? { ...column, wide: undefined } : column))
      : view.columns;
    await context.out.list(rows, { ...view, columns: columns as typeof view.columns });
    const failed = rows.find((row) => isFailed(tables.clusterStatus, row.status));
    if (!failed || context.out.machine) return;
    const place = options.allProjects ? { org: failed.orgId, project: failed.projectId } : {};
    const why = nextCommand(context, ['get', failed.id], place);
    context.out.note({
      en: `Next, why ${failed.deployName} is in error: ${why}`,
      zh: `查看 ${failed.deployName} 的异常原因：${why}`,
    });
  },
});

type Filter = { deployName?: string; creator?: string };

async function here(context: EcpContext, filter: Filter): Promise<ShownCluster[]> {
  return clustersOf(context, await context.place(), filter);
}

async function everywhere(context: EcpContext, filter: Filter): Promise<ShownCluster[]> {
  const projects = await (await context.client()).orgs.projects('', context.signal);
  const found: ShownCluster[] = [];
  // A few at a time: a thousand projects are allowed, and a thousand connections are not wanted.
  for (let at = 0; at < projects.length; at += 8) {
    const some = projects.slice(at, at + 8).map(async ({ id: projectId, orgId, name, orgName }) => {
      const rows = await clustersOf(context, { orgId, projectId }, filter);
      return rows.map((row) => ({ ...row, xProject: `${orgName}/${name}` }));
    });
    found.push(...(await Promise.all(some)).flat());
  }
  return found;
}

async function clustersOf(context: EcpContext, place: Place, filter: Filter): Promise<ShownCluster[]> {
  const [client, tables] = await Promise.all([context.client(), context.tables()]);
  return (await client.clusters.list(place, filter, context.signal)).map((one) => shownCluster(one, tables));
}

function isType(type: string, asked: string): boolean {
  return type === asked || ((asked === 'hosted' || asked === 'managed') && type.startsWith(asked));
}

function columnOf(columns: readonly Column<ShownCluster>[], key: string): Column<ShownCluster> {
  const column = columns.find((one) => one.key === key.toLowerCase());
  if (column) return column;
  const known = columns.map((one) => one.key).join(', ');
  throw new Failure('invalid_value', {
    name: '--sort',
    reason: { en: `there is no "${key}"; there are: ${known}`, zh: `没有“${key}”，可用的有：${known}` },
  });
}

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a ?? '').localeCompare(String(b ?? ''), 'en', { numeric: true });
}
