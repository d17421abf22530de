import { describe, expect, test } from 'vitest';
import { parseFaults } from '../../src/server/providers/faults.ts';
import { adminPassword, firstProject, taskEnd, testServer } from './support.ts';

describe('what an operation is told to do', () => {
  test('is read from words, a time beside an outcome', () => {
    expect(parseFaults(['scale=fail', 'scale=2s', '*=50ms', 'create=fail-once'])).toEqual({
      scale: { outcome: 'fail', durationMs: 2000 },
      '*': { durationMs: 50 },
      create: { outcome: 'fail-once' },
    });
  });

  test.each(['melt=fail', 'scale=soon', 'scale', '=fail', ''])('%j is refused', (word) => {
    expect(() => parseFaults([word])).toThrow(/--fault/);
  });
});

test('a cluster fails, is repaired, degrades, and is left alone while an operation hangs', async () => {
  const server = await testServer({ faults: parseFaults(['scale=fail-once', 'vertical=degrade', 'network=hang']) });
  try {
    const admin = await server.as('admin', adminPassword);
    const project = await firstProject(admin);
    const made = await admin('POST', `${project}/deployments`, { form: { deployName: 'f' } });
    await taskEnd(admin, made.body.data.taskId);
    const path = `${project}/deployments/${made.body.data.id}`;
    const get = async () => (await admin('GET', path)).body.data;
    const run = async (what: string, options = {}) => {
      const { body } = await admin('POST', `${path}/${what}`, options);
      return taskEnd(admin, body.data.taskId);
    };

    expect(await run('scale/5')).toMatchObject({ status: 4, xReason: /scale was told to fail/ });
    expect(await get()).toMatchObject({ status: 9, expectReplicas: 3, xReason: /scale: scale was told to fail/ });
    expect(await admin('POST', `${path}/scale/5`)).toMatchObject({ status: 409, body: { message: /repair it first/ } });
    expect(await run('repair')).toMatchObject({ status: 3 });
    expect(await get()).toMatchObject({ status: 4, replicas: 3 });
    expect(await admin('POST', `${path}/repair`)).toMatchObject({ status: 409 });
    expect(await run('scale/5')).toMatchObject({ status: 3 });

    expect(await run('vertical/large')).toMatchObject({ status: 3 });
    expect(await get()).toMatchObject({ status: 8, replicas: 4, expectReplicas: 5, xReason: /node 5 of 5/ });
    expect(await run('repair')).toMatchObject({ status: 3 });
    expect(await get()).toMatchObject({ status: 4, replicas: 5 });

    const ports = [{ name: 'mqtt', external: 1883, internal: 1883 }];
    const net = { type: 'LoadBalancer', ports, annotations: {}, load_balancer_class: '' };
    expect((await admin('POST', `${path}/net`, { json: net })).status).toBe(200);
    expect(await admin('DELETE', path, { json: { name: 'f' } })).toMatchObject({
      status: 409,
      body: { message: /Network type \(task \w{12}\)/ },
    });
  } finally {
    await server.stop();
  }
});

test('what is so already is done at once', async () => {
  const server = await testServer();
  try {
    const admin = await server.as('admin', adminPassword);
    const project = await firstProject(admin);
    const made = await admin('POST', `${project}/deployments`, { form: { deployName: 'same' } });
    await taskEnd(admin, made.body.data.taskId);
    const path = `${project}/deployments/${made.body.data.id}`;
    for (const what of ['scale/3', 'vertical/small']) {
      const { body } = await admin('POST', `${path}/${what}`);
      expect((await admin('GET', `/api/tasks/${body.data.taskId}`)).body).toMatchObject({
        status: 3,
        progress: '100% nothing to change',
      });
    }
    expect((await admin('POST', `${path}/start`)).body.data.status).toBe(4);
  } finally {
    await server.stop();
  }
});

test('a platform on Docker refuses what the real one refuses there', async () => {
  const server = await testServer({ platform: 'docker' });
  try {
    const admin = await server.as('admin', adminPassword);
    const project = await firstProject(admin);
    expect((await admin('GET', '/api/version')).body.xPlatform).toBe('docker');
    const made = await admin('POST', `${project}/deployments`, { form: { deployName: 'd' } });
    await taskEnd(admin, made.body.data.taskId);
    const path = `${project}/deployments/${made.body.data.id}`;
    const calls: [string, object?][] = [
      ['start'],
      ['stop'],
      ['scale/5'],
      ['dynamiclicense-update', { json: { connectLimit: 20 } }],
      ['image-update', { json: { image: 'emqx/emqx-enterprise:5.7.2' } }],
      ['net', { json: { type: 'NodePort', ports: [], annotations: {}, load_balancer_class: '' } }],
    ];
    for (const [what, options = {}] of calls) {
      expect(await admin('POST', `${path}/${what}`, options)).toMatchObject({
        status: 409,
        body: { message: /not offered where ECP runs on Docker/ },
      });
    }
    const { body } = await admin('DELETE', path, { json: { name: 'd' } });
    expect(await taskEnd(admin, body.data.taskId)).toMatchObject({ status: 3 });
  } finally {
    await server.stop();
  }
});

test('of five changes at once, one is taken, and the others are told which', async () => {
  // The one that is taken must not end before the others have come.
  const server = await testServer({ faults: { scale: { durationMs: 2000 } } });
  try {
    const admin = await server.as('admin', adminPassword);
    const project = await firstProject(admin);
    const { body } = await admin('POST', `${project}/deployments`, { form: { deployName: 'raced' } });
    await taskEnd(admin, body.data.taskId);
    const path = `${project}/deployments/${body.data.id}`;
    const wishes = [1, 2, 4, 5, 6];
    const answers = await Promise.all(wishes.map((nodes) => admin('POST', `${path}/scale/${nodes}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    const taken = answers.findIndex(({ status }) => status === 200);
    const { taskId } = answers[taken]?.body.data ?? {};
    for (const { status, body } of answers) {
      if (status === 409) expect(body.message).toContain(`Horizontal scaling (task ${taskId})`);
    }
    await taskEnd(admin, taskId);
    expect((await admin('GET', path)).body.data).toMatchObject({
      expectReplicas: wishes[taken],
      replicas: wishes[taken],
    });
  } finally {
    await server.stop();
  }
});
