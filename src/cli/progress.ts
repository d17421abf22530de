import { formatDuration } from '../core/duration.ts';
import type { Runtime } from './runtime.ts';

export interface Progress {
  show(text: string): void;
  done(text: string, elapsedMs: number): void;
  /** Leaves the line as it is; nothing is said. */
  stop(): void;
}

/** A spinner on a terminal, else one plain line per news; always on stderr. */
export async function createProgress(runtime: Runtime): Promise<Progress> {
  const { stderr } = runtime.host;
  const mark = (text: string, elapsedMs: number) => `${text} (${formatDuration(elapsedMs)})`;
  if (stderr.isTTY && runtime.env.TERM !== 'dumb' && !runtime.env.CI) {
    const { default: ora } = await import('ora');
    // It must neither swallow Ctrl-C nor hold stdin: both are the program's.
    const spinner = ora({ stream: stderr as NodeJS.WriteStream, discardStdin: false, hideCursor: true }).start();
    return {
      show: (text) => {
        spinner.text = text;
      },
      done: (text, elapsedMs) => void spinner.succeed(mark(text, elapsedMs)),
      stop: () => void spinner.stop(),
    };
  }
  let last = '';
  return {
    show: (text) => {
      if (text !== last) runtime.out.note(text);
      last = text;
    },
    done: (text, elapsedMs) =>
      runtime.out.note({ en: `${mark(text, elapsedMs)}: done`, zh: `${mark(text, elapsedMs)}：完成` }),
    stop: () => {},
  };
}
