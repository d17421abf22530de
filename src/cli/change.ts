import type { ClusterPlace, TaskId } from '../api/clusters.ts';
import type { Deployment } from '../contract/deployments.ts';
import type { ClusterStatus } from '../contract/states.ts';
import { isFailed, isOneOf, stateName } from '../contract/states.ts';
import type { Task } from '../contract/tasks.ts';
import { Failure, isFailure } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import { confirmOptions } from './confirm.ts';
import { dryRunOption } from './dry-run.ts';
import { nextCommand } from './next.ts';
import type { EcpContext } from './session.ts';
import type { Sight, WaitOptions, Watch } from './wait.ts';
import { shallWait, waitFor, waitOptions } from './wait.ts';

/** Options of a verb that changes a cluster and may take its time. */
export const changeOptions = { ...waitOptions, ...confirmOptions, ...dryRunOption } as const;

/** Where a change of a cluster leads. `gone` is the end of a deletion. */
export type Goal = readonly ClusterStatus[] | 'gone';

export interface StartedChange {
  readonly at: ClusterPlace;
  readonly name: string;
  /** Empty where the server started none. */
  readonly taskId: TaskId;
  readonly goal: Goal;
  /** What is done, as a noun: `scaling of plant-1`. */
  readonly what: Text;
}

/** What a change answers; one that the cluster's state forbids says where to see what goes on. */
export async function orWhatGoesOn<T>(context: EcpContext, at: ClusterPlace, sent: Promise<T>): Promise<T> {
  try {
    return await sent;
  } catch (error) {
    if (!isFailure(error, 'conflict') || error.hint) throw error;
    const status = nextCommand(context, ['status', at.clusterId]);
    const hint = { en: `See what goes on with: ${status}`, zh: `查看进行中的操作：${status}` };
    throw new Failure(error.code, error.values, { ...error, hint, cause: error });
  }
}

/** Waits where that is wanted, else says how to; answers the cluster as it then is, undefined when it is gone. */
export async function seeThrough(
  context: EcpContext,
  change: StartedChange,
  options: WaitOptions,
): Promise<Deployment | undefined> {
  const watch = watchCluster(context, change);
  if (shallWait(context, options)) await waitFor(context, watch, options);
  else {
    context.out.note(
      { en: 'Started: {what}. Wait for it with: {command}', zh: '已开始：{what}。等待完成：{command}' },
      { what: change.what[context.lang], command: watch.resume },
    );
  }
  try {
    return await (await context.client()).clusters.get(change.at, context.signal);
  } catch (error) {
    if (change.goal === 'gone' && isFailure(error, 'not_found')) return undefined;
    throw error;
  }
}

/** Task first, for as long as there is one that runs; then the cluster itself, which may need a moment more. */
export function watchCluster(context: EcpContext, change: StartedChange): Watch {
  const { at, goal, taskId } = change;
  const goalWord = goal === 'gone' ? 'gone' : (goal[0] ?? 'running');
  const resume = ['wait', at.clusterId, ...(goalWord === 'running' ? [] : ['--for', goalWord])];
  let taskOver = taskId === '';
  return {
    what: change.what,
    resume: nextCommand(context, resume),
    inspect: nextCommand(context, ['get', at.clusterId]),
    look: async (signal) => {
      if (!taskOver) {
        const sight = await lookAtTask(context, taskId, signal);
        if (sight.course !== 'done') return sight;
        taskOver = true;
      }
      return lookAtCluster(context, at, goal, signal);
    },
  };
}

async function lookAtTask(context: EcpContext, taskId: TaskId, signal: AbortSignal): Promise<Sight> {
  let task: Task;
  try {
    task = await (await context.client()).platform.task(taskId, signal);
  } catch (error) {
    // A server may forget a task once it is over: the cluster then has the word.
    if (isFailure(error, 'not_found')) return { course: 'done' };
    throw error;
  }
  const { taskStatus } = await context.tables();
  const name = { en: stateName(taskStatus, task.status, 'en'), zh: stateName(taskStatus, task.status, 'zh') };
  if (isFailed(taskStatus, task.status)) return { course: 'failed', reason: task.xReason || task.progress || name };
  if (isOneOf(taskStatus, task.status, 'finished')) return { course: 'done' };
  return { course: 'passing', progress: task.progress ? both(task.progress) : name };
}

async function lookAtCluster(context: EcpContext, at: ClusterPlace, goal: Goal, signal: AbortSignal): Promise<Sight> {
  const client = await context.client();
  const { clusterStatus } = await context.tables();
  let cluster: Deployment;
  try {
    cluster = await client.clusters.get(at, signal);
  } catch (error) {
    if (goal === 'gone' && isFailure(error, 'not_found')) return { course: 'done' };
    throw error;
  }
  const { status } = cluster;
  if (goal !== 'gone' && isOneOf(clusterStatus, status, ...goal)) return { course: 'done' };
  const name = { en: stateName(clusterStatus, status, 'en'), zh: stateName(clusterStatus, status, 'zh') };
  if (isFailed(clusterStatus, status)) return { course: 'failed', reason: cluster.xReason || name };
  return { course: 'passing', progress: name };
}

const both = (text: string): Text => ({ en: text, zh: text });
