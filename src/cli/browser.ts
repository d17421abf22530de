import { spawn } from 'node:child_process';
import type { Runtime } from './runtime.ts';

/** Hands an address to the system's browser; where there is none, the address that was printed has to do. */
export async function openBrowser(runtime: Runtime, url: string): Promise<void> {
  const [program, args] = opener(url);
  await new Promise<void>((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    child.once('error', () => {
      runtime.out.note({ en: 'No browser could be opened.', zh: '无法打开浏览器。' });
      resolve();
    });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

function opener(url: string): [string, string[]] {
  if (process.platform === 'darwin') return ['open', [url]];
  // Not through cmd.exe: it would read the & of an address as its own.
  if (process.platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  return ['xdg-open', [url]];
}
