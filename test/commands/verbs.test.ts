import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../stand-ins/certificates.ts';
import type { Ecp } from './ecp.ts';
import { startEcp } from './ecp.ts';

let ecp: Ecp;
let file: (name: string, content: string) => string;
beforeAll(async () => {
  ecp = await startEcp({ faults: { vertical: { outcome: 'fail-once' }, license: { outcome: 'hang' } } });
  file = (name, content) => {
    const path = join(ecp.directory, name);
    writeFileSync(path, content);
    return path;
  };
  await ecp.json(['create', 'plant', '--wait', '--connections', '20']);
  await ecp.json(['register', 'line']);
});
afterAll(() => ecp.stop());

describe('life of a hosted cluster', () => {
  test('stop asks first, start brings it back, wait knows what cannot come', async () => {
    expect(await ecp.run(['stop', 'plant'])).toMatchObject({ code: 2, stdout: '' });
    expect(await ecp.json(['stop', 'plant', '--yes', '--wait'])).toMatchObject({ xStatus: 'stopped' });
    const endless = await ecp.run(['wait', 'plant']);
    expect(endless.code).toBe(5);
    expect(endless.stderr).toContain('ecpctl start');
    expect(await ecp.json(['wait', 'plant', '--for', 'stopped'])).toMatchObject({ xStatus: 'stopped' });
    expect(await ecp.json(['start', 'plant', '--wait'])).toMatchObject({ xStatus: 'running' });
  });

  test('a failed change ends the wait at once with its reason; repair helps', async () => {
    const failed = await ecp.run(['scale', 'plant', '--spec', 'large', '--wait']);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/scaling of plant failed: .*simulated/);
    const { id } = await ecp.json(['get', 'plant']);
    expect(failed.stderr).toContain(`ecpctl get ${id}`);
    const seen = await ecp.run(['get', 'plant']);
    expect(seen.stdout).toMatch(/Cause\s+.*simulated/);
    expect(seen.stderr).toContain('ecpctl repair');
    expect(await ecp.json(['list', '--status', 'error'])).toMatchObject([{ id }]);
    expect(await ecp.json(['repair', 'plant', '--wait'])).toMatchObject({ xStatus: 'running' });
    expect(await ecp.json(['scale', 'plant', '--spec', 'large', '--wait'])).toMatchObject({ resourceLimit: 'large' });
    expect((await ecp.run(['scale', 'plant', '--spec', 'lage'])).stderr).toContain('Did you mean: large');
  });

  test('upgrade and downgrade are told apart', async () => {
    const down = await ecp.run([
      'upgrade',
      'plant',
      '--image',
      'emqx/emqx-enterprise:5.7.2',
      '--yes',
      '--wait',
      '-o',
      'json',
    ]);
    expect(down.stderr).toContain('Downgrade from');
    expect(JSON.parse(down.stdout)).toMatchObject({ version: '5.7.2' });
    const up = await ecp.run(['upgrade', 'plant', '--image', 'emqx/emqx-enterprise:5.8.6']);
    expect(up.code).toBe(2);
    expect(up.stderr).toContain('Upgrade from emqx/emqx-enterprise:5.7.2');
    expect((await ecp.run(['upgrade', 'plant', '--image', 'none', '--yes'])).code).toBe(4);
  });

  test('network', async () => {
    for (const wrong of [
      ['NodePort'],
      ['Other'],
      ['NodePort', '--protocol', 'MQTT-X'],
      ['NodePort', '--protocol', 'MQTT-SSL=0'],
    ]) {
      expect((await ecp.run(['network', 'plant', ...wrong, '--yes'])).code, wrong.join(' ')).toBe(2);
    }
    const args = [
      'network',
      'plant',
      'LoadBalancer',
      '--protocol',
      'MQTT-SSL=8883',
      '--protocol',
      'mqtt',
      '--annotation',
      'a=b=c',
    ];
    const [planned] = [await ecp.json<{ body: object }>([...args, '--dry-run'])];
    expect(planned.body).toEqual({
      type: 'LoadBalancer',
      ports: [
        { name: 'mqtts', external: 8883, internal: 8883 },
        { name: 'mqtt', external: 1883, internal: 1883 },
      ],
      annotations: { a: 'b=c' },
      load_balancer_class: '',
    });
    expect(await ecp.json([...args, '--yes', '--wait'])).toMatchObject({ network: 'LoadBalancer' });
    expect((await ecp.run(['get', 'plant'])).stdout).toMatch(/MQTT-SSL\s+\S+:8883/);
  });

  test('connections warn of the address under a load balancer', async () => {
    const set = await ecp.run(['connections', 'set', 'plant', '50', '--yes', '--wait', '-o', 'json']);
    expect(JSON.parse(set.stdout)).toMatchObject({ connectLimit: 50 });
    expect(set.stderr).toContain('external address may change');
    expect((await ecp.run(['connections', 'set', 'plant', '0', '--yes'])).code).toBe(2);
    expect((await ecp.run(['connections', 'disable', 'plant', '--yes'])).code).toBe(5);
    expect(await ecp.json(['license', 'usage'])).toMatchObject({
      connectionConsumption: 50,
      clusters: [{ connectLimit: 50 }, {}],
    });
  });

  test('certificates come in pairs, and one pair serves both listeners', async () => {
    const { cert, key } = createAuthority().issue('plant');
    const [certFile, keyFile] = [file('cert.pem', cert), file('key.pem', key)];
    const args = ['certificates', 'plant', '--mqtts-cert', certFile, '--mqtts-key', keyFile];
    expect((await ecp.run(['certificates', 'plant', '--yes'])).code).toBe(2);
    expect((await ecp.run(['certificates', 'plant', '--mqtts-cert', certFile])).code).toBe(2);
    expect((await ecp.run(['certificates', 'plant', '--mqtts-cert', keyFile, '--mqtts-key', certFile])).code).toBe(78);
    const planned = await ecp.run([...args, '--dry-run=curl']);
    expect(planned.stdout).toContain('crtType=4');
    expect(planned.stdout).toContain('"mqttsTlsKey@$MQTTS_TLS_KEY_FILE"');
    expect(planned.stdout).not.toContain('PRIVATE KEY');
    expect(await ecp.json([...args, '--yes', '--wait'])).toMatchObject({ xStatus: 'running' });
  });

  test('a wait ends with its time, says how to take it up again, and Ctrl-C leaves the change running', async () => {
    const license = file('emqx.lic', 'LICENSE');
    const { id } = await ecp.json(['get', 'plant']);
    const late = await ecp.run(['emqx-license', 'plant', license, '--yes', '--wait', '--timeout', '300ms']);
    expect(late).toMatchObject({ code: 124, stdout: '' });
    expect(late.stderr).toContain(`ecpctl wait ${id}`);
    const waiting = ecp.begin(['wait', 'plant']);
    await waiting.until('waiting for plant', waiting.stderr);
    waiting.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`ecpctl wait ${id}`);
    expect(await ecp.json(['status', 'plant'])).toMatchObject({ xStatus: 'updating' });
  });
});

