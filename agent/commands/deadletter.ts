import { join } from 'node:path';
import type { View } from '../../src/cli/output.ts';
import { exit, Failure, usage } from '../../src/core/errors.ts';
import type { DeadLetter, DeadLetterFile } from '../logs/deadletter.ts';
import { type AgentContext, define } from './context.ts';

const ids = {
  name: 'id',
  optional: true,
  many: true,
  help: { en: 'Ids as `deadletter list` shows them', zh: '`deadletter list` 显示的 ID' },
} as const;

const all = { kind: 'flag', help: { en: 'All of them', zh: '全部' } } as const;

const view: View<DeadLetter> = {
  name: (letter) => letter.id,
  columns: [
    { key: 'id', header: { en: 'ID', zh: 'ID' }, get: (letter) => letter.id },
    { key: 'time', header: { en: 'TIME', zh: '时间' }, get: (letter) => new Date(letter.at).toISOString() },
    { key: 'status', header: { en: 'STATUS', zh: '状态' }, align: 'right', get: (letter) => letter.status },
    { key: 'index', header: { en: 'INDEX', zh: '索引' }, wide: true, get: (letter) => letter.index },
    { key: 'reason', header: { en: 'REASON', zh: '原因' }, get: (letter) => letter.reason },
  ],
};

export const deadletterList = define({
  path: ['deadletter', 'list'],
  summary: { en: 'List log records that were refused', zh: '列出被拒收的日志' },
  description: {
    en: "Records that ECP's log storage refused for their own sake, oldest first. The latest 32 to 64 MiB are kept.",
    zh: '因自身内容被 ECP 日志存储拒收的记录，按时间先后排列，保留最近 32 到 64 MiB。',
  },
  intent: 'reads',
  async run(context) {
    await context.out.list(await (await open(context)).list(), view);
  },
});

export const deadletterShow = define({
  path: ['deadletter', 'show'],
  summary: { en: 'Show one refused record', zh: '显示一条被拒收的日志' },
  intent: 'reads',
  args: [{ name: 'id', help: ids.help }],
  async run(context, { args }) {
    const [letter] = chosen(await (await open(context)).list(), [args.id], false);
    await context.out.data(letter);
  },
});

export const deadletterReplay = define({
  path: ['deadletter', 'replay'],
  summary: { en: 'Send refused records again', zh: '重新发送被拒收的日志' },
  description: {
    en: 'Sends them under the ids they have to where logs go now, after the cause was mended. What is taken leaves the list. Exit code 5 when some are refused again.',
    zh: '修复原因后，以原有 ID 发送到当前的日志存储。成功的记录将从列表中移除。如仍有记录被拒收，退出码为 5。',
  },
  intent: 'mutates',
  args: [ids],
  options: { all },
  async run(context, { args, options }) {
    const file = await open(context);
    const letters = chosen(await file.list(), args.id, options.all ?? false);
    const { replay } = await import('../logs/replay.ts');
    const done = await replay(file, letters, await target(context), context.signal);
    if (context.out.machine) await context.out.data(done);
    for (const { id, reason } of done.refused) context.out.warn(`${id}: ${reason}`);
    context.out.note(
      { en: '{delivered} delivered, {refused} refused again.', zh: '已发送 {delivered} 条，仍被拒收 {refused} 条。' },
      { delivered: done.delivered.length, refused: done.refused.length },
    );
    return done.refused.length > 0 ? exit.refused : exit.done;
  },
});

export const deadletterPurge = define({
  path: ['deadletter', 'purge'],
  summary: { en: 'Forget refused records', zh: '删除被拒收的日志' },
  intent: 'destroys',
  args: [ids],
  options: { all },
  async run(context, { args, options }) {
    const file = await open(context);
    const letters = chosen(await file.list(), args.id, options.all ?? false);
    await file.purge(new Set(letters.map(({ id }) => id)));
    context.out.note({ en: '{count} removed.', zh: '已删除 {count} 条。' }, { count: letters.length });
  },
});

async function open(context: AgentContext): Promise<DeadLetterFile> {
  const { DeadLetterFile: File } = await import('../logs/deadletter.ts');
  const { deadLetterName } = await import('../logs/shipper.ts');
  return new File(join(context.home().state, 'logs', deadLetterName));
}

/** The letters meant; throws where an id is none of them, or where neither ids nor `--all` were given. */
function chosen(letters: readonly DeadLetter[], wanted: readonly string[], everything: boolean): readonly DeadLetter[] {
  if (everything) return letters;
  if (wanted.length === 0) throw usage('name the records, or give --all', '请指定记录，或使用 --all');
  return wanted.map((id) => {
    const letter = letters.find((one) => one.id === id);
    if (letter) return letter;
    throw new Failure('not_found', { kind: { en: 'dead letter', zh: '拒收记录' }, name: id });
  });
}

/** Where logs go, as ECP last said. */
async function target(context: AgentContext) {
  const home = context.home();
  const { StateStore } = await import('../config/state.ts');
  const { loadConfig } = await import('../config/load.ts');
  const { logTarget } = await import('../config/settings.ts');
  const { Value } = await import('@sinclair/typebox/value');
  const { Metadata } = await import('../../src/contract/agent.ts');
  const store = new StateStore(home);
  const registration = store.registration();
  const metadata = registration && store.metadata(registration);
  if (!registration || !Value.Check(Metadata, metadata)) {
    throw new Failure('conflict', { reason: { en: 'the agent is not registered', zh: '代理尚未注册' } });
  }
  return logTarget(metadata, registration, await loadConfig(home));
}
