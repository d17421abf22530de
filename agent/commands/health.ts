import { controlPaths } from '../../src/contract/control.ts';
import { Failure } from '../../src/core/errors.ts';
import { define } from './context.ts';
import { codes } from './status.ts';

const pages = { live: controlPaths.live, ready: controlPaths.ready, metrics: controlPaths.metrics };

export const health = define({
  path: ['health'],
  summary: { en: 'Ask one of the health pages', zh: '查看健康检查结果' },
  description: {
    en: 'For probes of a container, which cannot reach a socket otherwise. Exit code 1 where the page answers with an error.',
    zh: '用于容器探针。若返回错误则退出码为 1。',
  },
  intent: 'reads',
  args: [{ name: 'page', help: { en: 'live, ready or metrics', zh: 'live、ready 或 metrics' }, optional: true }],
  async run(context, { args }) {
    const page = args.page ?? 'ready';
    if (!isPage(page)) {
      const known = Object.keys(pages).join(', ');
      throw new Failure('invalid_value', {
        name: 'PAGE',
        reason: { en: `"${page}" is none of: ${known}`, zh: `“${page}”不在可选值之内：${known}` },
      });
    }
    const answer = await (await context.control()).health(pages[page], context.signal);
    if (!answer) return codes.notRunning;
    await context.out.write(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`);
    return answer.status === 200 ? 0 : 1;
  },
});

function isPage(word: string): word is keyof typeof pages {
  return Object.hasOwn(pages, word);
}