describe('a managed cluster', () => {
  test('edit', async () => {
    expect(
      await ecp.json(['edit', 'line', '--service-address', 'http://10.0.0.7:18083', '--description', '西区']),
    ).toMatchObject({
      desc: '西区',
      xServiceAddress: 'http://10.0.0.7:18083',
    });
    // What is not named stays.
    expect(await ecp.json(['edit', 'line', '--name', 'line 2'])).toMatchObject({ deployName: 'line 2', desc: '西区' });
    expect(await ecp.json(['edit', 'line 2', '--name', 'line'])).toMatchObject({ deployName: 'line' });
    expect((await ecp.run(['edit', 'line'])).code).toBe(2);
    expect((await ecp.run(['edit', 'line', '--service-address', 'javascript:alert(1)'])).code).toBe(2);
    expect((await ecp.run(['edit', 'plant', '--service-address', 'http://x'])).code).toBe(5);
  });

  test('dashboard', async () => {
    expect((await ecp.run(['dashboard', 'line'])).stdout).toBe('http://10.0.0.7:18083\n');
    expect(await ecp.json(['dashboard', 'plant'])).toMatchObject({ via: 'channel' });
  });

  test('agents', async () => {
    const { registrationToken } = await ecp.json<{ registrationToken: string }>(['get', 'line']);
    expect(await ecp.json(['agent', 'list', 'line'])).toEqual([]);
    await ecp.server.call('POST', '/api/clusters/agents/emqxee/register', {
      json: { nodeId: 'machine-1', registrationToken },
    });
    const [agent] = await ecp.json<{ id: number; nodeId: string }[]>(['agent', 'list', 'line']);
    expect(agent).toMatchObject({ nodeId: 'machine-1', xState: 'registering' });
    expect((await ecp.run(['agent', 'remove', 'line', 'machine-1'])).code).toBe(2);
    expect(await ecp.json(['agent', 'remove', 'line', 'machine-1', '--yes'])).toMatchObject({ id: agent?.id });
    expect((await ecp.run(['agent', 'remove', 'line', 'machine-1', '--yes'])).code).toBe(4);
    expect(await ecp.json(['agent', 'guide', 'line', '--arch', 'arm64'])).toMatchObject({ name: 'line' });
    expect((await ecp.run(['agent', 'list', 'plant'])).code).toBe(5);
  });

  test.each([
    ['start', []],
    ['stop', []],
    ['repair', []],
    ['upgrade', ['--image', 'emqx/emqx-enterprise:5.8.6']],
    ['network', ['ClusterIP']],
    ['scale', ['--spec', 'small']],
  ])('%s is for hosted clusters', async (verb, more) => {
    const { code, stderr } = await ecp.run([verb, 'line', ...more, '--yes', '--debug']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/hosted clusters only/);
    expect(stderr).not.toContain('> POST');
  });
});

