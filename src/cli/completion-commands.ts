import { Failure } from '../core/errors.ts';
import type { Command } from './command.ts';
import { defineCommand } from './command.ts';
import { complete, completionScript, givenGlobals, shells } from './completion.ts';
import type { Program } from './program.ts';
import type { Runtime } from './runtime.ts';

/** Answers live names for a completer such as `clusters`; an empty list when there is none in time. */
export type LiveNames<C extends Runtime> = (context: C, completer: string) => Promise<readonly string[]>;

/** The commands `completion SHELL` and the hidden `__complete`; `live` is asked for names only the server knows. */
export function completionCommands<C extends Runtime>(program: () => Program<C>, live: LiveNames<C>): Command<C>[] {
  const completion = defineCommand<C>()({
    path: ['completion'],
    summary: { en: 'Print the completion script for a shell', zh: '输出 shell 的自动补全脚本' },
    intent: 'local',
    args: [
      {
        name: 'shell',
        help: { en: `One of ${shells.join(', ')}`, zh: `可选：${shells.join('、')}` },
        complete: 'shells',
      },
    ],
    examples: [
      {
        run: `source <(ecpctl completion bash)`,
        help: { en: 'For this shell, until it ends', zh: '仅在当前 shell 中生效' },
      },
    ],
    async run({ out }, { args }) {
      const shell = shells.find((one) => one === args.shell.toLowerCase());
      if (!shell) throw unknownShell(args.shell);
      await out.write(completionScript(shell, program().name));
    },
  });
  const answer = defineCommand<C>()({
    path: ['__complete'],
    summary: { en: 'Answer a completion script', zh: '响应补全脚本' },
    intent: 'local',
    hidden: true,
    passthrough: true,
    args: [{ name: 'words', help: { en: 'Words up to the cursor', zh: '光标之前的单词' }, many: true, optional: true }],
    async run(context, { args }) {
      const words = (args.words ?? []) as readonly string[];
      const { candidates, live: completer, files } = complete(program(), words, context.lang);
      const last = words.at(-1) ?? '';
      const globals = { ...context.globals, ...givenGlobals(program(), words) };
      const names =
        completer === undefined
          ? []
          : completer === 'shells'
            ? shells
            : await live(program().context({ ...context, globals }), completer);
      const lines = [
        ...candidates.map(({ word, help }) => `${word}\t${help}`),
        ...names.filter((name) => name.startsWith(last)).map((name) => `${name}\t`),
      ];
      await context.out.write([...lines, ...(files ? [':files'] : [])].map((line) => `${line}\n`).join(''));
    },
  });
  return [completion, answer];
}

function unknownShell(name: string): Failure {
  return new Failure('invalid_value', {
    name: 'SHELL',
    reason: { en: `"${name}" is none of: ${shells.join(', ')}`, zh: `“${name}”不在可选值之内：${shells.join('、')}` },
  });
}
