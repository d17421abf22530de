import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAll, start } from './process.ts';
import type { Caller } from './support.ts';
import { adminPassword, firstProject, taskEnd } from './support.ts';

/** A few in every run; the promise is for 200 (`ROUNDS=200`). */
const rounds = Number(process.env.ROUNDS ?? 2);
const clients = 4;

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ecp-kill-'));
  writeFileSync(join(home, 'password'), adminPassword);
});
afterAll(() => {
  killAll();
  rmSync(home, { recursive: true, force: true });
});

/** What one client was told, and what it had asked for when the server went away. */
interface Ledger {
  readonly clusterId: string;
  acknowledged: number;
  asked: number;
  /** Users whose making was acknowledged. */
  readonly users: string[];
}

const ready = () => join(home, 'ready.json');

async function boot() {
  rmSync(ready(), { force: true });
  const state = join(home, 'state');
  const password = join(home, 'password');
  return start(
    home,
    ready(),
    '--data-dir',
    state,
    '--admin-password-file',
    password,
    '--ready-file',
    ready(),
    '--fault',
    '*=50ms',
  );
}

/** Writes until the server is gone: a counter in its cluster, a task, a user. */
async function work(admin: Caller, project: string, ledger: Ledger, round: number): Promise<void> {
  const path = `${project}/deployments/${ledger.clusterId}`;
  try {
    for (let turn = 0; ; turn++) {
      ledger.asked = ledger.acknowledged + 1;
      const { status } = await admin('PUT', `${path}/update`, { json: { desc: String(ledger.asked) } });
      expect(status).toBe(200);
      ledger.acknowledged = ledger.asked;
      if (turn % 3 === 0) await admin('POST', `${path}/scale/${1 + (turn % 7)}`);
      if (turn === 2) {
        const name = `u${round}x${ledger.clusterId}`;
        const made = await admin('POST', '/api/users', {
          json: { name, email: '', admin: false, password: `p of ${name}` },
        });
        if (made.status === 200) ledger.users.push(name);
      }
    }
  } catch (error) {
    // The connection broke: that is how each round ends. What an assertion says is no such end.
    if (!(error instanceof TypeError)) throw error;
  }
}

test(`killed ${rounds} times under load, it has every acknowledged change`, {
  timeout: 60_000 + rounds * 10_000,
}, async () => {
  let server = await boot();
  const project = await firstProject(server.admin);
  const ledgers: Ledger[] = [];
  for (let client = 0; client < clients; client++) {
    const form = { deployName: `c${client}`, desc: '0', replicas: '1' };
    const { body } = await server.admin('POST', `${project}/deployments`, { form });
    await taskEnd(server.admin, body.data.taskId);
    ledgers.push({ clusterId: body.data.id, acknowledged: 0, asked: 0, users: [] });
  }
  for (let round = 0; round < rounds; round++) {
    const { child, ended, admin } = server;
    const working = Promise.all(ledgers.map((ledger) => work(admin, project, ledger, round)));
    await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 250));
    child.kill('SIGKILL');
    await Promise.all([working, ended]);

    server = await boot();
    for (const { clusterId, acknowledged, asked } of ledgers) {
      const { data } = (await server.admin('GET', `${project}/deployments/${clusterId}`)).body;
      // The one that was under way may be there or not; nothing older, nothing else.
      expect([acknowledged, asked]).toContain(Number(data.desc));
      if (data.taskId !== '') expect(await taskEnd(server.admin, data.taskId)).toMatchObject({ status: 3 });
      const after = (await server.admin('GET', `${project}/deployments/${clusterId}`)).body.data;
      expect(after).toMatchObject({ status: 4, replicas: after.expectReplicas });
    }
    // What was asked for and not acknowledged may have been written: that is the count from now on.
    for (const ledger of ledgers) {
      const { data } = (await server.admin('GET', `${project}/deployments/${ledger.clusterId}`)).body;
      ledger.acknowledged = Number(data.desc);
    }
  }
  const { data } = (await server.admin('GET', '/api/users/search?size=-1')).body;
  const names = new Set(data.map((user: { name: string }) => user.name));
  const missing = ledgers.flatMap((ledger) => ledger.users).filter((name) => !names.has(name));
  expect(missing).toEqual([]);
  expect(ledgers.every((ledger) => ledger.acknowledged > 0)).toBe(true);
});
