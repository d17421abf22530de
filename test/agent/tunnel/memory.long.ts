import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { runScript } from '../../support/process.ts';
import { emqx } from '../emqx/rig.ts';
import { startRequester } from './requester.ts';
import { atEnd, broker, topics } from './rig.ts';

const mebibyte = 1024 * 1024;

it('100 MB go up and down at once through an agent whose heap has 64 MB, and take less than 64 MB of memory', async () => {
  const node = await emqx(
    {},
    {
      handle(request, response) {
        if (request.url !== '/echo') return false;
        request.pipe(response);
        return true;
      },
    },
  );
  const between = await broker();
  const script = new URL('process.ts', import.meta.url);
  const agent = await runScript(script, [between.url, node.dashboardUrl], ['--max-old-space-size=64']);
  atEnd(() => agent.stop());
  expect(await agent.line()).toEqual({ ready: true });
  const requester = await startRequester(between.url, topics);
  atEnd(() => requester.end());
  const memory = async () => {
    agent.child.kill('SIGUSR2');
    return (await agent.line()) as { rss: number; peak: number };
  };
  // Warm: everything is loaded and has run once.
  expect((await requester.ask({ path: '/api/v5/nodes' })).status).toBe(200);
  const before = await memory();

  const up = createHash('sha256');
  async function* upload(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 100; n++) {
      const piece = Buffer.alloc(mebibyte, n);
      up.update(piece);
      yield piece;
    }
  }
  const reply = await requester.ask({ method: 'POST', path: '/echo', body: upload(), deadlineMs: 60_000 });
  const down = createHash('sha256');
  let size = 0;
  for await (const piece of reply.body) {
    size += piece.length;
    down.update(piece);
  }
  expect(size).toBe(100 * mebibyte);
  expect(down.digest('hex')).toBe(up.digest('hex'));
  const after = await memory();
  const grown = Math.round((after.peak - before.rss) / mebibyte);
  console.log(
    `100 MiB both ways: the agent grew by ${grown} MiB at its peak, from ${Math.round(before.rss / mebibyte)} MiB.`,
  );
  expect(grown).toBeLessThan(64);
});
