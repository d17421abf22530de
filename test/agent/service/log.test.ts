import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt } from '../../../agent/config/home.ts';
import { type AgentConfig, complete } from '../../../agent/config/load.ts';
import { AgentLog } from '../../../agent/service/log.ts';
import { Secrets } from '../../../agent/service/secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secrets = new Secrets();
const sink = new Writable({ write: (_chunk, _encoding, done) => done() });

function logger(more: Partial<AgentConfig['logger']> = {}): AgentConfig['logger'] {
  return { ...complete({}, homeAt(folder, '/')).logger, mode: 'file', level: 'debug', ...more };
}
const open = (more: Partial<AgentConfig['logger']> = {}) => new AgentLog(logger(more), folder, sink, secrets);
const text = (name = 'agent.log') => readFileSync(join(folder, 'log', name), 'utf8');

describe("the agent's own log", () => {
  it('writes a line an event, with its fields', () => {
    open()
      .for('logs')
      .warn('slow\nsink', { url: 'http://es', waitMs: 12, words: 'two words', error: new Error('x') });
    expect(text()).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z \[warn\] logs: slow sink url=http:\/\/es waitMs=12 words="two words" error=x\n$/,
    );
  });

  it('writes JSON where that is asked for', () => {
    open({ format: 'json' }).for('report').error('no', { reason: 'a "b"\nc' });
    expect(JSON.parse(text())).toMatchObject({ level: 'error', part: 'report', message: 'no', reason: 'a "b"\nc' });
  });

  it('leaves out what is milder than its level', () => {
    const log = open({ level: 'warn' }).for('a');
    log.debug('1');
    log.info('2');
    log.warn('3');
    log.error('4');
    expect(text().trim().split('\n')).toHaveLength(2);
  });

  it.each(['text', 'json'] as const)('masks secrets in every spelling (%s)', (format) => {
    const secret = 'pa"ss wörd+1';
    const known = new Secrets();
    known.add(secret, 'admin');
    const log = new AgentLog(logger({ format }), folder, sink, known).for('x');
    const basic = Buffer.from(`admin:${secret}`).toString('base64');
    log.error(`login with ${secret} failed`, {
      url: `http://h/?p=${encodeURIComponent(secret)}`,
      header: `Basic ${basic}`,
    });
    log.error('again', { password: 'another-one', nested: { token: 'deep-one' }, list: [secret] });
    log.error('an answer said {"registrationToken":"not-known-to-us"}');
    for (const part of [
      secret,
      'ss wörd',
      encodeURIComponent(secret),
      basic,
      'another-one',
      'deep-one',
      'not-known-to-us',
    ]) {
      expect(text()).not.toContain(part);
    }
    expect(text().match(/\*{6}/g)?.length).toBeGreaterThanOrEqual(6);
  });

  it('rotates by size and keeps so many files', () => {
    const log = open({ maxBytes: 1024, maxFiles: 3 }).for('x');
    for (let line = 0; line < 100; line++) log.info(`line ${line} ${'.'.repeat(60)}`);
    expect(readdirSync(join(folder, 'log')).sort()).toEqual(['agent.log', 'agent.log.1', 'agent.log.2']);
    const lines = ['agent.log.2', 'agent.log.1', 'agent.log'].flatMap((name) => {
      expect(text(name).length).toBeLessThanOrEqual(1024);
      return [...text(name).matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
    });
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, at) => 100 - lines.length + at));
  });

  it('goes on when its disk does not, and says how many lines are missing', () => {
    const log = open({ maxBytes: 1024, maxFiles: 2 });
    log.for('x').info('.'.repeat(1000));
    rmSync(join(folder, 'log'), { recursive: true });
    writeFileSync(join(folder, 'log'), 'in the way');
    for (let line = 0; line < 3; line++) log.for('x').info(`missed ${line} ${'.'.repeat(100)}`);
    rmSync(join(folder, 'log'));
    log.for('x').info('back');
    expect(text()).toMatch(/3 lines could not be written.*\n.*back\n$/);
  });

  it('refuses a file that cannot be opened, and keeps the one it has', () => {
    writeFileSync(join(folder, 'plain'), '');
    const log = open();
    expect(() => log.configure(logger({ file: join(folder, 'plain/agent.log') }))).toThrow();
    log.for('x').info('still here');
    expect(text()).toContain('still here');
  });
});
