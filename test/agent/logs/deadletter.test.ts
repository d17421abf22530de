import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeadLetterFile } from '../../../agent/logs/deadletter.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deadletter-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('a purge loses nothing that the agent adds meanwhile', async () => {
  const path = join(directory, 'deadletter.ndjson');
  const [agent, command] = [new DeadLetterFile(path), new DeadLetterFile(path)];
  const add = (id: string) => {
    const record = Buffer.from(`{"create":{"_id":"${id}"}}\n{"message":"${id}"}\n`);
    return agent.add(record, { index: 0, status: 400, reason: 'mapping' }, 'logs', 0);
  };
  const ids = (word: string) => Array.from({ length: 150 }, (_, n) => `${word}-${n}`);
  for (const id of ids('old')) await add(id);
  let adding = true;
  const purging = (async () => {
    let turns = 0;
    for (const id of ids('old')) {
      await command.purge(new Set([id]));
      if (adding) turns++;
    }
    return turns;
  })();
  for (const id of ids('new')) await add(id);
  adding = false;
  // Both were at it at the same time, else this shows nothing.
  expect(await purging).toBeGreaterThan(0);
  expect((await agent.list()).map(({ id }) => id)).toEqual(ids('new'));
  expect(readdirSync(directory)).toEqual(['deadletter.ndjson']);
});
