import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exit } from '../../../src/core/errors.ts';
import { must } from '../../e2e/site.ts';
import { until } from '../../e2e/stage.ts';
import { createAuthority } from '../../stand-ins/certificates.ts';
import { Plant } from './plant.ts';

const authority = createAuthority();
const own = authority.issue('broker');

describe('a broker with a certificate of a CA that was made here', () => {
  let plant: Plant;
  beforeAll(async () => {
    plant = new Plant();
    const cert = plant.file('broker.pem', own.cert);
    const key = plant.file('broker.key', own.key);
    await plant.open('--mqtt-cert-file', cert, '--mqtt-key-file', key);
  }, 60_000);
  afterAll(() => plant.close(), 30_000);

  it('is reached over mqtts by an agent that was given the CA, and EMQX through it', async () => {
    expect(plant.server.mqtt).toMatch(/^mqtts:\/\/127\.0\.0\.1:\d+$/);
    await plant.join('plant-1', '--ca-file', plant.file('ca.pem', authority.cert));
    await until('the tunnel stands', async () => (await plant.tunnel('plant-1')).state === 'healthy');
    const nodes = must(await plant.stage.run('ecpctl', ['emqx', 'plant-1', '/api/v5/nodes']));
    expect(JSON.parse(nodes.stdout)).toMatchObject([{ node_status: 'running' }]);
  }, 60_000);

  it('is not trusted by an agent that was not', async () => {
    await plant.join('plant-2');
    const tunnel = await until('the agent has a reason', async () => {
      const now = await plant.tunnel('plant-2');
      return now.reason !== undefined && now;
    });
    expect(tunnel).toMatchObject({ state: 'failing', reason: expect.stringMatching(/certificate/) });
  }, 60_000);
});

describe('one line, and nothing is started, for', () => {
  let plant: Plant;
  beforeEach(() => {
    plant = new Plant();
  });
  afterEach(() => plant.close());

  const broken = '-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n';
  const other = authority.issue('another');
  const [from, ours] = ['broker.pem', 'broker.key'];
  it.each([
    ['a certificate without its key', { cert: own.cert }, exit.usage, /--mqtt-cert-file and --mqtt-key-file/],
    ['a key without its certificate', { key: own.key }, exit.usage, /--mqtt-cert-file and --mqtt-key-file/],
    ['an empty certificate', { cert: '', key: own.key }, exit.config, new RegExp(`${from}: no certificate`)],
    ['a certificate that is none', { cert: broken, key: own.key }, exit.config, new RegExp(`${from}: no certificate`)],
    ['the key in the place of the certificate', { cert: own.key, key: own.key }, exit.config, /no certificate/],
    ['a key that is none', { cert: own.cert, key: 'x' }, exit.config, new RegExp(`${ours}: no private key`)],
    ['the key of another', { cert: own.cert, key: other.key }, exit.config, /it is not the key of \S+broker\.pem/],
  ])('%s', async (_, files, code, says) => {
    const args = Object.entries(files).flatMap(([name, content]) =>
      name === 'cert'
        ? ['--mqtt-cert-file', plant.file(from, content)]
        : ['--mqtt-key-file', plant.file(ours, content)],
    );
    const done = await plant.stage.run('ecpctl', ['server', '--ephemeral', '--listen', ':0', ...args]);
    expect(done).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
    expect(done.stderr.split('\n').filter((line) => line.startsWith('error: '))).toHaveLength(1);
    expect(done.stderr).not.toMatch(/PRIVATE KEY/);
  });

  it('a file that is not there', async () => {
    const files = ['--mqtt-cert-file', '/nowhere/cert.pem', '--mqtt-key-file', '/nowhere/key.pem'];
    const done = await plant.stage.run('ecpctl', ['server', '--ephemeral', ...files]);
    expect(done).toMatchObject({ code: exit.config, stderr: expect.stringMatching(/\/nowhere\/cert\.pem: ENOENT/) });
  });
});
