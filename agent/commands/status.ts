import type { View } from '../../src/cli/output.ts';
import type { AgentStatus, PartReport } from '../../src/contract/control.ts';
import { formatDuration } from '../../src/core/duration.ts';
import { type AgentContext, define } from './context.ts';

/** By convention of init scripts (contract: ours.md, Both programs). */
export const codes = { healthy: 0, notRunning: 3, degraded: 4 } as const;

export const status = define({
  path: ['status'],
  summary: { en: 'Show how the agent is doing', zh: '查看代理状态' },
  description: {
    en: 'Exit code 0: running and everything that is on works (also when not registered yet). 3: not running. 4: running, but a part is failing.',
    zh: '退出码 0：正在运行且各部分正常（包括尚未注册）；3：没有运行；4：正在运行但有部分异常。',
  },
  intent: 'reads',
  examples: [{ run: 'emqxee-agent status -o json', help: { en: 'For a script', zh: '供脚本使用' } }],
  async run(context) {
    const control = await context.control();
    const answer = await control.status(context.signal);
    if (!answer) {
      if (context.out.machine) await context.out.data({});
      context.out.note({
        en: 'Not running. Start it with: emqxee-agent start',
        zh: '没有运行。请启动：emqxee-agent start',
      });
      return codes.notRunning;
    }
    if (context.out.machine) await context.out.data(answer);
    else await show(context, answer);
    return answer.state === 'degraded' ? codes.degraded : codes.healthy;
  },
});

const states = {
  off: { en: 'off', zh: '未启用' },
  starting: { en: 'starting', zh: '启动中' },
  healthy: { en: 'healthy', zh: '正常' },
  failing: { en: 'failing', zh: '异常' },
} as const;

async function show(context: AgentContext, answer: AgentStatus): Promise<void> {
  const { out, clock } = context;
  const ago = (time: number) => formatDuration(Math.max(0, clock.now() - time));
  const { registration, logs, tunnel } = answer;
  await out.line(
    { en: 'Running for {time} (pid {pid}, version {version})', zh: '已运行 {time}（进程号 {pid}，版本 {version}）' },
    { time: ago(answer.startedAt), pid: answer.pid, version: answer.version },
  );
  if (registration) {
    await out.line(
      {
        en: 'Registered at {url}, cluster {cluster}, since {time}',
        zh: '已注册到 {url}，集群 {cluster}，已持续 {time}',
      },
      { url: registration.url, cluster: registration.clusterId ?? '?', time: ago(registration.since) },
    );
  } else {
    await out.line({
      en: 'Not registered. Register with: emqxee-agent register',
      zh: '尚未注册。请执行：emqxee-agent register',
    });
  }
  await out.line('');
  await out.list(answer.parts, partView(ago));
  for (const node of answer.nodes) {
    await out.line(`EMQX ${node.node} ${node.version} ${node.status}, ${formatDuration(node.uptime)}`);
  }
  for (const notice of answer.notices) await out.line({ en: 'Note: {notice}', zh: '注意：{notice}' }, { notice });
  if (tunnel) {
    await out.line(
      {
        en: 'Channel: {served} requests served, {inFlight} under way',
        zh: '通道：已处理 {served} 个请求，处理中 {inFlight} 个',
      },
      tunnel,
    );
  }
  if (!logs) return;
  await out.line(
    {
      en: 'Logs: {delivered} records delivered, {retried} retried, {dead} dead, {lost} lost ({lostBytes} bytes)',
      zh: '日志：已发送 {delivered} 条，重试 {retried} 条，拒收 {dead} 条，丢失 {lost} 条（{lostBytes} 字节）',
    },
    { delivered: logs.delivered, retried: logs.retried, dead: logs.dead, lost: logs.lost, lostBytes: logs.lostBytes },
  );
  if (logs.files.length > 0) await out.list(logs.files, fileView);
}

function partView(ago: (time: number) => string): View<PartReport> {
  return {
    name: (part) => part.name,
    columns: [
      { key: 'part', header: { en: 'PART', zh: '部分' }, get: (part) => part.name },
      {
        key: 'state',
        header: { en: 'STATE', zh: '状态' },
        get: (part, lang) => states[part.state][lang],
        style: (part) => (part.state === 'failing' ? 'red' : part.state === 'healthy' ? 'green' : undefined),
      },
      { key: 'since', header: { en: 'FOR', zh: '持续' }, get: (part) => ago(part.since) },
      {
        key: 'success',
        header: { en: 'LAST SUCCESS', zh: '上次成功' },
        get: (part) => (part.lastSuccess === undefined ? undefined : ago(part.lastSuccess)),
      },
      { key: 'reason', header: { en: 'REASON', zh: '原因' }, get: (part) => part.reason },
    ],
  };
}

const fileView: View<NonNullable<AgentStatus['logs']>['files'][number]> = {
  name: (file) => file.path,
  columns: [
    { key: 'file', header: { en: 'FILE', zh: '文件' }, get: (file) => file.path },
    { key: 'size', header: { en: 'BYTES', zh: '字节' }, align: 'right', get: (file) => file.size },
    {
      key: 'lag',
      header: { en: 'LAG', zh: '未发送' },
      align: 'right',
      get: (file) => Math.max(0, file.size - file.acknowledged),
    },
    { key: 'distance', header: { en: 'TO WRAP', zh: '距覆盖' }, align: 'right', get: (file) => file.distance },
  ],
};
