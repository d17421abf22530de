import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../src/contract/agent.ts';
import type { AlarmConfiguration } from '../../../src/contract/alarms.ts';
import type { Smtp } from '../../../src/contract/configuration.ts';
import type { Telemetry } from '../../../src/contract/telemetry.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { AlarmEngine } from '../../../src/server/alarms/engine.ts';
import type { Mail } from '../../../src/server/alarms/mail.ts';
import { Post } from '../../../src/server/alarms/post.ts';
import { changeAlarmSettings } from '../../../src/server/alarms/settings.ts';
import { firstStart } from '../../../src/server/domain/first-start.ts';
import { makeKeys } from '../../../src/server/domain/keys.ts';
import { addManaged, registerAgent, takeReport } from '../../../src/server/domain/managed.ts';
import { putSetting } from '../../../src/server/domain/settings.ts';
import type { World } from '../../../src/server/domain/world.ts';
import { prometheusText } from '../../../src/server/monitor/prometheus.ts';
import { Telemetries } from '../../../src/server/monitor/telemetry.ts';
import type { Store } from '../../../src/server/store/open.ts';
import { openStore } from '../../../src/server/store/open.ts';
import type { ClusterRow, ProjectRow } from '../../../src/server/store/schema.ts';
import { readExposition } from '../monitor/exposition.ts';

const second = 1000;
let now: number;
let store: Store;
let world: World;
let engine: AlarmEngine;
let telemetries: Telemetries;
let post: Post;
let mails: Mail[];
let calls: { url: string; body: string }[];
let broken: string;
let project: ProjectRow;
let cluster: ClusterRow;
let lines: string[];

const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => {} };

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  store = await openStore(undefined);
  const { db } = store;
  await firstStart(db, now, 'correct horse 1');
  lines = [];
  world = {
    db,
    clock,
    startedAt: now,
    keys: makeKeys(Buffer.alloc(32, 1)),
    settings: { platform: 'kubernetes', heartbeatMs: 10 * second } as World['settings'],
    log: (level, message) => lines.push(`${level} ${message}`),
  };
  project = await db.selectFrom('projects').selectAll().executeTakeFirstOrThrow();
  const actor = { id: 'u', name: 'admin', address: '', admin: true, sessionId: '', grants: [] };
  cluster = await addManaged(world, actor, now, project, { name: 'plant-1', serviceAddress: '' });
  telemetries = new Telemetries(35 * second);
  engine = new AlarmEngine(world, telemetries);
  mails = [];
  calls = [];
  broken = '';
  post = new Post(world, {
    sendMail: async (_: Smtp, mail: Mail) => {
      if (broken) throw new Error(broken);
      mails.push(mail);
      return [];
    },
    callWebhook: async (url, _, body) => {
      if (broken) throw new Error(broken);
      calls.push({ url, body });
    },
  });
  await configure({ email: { enabled: true, receivers: ['ops@example.com'] }, resolveInterval: 0 });
});

afterEach(() => store.close());

const configure = (change: Partial<AlarmConfiguration>) => changeAlarmSettings(store.db, project.id, change);

async function look(afterS = 1): Promise<void> {
  now += afterS * second;
  await engine.look(now);
  await post.deliver();
}

const alarms = async () =>
  (await store.db.selectFrom('alarms').selectAll().orderBy('id').execute()).map(
    ({ name, severity, message, ends_at }) => ({ name, severity, message, over: ends_at > 0 }),
  );
const active = async () =>
  (await alarms()).filter(({ over }) => !over).map(({ name, severity }) => `${name} ${severity}`);

async function agent(nodeId = 'agent-uuid-1') {
  await registerAgent(world, now, '', {
    nodeId,
    registrationToken: world.keys.registrationToken(cluster.id),
  });
  const row = await store.db.selectFrom('agents').selectAll().where('node_id', '=', nodeId).executeTakeFirstOrThrow();
  const report = (
    nodes: Report['clusterNodes'] = [{ node: 'emqx@1', version: '5.8.6', status: 'running', uptime: 1 }],
    errors: Partial<Report> = {},
  ) =>
    takeReport(world, now, row, {
      nodeId,
      agentVersion: '0.1.0',
      clusterNodes: nodes,
      dashboardEnabled: true,
      nodeConnectError: '',
      clusterFetchError: '',
      metricsFetchError: '',
      logsFetchError: '',
      mqttConnectError: '',
      ...errors,
    });
  const tell = (more: Partial<Telemetry> = {}) =>
    telemetries.take({
      agentId: row.id,
      clusterId: cluster.id,
      at: now,
      telemetry: {
        version: 1,
        time: now,
        agent: nodeId,
        generation: 5,
        nodes: [],
        alarms: [],
        rules: [],
        connectors: [],
        ...more,
      },
    });
  await report();
  return { report, tell };
}

