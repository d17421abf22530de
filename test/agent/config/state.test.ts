import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt } from '../../../agent/config/home.ts';
import { type Registration, StateStore } from '../../../agent/config/state.ts';

let folder: string;
let store: StateStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-'));
  store = new StateStore(homeAt(folder, '/'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const registration: Registration = {
  version: 1,
  url: 'https://ecp.example.com',
  token: 'agent-token',
  registeredAt: 1,
  insecure: false,
  emqx: {
    dashboardUrl: 'http://127.0.0.1:18083',
    apiUrl: 'http://127.0.0.1:18083',
    username: undefined,
    password: 'p',
  },
  logs: { enabled: false },
};

describe('the state of an agent', () => {
  it('keeps the id it has made', () => {
    const id = store.nodeId();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(new StateStore(homeAt(folder, '/')).nodeId()).toBe(id);
  });

  it('keeps secrets from other users', () => {
    store.saveRegistration(registration);
    store.saveMetadata(registration, { mqtt: { password: 'm' } });
    for (const name of readdirSync(join(folder, 'var'))) {
      expect(statSync(join(folder, 'var', name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(folder, 'var')).mode & 0o777).toBe(0o700);
  });

  it('gives back what it was given', () => {
    store.saveRegistration(registration);
    expect(store.registration()).toEqual(JSON.parse(JSON.stringify(registration)));
  });

  it('keeps metadata apart from those of another registration', () => {
    store.saveRegistration(registration);
    store.saveMetadata(registration, { clusterId: 'a' });
    expect(store.metadata(registration)).toEqual({ clusterId: 'a' });
    expect(store.metadata({ ...registration, registeredAt: 2 })).toBeUndefined();
  });

  it('forgets every secret, also of a write that was killed half way, and keeps the id', () => {
    const id = store.nodeId();
    store.saveRegistration(registration);
    store.saveMetadata(registration, {});
    writeFileSync(join(folder, 'var/registration.json.123.abcd.tmp'), '{"token":"agent-');
    store.forgetRegistration();
    expect(readdirSync(join(folder, 'var'))).toEqual(['identity.json']);
    expect(store.nodeId()).toBe(id);
  });

  it.each([
    ['registration.json', '{"version":1,', 'not JSON'],
    ['registration.json', '{"version":2}', 'unexpected /'],
    ['identity.json', '{"version":1,"nodeId":"x"}', 'unexpected /nodeId'],
  ])('says that %s holding %j is damaged, and leaves it', (name, content, reason) => {
    store.saveRegistration(registration);
    store.nodeId();
    const path = join(folder, 'var', name);
    writeFileSync(path, content);
    const read = () => (name === 'identity.json' ? store.nodeId() : store.registration());
    expect(read).toThrow(`the state in ${path} is damaged: ${reason}`);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('forgets quietly where there is nothing', () => {
    store.forgetRegistration();
    expect(existsSync(join(folder, 'var'))).toBe(false);
  });
});
