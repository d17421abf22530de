import { quoted } from './confirm.ts';
import type { Runtime } from './runtime.ts';

/** Flags that decide whom a command speaks to; all take a value. */
const selecting = {
  url: '--url',
  context: '--context',
  org: '--org',
  project: '--project',
  tokenFile: '--token-file',
  caFile: '--ca-file',
  cert: '--cert',
  key: '--key',
} as const;

/**
 * A command to be run next, as a shell takes it. It speaks to whom the present one speaks to: the flags that said so go
 * with it, but for those in `instead`; the environment and the context are there anyway.
 */
export function nextCommand(
  runtime: Runtime,
  words: readonly string[],
  instead: { readonly org?: string | undefined; readonly project?: string | undefined } = {},
): string {
  const { globals } = runtime;
  const values: Readonly<Record<string, unknown>> = { ...globals, ...instead };
  const flags = Object.entries(selecting).flatMap(([key, flag]) => {
    const value = values[key];
    return typeof value === 'string' ? [flag, value] : [];
  });
  return [runtime.program, ...words, ...flags, ...(globals.insecure === true ? ['--insecure'] : [])]
    .map(quoted)
    .join(' ');
}