const rule = (id: string, enabled: boolean) => ({ id, enabled, sql: 'SELECT 1' });
const connector = (id: string, status: string) => ({ id, type: 'http', status, reason: 'refused' });

describe('what becomes an alarm', () => {
  it('an agent that no longer reports: normal beside a healthy one, critical alone', async () => {
    const one = await agent();
    const two = await agent('agent-uuid-2');
    await look();
    expect(await active()).toEqual([]);
    now += 30 * second;
    await one.report();
    await look(20);
    expect(await active()).toEqual(['agent_offline normal']);
    await look(40);
    expect(await active()).toEqual(['agent_offline critical', 'agent_offline critical']);
    await one.report();
    await two.report();
    await look();
    expect(await active()).toEqual([]);
  });

  it('an EMQX node that is down, as long as somebody says so', async () => {
    const { report } = await agent();
    await report([
      { node: 'emqx@1', version: '5.8.6', status: 'running', uptime: 1 },
      { node: 'emqx@2', version: '5.8.6', status: 'stopped', uptime: 0 },
    ]);
    await look();
    expect(await active()).toEqual(['node_down critical']);
    // Nobody knows how the node is now: the alarm stays, and there is one more.
    await look(60);
    expect(await active()).toEqual(['node_down critical', 'agent_offline critical']);
    await report();
    await look();
    expect(await active()).toEqual([]);
  });

  it('the EMQX beside the only agent that cannot be reached', async () => {
    const { report } = await agent();
    await report([], { nodeConnectError: 'cannot reach EMQX' });
    await look();
    expect(await alarms()).toEqual([
      { name: 'node_down', severity: 'critical', message: 'cannot reach EMQX (agent agent-uuid-1)', over: false },
    ]);
    // The agent goes too: how EMQX is now nobody knows.
    await look(60);
    expect(await active()).toEqual(['node_down critical', 'agent_offline critical']);
    await report();
    await look();
    expect(await active()).toEqual([]);
  });

  it('an agent that says what keeps it from its work', async () => {
    const one = await agent();
    const two = await agent('agent-uuid-2');
    await two.report([], { nodeConnectError: 'cannot reach EMQX' });
    await look();
    // The other agent sees all nodes: it is the one to say which are down.
    expect(await alarms()).toEqual([
      { name: 'agent_error', severity: 'normal', message: 'cannot reach EMQX (agent agent-uuid-2)', over: false },
    ]);
    await two.report();
    await one.report(undefined, { mqttConnectError: 'cannot reach MQTT' });
    await two.report(undefined, { clusterFetchError: 'the license has expired' });
    await look();
    expect((await active()).sort()).toEqual(['agent_error critical', 'agent_error critical']);
  });

  it('a connector once, though EMQX tells of it twice: by its list, and by an alarm that comes sooner', async () => {
    const { tell } = await agent();
    const own = { node: 'emqx@1', name: 'connector:http:b', message: 'resource down: refused' };
    const states = [
      { alarms: [own], connectors: [connector('http:b', 'connected')] },
      { alarms: [own], connectors: [connector('http:b', 'disconnected')] },
      { alarms: [], connectors: [connector('http:b', 'disconnected')] },
    ];
    for (const state of states) {
      tell(state);
      await look();
    }
    expect(await alarms()).toEqual([
      {
        name: 'connector_disconnected',
        severity: 'critical',
        message: 'connector http:b is disconnected: refused',
        over: false,
      },
    ]);
    expect(mails).toHaveLength(1);
    tell({ alarms: [], connectors: [connector('http:b', 'connected')] });
    await look();
    expect(await active()).toEqual([]);
  });

  it('an action whose resource is down, as critical as its connector', async () => {
    const { tell } = await agent();
    tell({ alarms: [{ node: 'emqx@1', name: 'action:http:a:connector:http:b', message: 'resource down: refused' }] });
    await look();
    expect(await active()).toEqual(['action:http:a:connector:http:b critical']);
  });

  it("EMQX's own alarms, stopped rules and disconnected connectors of v5, and none of v4", async () => {
    const { tell } = await agent();
    const trouble = {
      alarms: [
        { node: 'emqx@1', name: 'high_system_memory_usage', message: 'too much' },
        { node: 'emqx@1', name: 'license_quota', message: '' },
      ],
      rules: [rule('r1', true), rule('r2', false)],
      connectors: [
        connector('http:a', 'connected'),
        connector('http:b', 'disconnected'),
        connector('http:c', 'connecting'),
      ],
    };
    tell(trouble);
    await look();
    expect(await alarms()).toEqual([
      { name: 'high_system_memory_usage', severity: 'normal', message: 'too much (EMQX node emqx@1)', over: false },
      { name: 'license_quota', severity: 'critical', message: 'license_quota (EMQX node emqx@1)', over: false },
      { name: 'rule_stopped', severity: 'normal', message: 'rule r2 is stopped', over: false },
      {
        name: 'connector_disconnected',
        severity: 'critical',
        message: 'connector http:b is disconnected: refused',
        over: false,
      },
    ]);
    tell({ ...trouble, generation: 4 });
    await look();
    expect(await active()).toEqual([]);
  });

  it('and nothing ends because a list was not read, or was cut', async () => {
    const { tell } = await agent();
    tell({ rules: [rule('r1', false), rule('r2', false)], connectors: [connector('http:b', 'disconnected')] });
    await look();
    telemetries.take({
      ...(telemetries.ofCluster(cluster.id, now) as never as Parameters<Telemetries['take']>[0]),
      telemetry: {
        version: 1,
        time: 0,
        agent: 'a',
        generation: 5,
        nodes: [],
        rules: [rule('r1', false)],
        truncated: ['rules'],
      },
    });
    await look();
    expect(await active()).toEqual(['rule_stopped normal', 'rule_stopped normal', 'connector_disconnected critical']);
    tell({ rules: [rule('r1', false)], connectors: [] });
    await look();
    expect(await active()).toEqual(['rule_stopped normal']);
  });

  it('the license: near its end, near its limit, over both', async () => {
    await store.db
      .insertInto('settings')
      .values({
        name: 'license',
        value_json: JSON.stringify({
          terms: {
            type: 'official',
            customerName: 'Plant',
            expiredDate: '2026-01-20',
            totalClusterConnectionCount: 100,
            maxEmqxClusterCount: 10,
            emqxGenerations: [5],
          },
        }),
      })
      .execute();
    await store.db.updateTable('clusters').set({ reserved: 95 }).execute();
    await look();
    expect(await active()).toEqual(['license_expiry normal', 'license_connections normal']);
    await store.db.updateTable('clusters').set({ reserved: 100 }).execute();
    now += 30 * 86_400 * second;
    await look();
    expect((await active()).sort()).toEqual(['license_connections critical', 'license_expired critical']);
  });

  it('a hosted cluster that is degraded', async () => {
    await store.db
      .updateTable('clusters')
      .set({ type: 'hosted-v5', status: 'degraded', reason: '1 of 3 nodes is down' })
      .execute();
    await look();
    expect(await alarms()).toMatchObject([
      { name: 'cluster_degraded', severity: 'critical', message: '1 of 3 nodes is down' },
    ]);
  });
});

