import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface LinedProcess {
  readonly child: ChildProcess;
  /** The next line of stdout, as JSON. Rejects when the process ends instead. */
  line(): Promise<Record<string, unknown>>;
  /** Ends it and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Bundles a TypeScript file (Node 20 reads none) and runs it; it speaks one JSON line at a time. */
export async function runScript(
  script: URL,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<LinedProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'ecpctl-script-'));
  const outfile = join(folder, 'script.mjs');
  await build({
    entryPoints: [fileURLToPath(script)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { __VERSION__: '"0.0.0"' },
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
    logLevel: 'error',
  });
  const child = spawn(process.execPath, [...nodeOptions, outfile, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error('the process ended');
      return JSON.parse(value) as Record<string, unknown>;
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