describe('where the platform runs on Docker', () => {
  test('scaling of a hosted cluster is refused with the reason', async () => {
    const docker = await startEcp({ platform: 'docker' });
    try {
      await docker.json(['create', 'plant', '--wait']);
      const { code, stderr } = await docker.run(['scale', 'plant', '--replicas', '2']);
      expect(code).toBe(5);
      expect(stderr).toContain('runs on Docker');
    } finally {
      await docker.stop();
    }
  });
});

describe('platform', () => {
  test('specifications, images, license, version, task', async () => {
    expect(await ecp.json(['spec', 'list', '--query', '[].name'])).toEqual(['small', 'medium', 'large']);
    expect((await ecp.run(['image', 'list', '-o', 'name'])).stdout).toContain('emqx/emqx-ee:4.4.19\n');
    expect(await ecp.json(['license', 'show'])).toMatchObject({ expired: false });
    expect(await ecp.json(['version'])).toMatchObject({ server: { xPlatform: 'kubernetes' } });
    const { taskId } = await ecp.json<{ taskId: string }>(['get', 'plant']);
    expect(await ecp.json(['task', 'get', taskId])).toMatchObject({ id: taskId, xType: 'license', xStatus: 'running' });
    const unknown = await ecp.run(['task', 'get', 'nope-nope-no']);
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('task "nope-nope-no" not found')]);
    expect((await ecp.run(['license', 'upload', file('empty.lic', ''), '--yes'])).code).toBe(78);
  });

  test('doctor finds nothing wrong here, and says what is wrong elsewhere', async () => {
    const rows = await ecp.json<{ check: string; result: string }[]>(['doctor']);
    expect(rows.filter((row) => row.result === 'failed')).toEqual([]);
    expect(rows.map((row) => row.check)).toContain('clock');
    const down = await ecp.run(['doctor', '--url', 'http://127.0.0.1:9', '-o', 'json']);
    expect(down.code).toBe(6);
    expect(JSON.parse(down.stdout)).toContainEqual(expect.objectContaining({ check: 'connection', result: 'failed' }));
    expect((await ecp.run(['doctor', '--url', 'http://nowhere.invalid'])).stdout).toMatch(
      /dns +failed +.*no such host/,
    );
  });
});

describe('a protected context', () => {
  test('wants the name for every change, --yes is not enough', async () => {
    expect(await ecp.json(['context', 'protect'])).toMatchObject({ protected: true });
    const { code, stderr } = await ecp.run(['edit', 'line', '--description', 'x', '--yes']);
    expect(code).toBe(2);
    expect(stderr).toContain('--confirm line');
    expect(await ecp.json(['edit', 'line', '--description', 'x', '--confirm', 'line'])).toMatchObject({ desc: 'x' });
    expect(await ecp.json(['context', 'protect', '--off'])).not.toHaveProperty('protected');
    expect(await ecp.json(['edit', 'line', '--description', 'y'])).toMatchObject({ desc: 'y' });
  });
});

describe('contexts', () => {
  test('set, use, show, delete', async () => {
    const [current] = await ecp.json<{ name: string; url: string }[]>(['context', 'list']);
    expect(await ecp.json(['context', 'set', 'ci', '--url', 'https://ecp.example.com/api'])).toMatchObject({
      name: 'ci',
      url: 'https://ecp.example.com',
      current: false,
    });
    expect(await ecp.json(['context', 'use', 'ci'])).toMatchObject({ name: 'ci', current: true });
    expect(await ecp.json(['config', 'explain', '--query', "[?name=='url'].value"])).toEqual([
      'https://ecp.example.com',
    ]);
    expect((await ecp.run(['context', 'use', 'cj'])).stderr).toContain('Did you mean: ci');
    await ecp.json(['context', 'use', current?.name ?? '']);
    await ecp.json(['context', 'delete', 'ci']);
    expect(await ecp.json(['context', 'list', '--query', '[].name'])).toEqual([current?.name]);
    expect((await ecp.run(['context', 'set'])).code).toBe(2);
    expect((await ecp.run(['context', 'set', '--project', 'nowhere'])).code).toBe(4);
    expect(await ecp.json(['context', 'set', '--project', 'default'])).toMatchObject({ project: { name: 'default' } });
    expect((await ecp.run(['context', 'set', 'a/b', '--url', 'http://x'])).code).toBe(2);
  });

  test('config explain shows no secret', async () => {
    const { stdout } = await ecp.run(['config', 'explain'], { env: { ECP_TOKEN: 'very-secret' } });
    expect(stdout).toContain('ECP_TOKEN');
    expect(stdout).not.toContain('very-secret');
  });
});