describe('the life of an alarm', () => {
  it('ends when the condition has been gone for the resolve interval, and at the moment it went', async () => {
    await configure({ resolveInterval: 30 });
    const { report, tell } = await agent();
    const tellRule = async (enabled: boolean, afterS: number) => {
      now += afterS * second;
      await report();
      tell({ rules: [rule('r', enabled)] });
      await engine.look(now);
    };
    await tellRule(false, 1);
    await tellRule(true, 10);
    const goneAt = now;
    await tellRule(true, 20);
    expect(await active()).toHaveLength(1);
    // It comes back before it was over: still the same alarm.
    await tellRule(false, 5);
    await tellRule(true, 5);
    await tellRule(true, 29);
    expect(await active()).toHaveLength(1);
    await tellRule(true, 1);
    expect(await active()).toEqual([]);
    const [row] = await store.db.selectFrom('alarms').selectAll().execute();
    expect(row?.ends_at).toBe(goneAt + 30 * second);
    await tellRule(false, 1);
    expect(await alarms()).toHaveLength(2);
  });

  it('ends with its cluster, and moves with it', async () => {
    const { tell } = await agent();
    tell({ rules: [rule('r', false)] });
    await look();
    const other = { ...project, id: 'another-proj', name: 'another' };
    await store.db.insertInto('projects').values(other).execute();
    await store.db.updateTable('clusters').set({ project_id: other.id }).execute();
    await look();
    expect(await store.db.selectFrom('alarms').select(['project_id', 'ends_at']).orderBy('id').execute()).toEqual([
      { project_id: project.id, ends_at: now },
      { project_id: other.id, ends_at: 0 },
    ]);
    await store.db.deleteFrom('clusters').execute();
    await look();
    // The other project has the usual resolve interval.
    await look(30);
    expect(await active()).toEqual([]);
  });

  it("leaves EMQX's own out while the switch is off", async () => {
    const { tell } = await agent();
    tell({ rules: [rule('r', false)] });
    await look();
    await configure({ enabled: false });
    await look();
    expect(await active()).toEqual([]);
  });
});

