import type { Host } from '../cli/runtime.ts';
import { version } from '../core/version.ts';

/** Entry of `ecpctl`: resolves with the exit code, never ends the process itself. */
export async function main(host: Host): Promise<number> {
  // The commonest question of scripts needs none of the commands.
  if (host.argv[2] === '--version' && host.argv.length === 3) {
    return new Promise((resolve) => {
      // Without a listener the process would end with a stack trace.
      host.stdout.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') return resolve(0);
        host.stderr.write(`error: ${error.message}\n`);
        resolve(1);
      });
      host.stdout.write(`ecpctl ${version}\n`, (error) => error ?? resolve(0));
    });
  }
  const [{ runProgram }, { program }] = await Promise.all([import('../cli/run.ts'), import('./index.ts')]);
  return runProgram(program, host);
}
