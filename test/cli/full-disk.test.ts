import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/commands/main.ts';
import { fakeHost } from '../support/host.ts';

/** A stdout that takes nothing, and says so as the system does. */
function broken(argv: readonly string[], code: string) {
  const host = fakeHost(argv);
  const write = (_chunk: unknown, _encoding: unknown, done: (error: Error) => void) =>
    done(Object.assign(new Error(`${code}: of the test`), { code }));
  return { ...host, stdout: new Writable({ write }) };
}

describe.each([['--version'], ['--help'], ['help exit-codes'], ['completion bash']])('%s', (line) => {
  const argv = line.split(' ');

  it('onto a full disk is a failure with a sentence: half a result was exit code 0', async () => {
    const host = broken(argv, 'ENOSPC');
    expect(await main(host)).toBe(1);
    expect(host.stderrText()).toMatch(/^error: .*ENOSPC: of the test\n$/);
  });

  it('into a pipe whose reader has what it wanted is none, and nothing is said', async () => {
    const host = broken(argv, 'EPIPE');
    expect(await main(host)).toBe(0);
    expect(host.stderrText()).toBe('');
  });
});