describe('telling people', () => {
  it('once when it begins and once when it is over, by every way', async () => {
    await configure({ webhook: { enabled: true, url: 'http://hook', headers: {} } });
    const { tell } = await agent();
    tell({ rules: [rule('r', false)] });
    for (let turn = 0; turn < 3; turn++) await look();
    tell({ rules: [] });
    for (let turn = 0; turn < 3; turn++) await look();
    expect(mails.map(({ subject, to }) => [subject, to])).toEqual([
      ['[ECP] default/default: rule_stopped raised / 触发', ['ops@example.com']],
      ['[ECP] default/default: rule_stopped resolved / 恢复', ['ops@example.com']],
    ]);
    expect(mails[0]?.text).toContain('rule r is stopped');
    expect(calls.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        status: 'firing',
        name: 'rule_stopped',
        severity: 'normal',
        resourceName: 'plant-1',
        endsAt: '0001-01-01T00:00:00Z',
      },
      { status: 'resolved', name: 'rule_stopped' },
    ]);
  });

  it('of critical ones only, if so wished', async () => {
    await configure({ onlyCritical: true });
    const { tell } = await agent();
    tell({ rules: [rule('r', false)], connectors: [connector('http:b', 'disconnected')] });
    await look();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).not.toContain('rule r');
  });

  it('not again within the silence, and again after it while it stays', async () => {
    await configure({ silenceInterval: 600 });
    const one = await agent();
    const round = async (enabled: boolean, afterS: number) => {
      now += afterS * second;
      await one.report();
      one.tell({ rules: [rule('r', enabled)] });
      await look(0);
    };
    await round(false, 1);
    // It comes and goes: nobody is told of what they were told a minute ago.
    for (let turn = 0; turn < 4; turn++) {
      await round(true, 30);
      await round(false, 30);
    }
    expect(mails).toHaveLength(2);
    for (let turn = 0; turn < 40; turn++) await round(false, 30);
    const subjects = mails.slice(2).map(({ subject }) => subject.replace(/.*: /, ''));
    expect(subjects).toEqual(['rule_stopped raised / 触发', 'rule_stopped still active / 持续']);
  });

  it('of so many at once, and of the rest in one sentence when the storm is over', async () => {
    await configure({
      stormInterval: 60,
      stormMaxAlarms: 3,
      webhook: { enabled: true, url: 'http://hook', headers: {} },
    });
    const { report, tell } = await agent();
    tell({ rules: Array.from({ length: 10 }, (_, at) => rule(`r${at}`, false)) });
    await look();
    await look();
    expect(mails).toHaveLength(1);
    expect(calls).toHaveLength(3);
    now += 50 * second;
    await report();
    tell({ rules: Array.from({ length: 10 }, (_, at) => rule(`r${at}`, false)) });
    await look(10);
    await look();
    expect(mails.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('rule_stopped raised / 触发 (+2)'),
      '[ECP] default/default: 7 more alarms / 另有 7 条告警',
    ]);
    expect(JSON.parse(calls.at(-1)?.body ?? '')).toMatchObject({
      name: 'alarm_storm',
      message: expect.stringContaining('7'),
    });
  });

  it('of what is the case already, when a way is switched on', async () => {
    await configure({ email: { enabled: false, receivers: ['ops@example.com'] } });
    const { tell } = await agent();
    tell({ rules: [rule('r', false)] });
    await look();
    expect(mails).toEqual([]);
    await configure({ email: { enabled: true, receivers: ['ops@example.com'] } });
    await look();
    expect(mails).toHaveLength(1);
  });

  it('again and again until it is taken, over a restart too', async () => {
    broken = 'mail server is down';
    const { tell } = await agent();
    tell({ rules: [rule('r', false)] });
    await look();
    for (let turn = 0; turn < 5; turn++) await look(5);
    expect(mails).toEqual([]);
    expect(lines.filter((line) => line.includes('mail server is down'))).toHaveLength(1);
    broken = '';
    post = new Post(world, {
      sendMail: async (_: Smtp, mail: Mail) => {
        mails.push(mail);
        return [];
      },
      callWebhook: async () => {},
    });
    now += 600 * second;
    await post.deliver();
    await post.deliver();
    expect(mails).toHaveLength(1);
    expect(await store.db.selectFrom('notices').selectAll().execute()).toEqual([]);
  });

  it('never of the end before the beginning, though the first try of each was refused', async () => {
    await configure({ webhook: { enabled: true, url: 'http://hook', headers: {} } });
    const { tell } = await agent();
    broken = 'the receiver is starting';
    tell({ rules: [rule('r', false)] });
    await look();
    broken = '';
    tell({ rules: [], alarms: [{ node: 'n', name: 'another', message: '' }] });
    await look();
    // The other alarm does not wait for the one in trouble.
    expect(calls.map(({ body }) => JSON.parse(body).name)).toEqual(['another']);
    for (let turn = 0; turn < 10; turn++) await look();
    const told = (name: string) =>
      calls.map(({ body }) => JSON.parse(body)).filter((call: { name: string }) => call.name === name);
    expect(told('rule_stopped').map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect(mails.map(({ text }) => /rule_stopped: (\w+)/.exec(text)?.[1])).toEqual(['raised', 'resolved']);
  });

  it('gives up at last, and says so', async () => {
    broken = 'mail server is down';
    const { tell } = await agent();
    tell({ rules: [rule('r', false)] });
    await look();
    for (let turn = 0; turn < 20; turn++) {
      now += 700 * second;
      await post.deliver();
    }
    expect(await store.db.selectFrom('notices').selectAll().execute()).toEqual([]);
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining('given up: mail server is down'),
    ]);
  });

  it("with the platform's own template, its values safe inside JSON", async () => {
    await putSetting(store.db, 'alarm', {
      webhook: { template: '{"text":"{{ .Name }}: {{message}}","what":"{{unknown}}"}' },
    });
    await configure({ webhook: { enabled: true, url: 'http://hook', headers: {} } });
    const { tell } = await agent();
    tell({ rules: [rule('say "hi"\n\\', false)] });
    await look();
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({
      text: 'rule_stopped: rule say "hi"\n\\ is stopped',
      what: '{{unknown}}',
    });
  });
});

describe('what Prometheus is told', () => {
  it('counts the alarms of the platform, which every project has, once', async () => {
    await store.db.updateTable('clusters').set({ reserved: 1_000_000 }).execute();
    const another = { ...project, id: 'another-proj', name: 'another' };
    await store.db.insertInto('projects').values(another).execute();
    await look();
    expect(await active()).toEqual(['license_connections critical', 'license_connections critical']);
    const samples = readExposition(await prometheusText({ world, telemetries, now }, [], undefined));
    expect(samples.map(({ labels, value }) => [labels.severity, value])).toEqual([
      ['normal', 0],
      ['critical', 1],
    ]);
  });

  it('keeps its form whatever a cluster is called', async () => {
    const name = 'a "quoted" \\ one\nand {a="b"} 集群';
    const row = { ...cluster, name };
    const text = await prometheusText({ world, telemetries, now }, [{ row, agents: [] }], undefined);
    expect(readExposition(text)).toContainEqual({
      name: 'ecp_cluster_up',
      labels: { cluster: name, cluster_id: cluster.id, project_id: project.id },
      value: 0,
    });
  });
});
