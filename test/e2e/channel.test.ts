import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exit } from '../../src/core/errors.ts';
import type { Joined } from './site.ts';
import { must, Site } from './site.ts';
import type { Emqx } from './stage.ts';
import { until } from './stage.ts';

// What `ecpctl` shows of EMQX itself: through a real server, a real agent and its tunnel, to a node of each generation.

const site = new Site();
beforeAll(() => site.open(), 60_000);
afterAll(() => site.close(), 30_000);

const nodes = ['emqx@10.0.0.1', 'emqx@10.0.0.2'];
const quick = 'agent:\n  heartbeat: {interval: 1s}\n  monitoring: {interval: 1s}\n';

/** A managed cluster whose agent stands beside this node, and reports every second. */
async function plant(name: string, emqx: Emqx): Promise<Joined> {
  const joined = await site.join(name, undefined, { emqx, agentYaml: quick });
  must(await site.ecpctl('wait', name, '--for', 'running', '--timeout', '30s'));
  // The tunnel comes up by itself, a little later than the first report.
  await until('EMQX is reached', async () => (await site.ecpctl('node', 'list', name)).code === 0);
  await until('its version is reported', async () => (await site.ecpctl('get', name)).stdout.includes('Version'));
  return joined;
}

interface Node {
  readonly node: string;
  readonly status: string;
  readonly connections: number;
}

describe.each([
  [5, '5.8.6', '/api/v5'],
  [4, '4.4.19', '/api/v4'],
] as const)('EMQX v%i behind an agent', (generation, version, api) => {
  const name = `line-${generation}`;
  let emqx: Emqx;
  let joined: Joined;
  beforeAll(async () => {
    emqx = await site.stage.startEmqx({ generation, version, nodes, license: 'business-critical' });
    joined = await plant(name, emqx);
  }, 60_000);

  it('node list shows each node of the cluster, as EMQX has it', async () => {
    const listed = await site.json<Node[]>('node', 'list', name);
    expect(listed.map(({ node, connections }) => [node, connections])).toEqual([
      ['emqx@10.0.0.1', 12],
      ['emqx@10.0.0.2', 0],
    ]);
    const { stdout } = must(await site.ecpctl('node', 'list', name));
    expect(stdout).toMatch(/^NODE +STATUS +VERSION +UPTIME +CONNECTIONS\n/);
    expect(stdout.match(new RegExp(` [Rr]unning +${version} `, 'g'))).toHaveLength(2);
  });

  it('agent list and get show the agent beside it', async () => {
    const [agent, ...others] = await site.json<{ nodeId: string; xState: string; err: string }[]>(
      'agent',
      'list',
      name,
    );
    expect(others).toEqual([]);
    expect(agent).toMatchObject({ xState: 'running', err: '' });
    const { stdout } = must(await site.ecpctl('get', name));
    expect(stdout).toMatch(new RegExp(`^Type +Managed v${generation}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^Version +${version.replaceAll('.', '\\.')}$`, 'm'));
    expect(stdout).toMatch(/^Nodes +2$/m);
  });

  it("emqx hands EMQX's own answers through, and says its refusals as its own", async () => {
    const good = must(await site.ecpctl('emqx', name, `${api}/nodes`));
    expect(good.stdout).toContain('"emqx@10.0.0.2"');
    expect(must(await site.ecpctl('emqx', name, '-i', `${api}/nodes`)).stdout).toMatch(/^HTTP 200\n[\s\S]*\n\n[[{]/);
    const gone = await site.ecpctl('emqx', name, `${api}/nowhere`);
    expect(gone.code).toBe(exit.notFound);
    expect(gone.stdout).toMatch(/[Nn]ot [Ff]ound/);
    expect(gone.stderr).toContain(`address of EMQX "${api}/nowhere" not found`);
  });

  if (generation === 5) {
    it('connections set is what EMQX then has; disable gives them back', async () => {
      must(await site.ecpctl('connections', 'set', name, '500', '--yes', '--wait', '--timeout', '30s'));
      const limit = async () => {
        const { stdout } = must(await site.ecpctl('emqx', name, '/api/v5/license/setting'));
        return (JSON.parse(stdout) as { dynamic_max_connections: number }).dynamic_max_connections;
      };
      expect(await limit()).toBe(500);
      expect(must(await site.ecpctl('get', name)).stdout).toMatch(/^Connections +500$/m);
      must(await site.ecpctl('connections', 'disable', name, '--yes', '--wait', '--timeout', '30s'));
      expect(await limit()).toBe(0);
      expect(must(await site.ecpctl('get', name)).stdout).not.toMatch(/^Connections/m);
    });
  } else {
    it('connections set fails with the reason where this EMQX has no such call, and holds no connections', async () => {
      const set = await site.ecpctl('connections', 'set', name, '500', '--yes', '--wait', '--timeout', '30s');
      expect(set.code).toBe(exit.failed);
      expect(set.stderr).toContain('EMQX 4.4 does not support setting the limit');
      expect(must(await site.ecpctl('get', name)).stdout).not.toMatch(/^Connections/m);
    });
  }

  it('the reason is said when EMQX is gone, and when the agent is', async () => {
    await emqx.stop();
    for (const args of [
      ['node', 'list', name],
      ['emqx', name, `${api}/nodes`],
    ]) {
      const { code, stderr } = await site.ecpctl(...args);
      expect([code, stderr]).toEqual([exit.unreachable, expect.stringMatching(/EMQX at \S+ refuses the connection/)]);
    }
    await until('the agent reports it', async () => {
      const [agent] = await site.json<{ xState: string; err: string }[]>('agent', 'list', name);
      return agent?.xState === 'error' && agent.err !== '';
    });
    const set = await site.ecpctl('connections', 'set', name, '400', '--yes', '--wait', '--timeout', '30s');
    expect([set.code, set.stderr]).toEqual([exit.failed, expect.stringContaining('refuses the connection')]);
    must(await joined.agent('stop'));
    const without = await site.ecpctl('node', 'list', name);
    expect([without.code, without.stderr]).toEqual([
      exit.unreachable,
      expect.stringContaining('no agent of the cluster is connected'),
    ]);
  }, 60_000);
});

it('a cluster that nobody has joined says so', async () => {
  await site.json('register', 'empty');
  const { code, stderr } = await site.ecpctl('node', 'list', 'empty');
  expect([code, stderr]).toEqual([exit.unreachable, expect.stringContaining('no agent is registered')]);
  expect(await site.json('agent', 'list', 'empty')).toEqual([]);
});
