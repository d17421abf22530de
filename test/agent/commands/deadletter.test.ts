import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sink } from '../../stand-ins/sink/sink.ts';
import { fakeEcp, registrationToken } from '../fake-ecp.ts';
import { atEnd, TestAgent } from '../process.ts';

interface Letter {
  id: string;
  status: number;
  reason: string;
  document: { message: string };
}

it('lists, shows, replays and purges what the log storage refused', async () => {
  const sink = await new Sink({ keep: true }).start();
  atEnd(() => sink.stop());
  sink.fault = () => ({ kind: 'partial', refuse: (document) => (document.includes('poison') ? 400 : 0) });
  const ecp = await fakeEcp();
  ecp.metadata = {
    ...ecp.metadata,
    elasticsearch: { urls: [sink.url], username: 'es', password: 'p', indexName: 'logs' },
  };
  const agent = new TestAgent();
  const logs = join(agent.home, 'emqx');
  mkdirSync(logs);
  const line = (word: string) => `2026-11-20T20:24:36.843682+00:00 [error] msg: ${word}\n`;
  writeFileSync(join(logs, 'emqx.log.1'), ['good', 'poison-1', 'poison-2', 'poison-3'].map(line).join(''));
  await agent.run(['start']);
  await agent.run(['register', '--url', ecp.url, '--emqx-dashboard-url', 'http://127.0.0.1:9', '--log-dir', logs], {
    env: { ECP_REGISTRATION_TOKEN: registrationToken },
  });
  await agent.until((status) => status.logs?.dead === 3 && status.logs.delivered === 1);

  const list = async () => JSON.parse((await agent.call(['deadletter', 'list', '-o', 'json'])).stdout) as Letter[];
  const letters = await list();
  expect(letters.map(({ status, document }) => [status, document.message])).toEqual(
    [1, 2, 3].map((number) => [400, expect.stringContaining(`poison-${number}`)]),
  );
  const [first, second] = letters.map(({ id }) => id) as [string, string];
  const shown = await agent.call(['deadletter', 'show', second]);
  expect((JSON.parse(shown.stdout) as Letter).document.message).toContain('poison-2');

  // The cause is still there for one of two.
  sink.fault = () => ({ kind: 'partial', refuse: (document) => (document.includes('poison-2') ? 400 : 0) });
  const replayed = await agent.call(['deadletter', 'replay', first, second]);
  expect(replayed.code, replayed.stderr).toBe(5);
  expect(replayed.stderr).toMatch(/1 delivered, 1 refused again\./);
  expect(sink.kept.some(({ id, document }) => id === first && String(document.message).includes('poison-1'))).toBe(
    true,
  );
  expect(await list()).toHaveLength(2);

  await sink.stop();
  expect(await agent.call(['deadletter', 'replay', '--all'])).toMatchObject({ code: 6 });
  expect(await list()).toHaveLength(2);
  expect(await agent.call(['deadletter', 'purge'])).toMatchObject({ code: 2 });
  expect(await agent.call(['deadletter', 'purge', 'nosuch'])).toMatchObject({ code: 4 });
  expect(await agent.call(['deadletter', 'purge', second])).toMatchObject({ code: 0 });
  expect((await list()).map(({ document }) => document.message)).toEqual([expect.stringContaining('poison-3')]);
  expect((await agent.call(['deadletter', 'purge', '--all'])).code).toBe(0);
  expect(await list()).toEqual([]);
});
