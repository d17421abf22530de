import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type mqttOptions, readAdvertised, readMqtt } from '../../../src/commands/server-mqtt.ts';
import { exit, Failure } from '../../../src/core/errors.ts';
import { testServer } from '../support.ts';

const folder = mkdtempSync(join(tmpdir(), 'mqtt-options-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

type Given = Partial<Record<keyof typeof mqttOptions, string>>;
const all = (given: Given) => given as Parameters<typeof readMqtt>[0];
const read = (given: Given, env = {}) => readMqtt(all(given), env);
const url = 'mqtts://mq.example.com:8883';
const password = file('password', 'a secret\n');

describe('a broker of others on the command line', () => {
  it('is an address, with who we are in a file or in the environment', async () => {
    const secret = { username: 'ecp', password: 'a secret' };
    const expected = { url, ...secret, ca: undefined, usersFile: '/x/users' };
    const given = { mqtt: url, mqttUsersFile: '/x/users' };
    expect(await read({ ...given, mqttUsername: 'ecp', mqttPasswordFile: password })).toEqual(expected);
    const env = { ECP_MQTT_USERNAME: 'ecp', ECP_MQTT_PASSWORD: 'a secret' };
    expect(await read(given, env)).toEqual(expected);
    expect(await read({ mqtt: 'mqtt://[::1]/' })).toMatchObject({ url: 'mqtt://[::1]', username: undefined });
    // Nothing of it counts for the embedded broker.
    expect(await read({}, env)).toEqual({ host: '127.0.0.1', port: 31_883, tls: undefined });
  });

  it.each<[string, Given, RegExp]>([
    ['a password in the address', { mqtt: 'mqtt://ecp:hidden@mq:1883' }, /^--mqtt: no user and no password/],
    ['a user in the address', { mqtt: 'mqtt://hidden@mq:1883' }, /^--mqtt: no user and no password/],
    ['a password in the address of agents', { advertiseMqtt: 'wss://a:hidden@mq/mqtt' }, /^--advertise-mqtt: no user/],
    ['another protocol', { mqtt: 'http://mq:1883' }, /^--mqtt: "http/],
    ['WebSocket', { mqtt: 'wss://mq/mqtt' }, /^--mqtt: "wss/],
    ['no host', { mqtt: 'mqtt://' }, /^--mqtt: "mqtt/],
    ['no address at all', { mqtt: 'mq.example.com:1883' }, /^--mqtt: "mq/],
    ['a path', { mqtt: 'mqtt://mq:1883/path' }, /^--mqtt: .*HOST:PORT/],
    ['a port of the embedded broker', { mqtt: url, mqttListen: ':1' }, /^--mqtt-listen is for the embedded broker/],
    ['its certificate', { mqtt: url, mqttCertFile: 'x' }, /^--mqtt-cert-file is for the embedded broker/],
    ['users without a broker', { mqttUsersFile: 'x' }, /^--mqtt-users-file is for a broker named with --mqtt/],
    ['a CA without a broker', { mqttCaFile: 'x' }, /^--mqtt-ca-file is for a broker named with --mqtt/],
    ['a password without a user', { mqtt: url, mqttPasswordFile: password }, /needs --mqtt-username/],
    ['users without our own', { mqtt: url, mqttUsersFile: 'x' }, /^--mqtt-users-file needs --mqtt-username/],
    ['a colon in the name', { mqtt: url, mqttUsername: 'a:b' }, /^--mqtt-username: /],
  ])('is refused with %s, in both languages, without the secret', async (_, given, says) => {
    const error = await read(given)
      .then(
        () => readAdvertised(all(given)),
        (reason: unknown) => reason,
      )
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Failure);
    const failure = error as Failure;
    expect(failure.exit).toBe(exit.usage);
    expect(failure.sentence('en')).toMatch(says);
    expect(failure.sentence('zh')).toMatch(/[一-鿿]/);
    expect(`${failure.sentence('en')}${failure.sentence('zh')}${failure.stack}`).not.toContain('hidden');
  });

  it.each([
    ['a CA that is none', { mqttCaFile: file('ca.pem', 'nothing') }, /ca\.pem: no certificate/],
    ['a CA that is not there', { mqttCaFile: join(folder, 'none') }, /none: ENOENT/],
    ['a password that is not there', { mqttUsername: 'ecp', mqttPasswordFile: join(folder, 'none') }, /none: ENOENT/],
  ])('ends with 78 for %s', async (_, given, says) => {
    const error = (await read({ mqtt: url, ...given }).catch((reason: unknown) => reason)) as Failure;
    expect([error.exit, error.sentence('en')]).toEqual([exit.config, expect.stringMatching(says)]);
  });

  it('ends the start with 78 where the users cannot be written', async () => {
    const mqtt = { url: 'mqtt://127.0.0.1:9', username: 'ecp', password: 'x', ca: undefined };
    const usersFile = join(file('a-file', ''), 'users');
    const error = (await testServer({ mqtt: { ...mqtt, usersFile } }).catch((reason: unknown) => reason)) as Failure;
    expect([error.exit, error.sentence('en')]).toEqual([
      exit.config,
      expect.stringContaining(`cannot use ${usersFile}`),
    ]);
  });
});
