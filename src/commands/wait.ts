import type { Goal } from '../cli/change.ts';
import { watchCluster } from '../cli/change.ts';
import { chooseCluster } from '../cli/clusters.ts';
import { nextCommand } from '../cli/next.ts';
import type { EcpContext } from '../cli/session.ts';
import { waitFor, waitOptions } from '../cli/wait.ts';
import type { Deployment } from '../contract/deployments.ts';
import type { ClusterStatus } from '../contract/states.ts';
import { clusterStatus, isFinal, isOneOf } from '../contract/states.ts';
import { Failure } from '../core/errors.ts';
import { clusterArg, command } from './define.ts';
import { showCluster } from './show.ts';

const goals = [...clusterStatus.rows.filter((row) => row.course === 'settled').map((row) => row.key), 'gone'] as const;

export const wait = command({
  path: ['wait'],
  summary: { en: 'Wait until a cluster is in a state', zh: '等待集群进入某个状态' },
  description: {
    en: 'Takes up the wait for a change that goes on. Ends at once with the reason where the change or the cluster has failed, and with exit code 124 when the time is up.',
    zh: '继续等待进行中的变更。变更或集群失败时立即结束并给出原因；超时则以退出码 124 结束。',
  },
  intent: 'waits',
  args: [{ ...clusterArg, optional: true }],
  options: {
    for: {
      kind: 'choice',
      choices: goals,
      value: 'STATUS',
      fallback: 'running',
      help: { en: 'State to wait for', zh: '等待的状态' },
    },
    timeout: waitOptions.timeout,
  },
  examples: [
    { run: 'ecpctl wait plant-1', help: { en: 'Until it runs', zh: '等待其运行' } },
    { run: 'ecpctl wait plant-1 --for gone --timeout 5m', help: { en: 'Until it is deleted', zh: '等待其删除完成' } },
  ],
  async run(context, { args, options }) {
    const { at, cluster } = await chooseCluster(context, args.cluster);
    const asked = options.for ?? 'running';
    const goal = asked === 'gone' ? 'gone' : [asked as ClusterStatus];
    const name = cluster.deployName;
    await refuseEndless(context, cluster, goal);
    const what = { en: `waiting for ${name}`, zh: `等待 ${name}` };
    await waitFor(context, watchCluster(context, { at, name, taskId: cluster.taskId, goal, what }), options);
    if (goal === 'gone') {
      if (context.out.machine) await context.out.data({ id: at.clusterId, name, deleted: true });
      return;
    }
    await showCluster(context, await (await context.client()).clusters.get(at, context.signal));
  },
});

/** A stopped cluster with nothing going on will not run by itself: to wait for that would only end with the time. */
async function refuseEndless(context: EcpContext, cluster: Deployment, goal: Goal): Promise<void> {
  const { clusterStatus, taskStatus } = await context.tables();
  if (goal === 'gone' || !goal.includes('running') || !isOneOf(clusterStatus, cluster.status, 'stopped')) return;
  const { platform } = await context.client();
  const task = cluster.taskId && (await platform.task(cluster.taskId, context.signal).catch(() => undefined));
  if (task && !isFinal(taskStatus, task.status)) return;
  const start = nextCommand(context, ['start', cluster.id]);
  throw new Failure(
    'conflict',
    { reason: { en: 'the cluster is stopped', zh: '集群已停止' } },
    { hint: { en: `Start it with: ${start}`, zh: `启动集群：${start}` } },
  );
}
