import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { listCurrentAlarms } from '../../src/contract/alarms.ts';
import { dashboardPath } from '../../src/contract/clusters.ts';
import { Id, never, ownIdPattern, Time } from '../../src/contract/common.ts';
import { CreateForm, DeployName, NetworkConfig, updateDeployment } from '../../src/contract/deployments.ts';
import { queryLogs } from '../../src/contract/logs.ts';
import { ScopeName } from '../../src/contract/orgs.ts';
import { ReadyFile } from '../../src/contract/server.ts';
import { newId } from '../../src/core/random.ts';

const takes = (schema: TSchema | undefined, value: unknown): boolean =>
  schema !== undefined && Value.Check(schema, value);

describe('limits at the door', () => {
  it.each([
    ['1 letter', 'a', true],
    ['all kinds of characters', '集群 plant-1_a', true],
    ['200 characters', 'x'.repeat(200), true],
    ['201 characters', 'x'.repeat(201), false],
    ['nothing', '', false],
    ['a slash', 'a/b', false],
    ['a line break', 'a\nb', false],
    ['a line break at the end', 'a\n', false],
  ])('name of %s: %s', (_what, name, good) => {
    expect(takes(DeployName, name)).toBe(good);
  });

  it('lets an update leave the name as it is', () => {
    expect(takes(updateDeployment.body, { desc: 'x'.repeat(500) })).toBe(true);
    expect(takes(updateDeployment.body, { deployName: '' })).toBe(true);
    expect(takes(updateDeployment.body, { desc: 'x'.repeat(501) })).toBe(false);
  });

  it.each([0, 8, 1.5])('refuses %s replicas', (replicas) => {
    expect(takes(CreateForm, { deployName: 'a', replicas })).toBe(false);
  });

  it('keeps the length of ids and of names of organizations', () => {
    expect([takes(Id, '1234567'), takes(Id, '12345678')]).toEqual([false, true]);
    expect([takes(ScopeName, ''), takes(ScopeName, '组'.repeat(50)), takes(ScopeName, 'x'.repeat(51))]).toEqual([
      false,
      true,
      false,
    ]);
    expect(newId()).toMatch(ownIdPattern);
  });

  it.each([
    [never, true],
    ['2026-01-02T03:04:05.123456789+08:00', true],
    ['2026-01-02T03:04:05Z', true],
    ['2026-01-02 03:04:05', false],
    ['2026-01-02T03:04:05', false],
    ['', false],
  ])('time %s: %s', (time, good) => {
    expect(takes(Time, time)).toBe(good);
  });

  it('reads the JSON inside a form field', () => {
    expect(takes(NetworkConfig, { external_port: { mqtt: 1883 }, annotations: { a: 'b' } })).toBe(true);
    expect(takes(NetworkConfig, {})).toBe(true);
    expect(takes(NetworkConfig, { external_port: { mqtt: 70_000 } })).toBe(false);
  });

  it('knows a ready file', () => {
    expect(takes(ReadyFile, { url: 'http://127.0.0.1:8082', mqtt: 'mqtt://127.0.0.1:31883', pid: 7 })).toBe(true);
    expect(takes(ReadyFile, { url: 'http://127.0.0.1:8082', pid: 7 })).toBe(false);
  });

  it('keeps a cluster id inside its place in a path', () => {
    expect(dashboardPath('a/../b', '/api/v5/nodes')).toBe('/api/emqxee/dashboard/a%2F..%2Fb/api/v5/nodes');
  });
});

describe('what must be sent and may be empty', () => {
  it.each([
    [{ severity: '', startsAt: '', endsAt: '' }, true],
    [{ severity: 1, startsAt: 1_700_000_000, endsAt: '' }, true],
    [{ severity: 'critical', startsAt: '', endsAt: '' }, false],
    [{ startsAt: '', endsAt: '' }, false],
  ])('alarms %j: %s', (query, good) => {
    expect(takes(listCurrentAlarms.query, { fuzzyName: '', size: 100, offset: 0, ...query })).toBe(good);
  });

  it('arrives over HTTP as text and is told apart by a validator that coerces', async () => {
    const app = Fastify();
    app.get('/alarms', { schema: { querystring: listCurrentAlarms.query } }, (request) => request.query);
    app.get('/logs', { schema: { querystring: queryLogs.query } }, (request) => request.query);
    const alarms = '/alarms?fuzzyName=&startsAt=&endsAt=1700000000&size=10&offset=0';
    expect((await app.inject(`${alarms}&severity=`)).json()).toMatchObject({ severity: '', endsAt: 1_700_000_000 });
    expect((await app.inject(`${alarms}&severity=1`)).json()).toMatchObject({ severity: 1, size: 10 });
    expect((await app.inject(`${alarms}&severity=high`)).statusCode).toBe(400);
    expect((await app.inject(alarms)).statusCode).toBe(400);
    expect((await app.inject('/logs?start=&end=&level=&msg=&order=asc')).json()).toMatchObject({
      start: '',
      size: 100,
    });
    expect((await app.inject('/logs?start=&end=&level=&msg=&order=up')).statusCode).toBe(400);
    await app.close();
  });
});
