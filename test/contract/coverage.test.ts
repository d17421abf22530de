import { TypeCompiler } from '@sinclair/typebox/compiler';
import { describe, expect, it } from 'vitest';
import { inProject } from '../../src/contract/common.ts';
import { everyEndpoint } from './every-endpoint.ts';

/** The rows of ecp.md sections 2 and 3; `P` stands for the project's path. */
const rows: Readonly<Record<string, readonly string[]>> = {
  account: [
    'POST /api/account/login',
    'POST /api/account/token/refresh',
    'GET /api/account/logout',
    'GET /api/account/profile',
    'GET /api/account/roles',
  ],
  organizations: [
    'GET /api/orgs',
    'GET /api/orgs/names',
    'GET /api/orgs/{orgId}',
    'POST /api/orgs',
    'PUT /api/orgs/{orgId}',
    'DELETE /api/orgs/{orgId}',
  ],
  projects: [
    'GET /api/orgs/{orgId}/projects',
    'GET /api/orgs/{orgId}/projects/names',
    'GET /api/projects',
    'POST /api/orgs/{orgId}/projects',
    'GET P',
    'PUT P',
    'DELETE P',
  ],
  users: ['GET /api/users', 'POST /api/users', 'GET /api/users/{userId}', 'POST /api/users/{userId}/enabled'],
  clusters: [
    'GET P/deployments',
    'GET P/deployments/{clusterId}',
    'GET P/deployments/{clusterId}/status',
    'POST P/deployments',
    'POST P/clusters/add-existing-cluster',
    'GET P/clusters/{clusterId}/setupInstructions',
    'GET P/clusters/{clusterId}/agents',
    'DELETE P/clusters/{clusterId}/agents/{agentId}',
    'POST P/clusters/{clusterId}/transfer',
  ],
  changes: [
    'POST P/deployments/{clusterId}/scale/{replicas}',
    'POST P/deployments/{clusterId}/vertical/{resourceLimit}',
    'POST P/deployments/{clusterId}/net',
    'POST P/deployments/{clusterId}/dynamiclicense-update',
    'POST P/deployments/{clusterId}/lic',
    'POST P/deployments/{clusterId}/crt',
    'POST P/deployments/{clusterId}/image-update',
    'POST P/deployments/{clusterId}/start',
    'POST P/deployments/{clusterId}/stop',
    'POST P/deployments/{clusterId}/repair',
    'DELETE P/deployments/{clusterId}',
    'PUT P/deployments/{clusterId}/update',
    'GET /api/tasks/{id}',
  ],
  logs: [
    'GET /api/elastic/document/{orgId}/{projectId}/emqx',
    'GET /api/elastic/docs/name-id-map',
    'GET /api/elastic/docs/antares',
    'GET /api/elastic/docs/all',
  ],
  monitor: ['GET /api/monitor/orgs/{orgId}/projects/{projectId}', 'GET /api/monitor/deployment/{clusterId}'],
  license: ['GET /api/license', 'POST /api/license', 'GET /api/monitor/license', 'GET /api/monitor/license/clusters'],
  alarms: [
    'GET P/alarms/current',
    'GET P/alarms/history',
    'GET P/alarms/current/count',
    'GET P/alarms/status',
    'POST P/alarms/enabled',
    'GET P/alarms/configuration',
    'POST P/alarms/configuration/notification',
    'POST P/alarms/configuration/notification/email',
    'POST P/alarms/configuration/notification/webhook',
    'POST P/alarms/configuration/notification/webhook/preview',
    'POST P/alarms/configuration/notification/webhook/testing',
  ],
  audit: ['GET /api/audit/operations'],
  backups: [
    'POST P/backups/{clusterId}',
    'POST P/backups/list',
    'GET P/backups/task',
    'POST P/backups/task',
    'DELETE P/backups/task/{task_id}',
    'POST P/backups/{clusterId}/import',
    'GET P/backups/{clusterId}/download/{filename}',
    'DELETE P/backups/deployments/{clusterId}/{filename}',
    'POST P/backups/0/upload_import',
  ],
  settings: [
    'emqx-quota-list',
    'emqx-total-quota',
    'image-version-list',
    'lb-annotations',
    'smtp',
    'alarm',
    'es-target',
    'server-access-name',
  ]
    .flatMap((name) => [`GET /api/configuration/${name}`, `POST /api/configuration/${name}`])
    .concat('POST /api/configuration/smtp/testing', 'POST /api/elastic/testing'),
  version: ['GET /api/version'],
  agent: [
    'POST /api/clusters/agents/emqxee/register',
    'GET /api/clusters/agents/emqxee/metadata',
    'POST /api/clusters/agents/emqxee/report',
    'POST /api/clusters/agents/emqxee/unregister',
  ],
};

describe('endpoint values', () => {
  it.each(Object.entries(rows))('cover %s', (_row, calls) => {
    const there = everyEndpoint.map(({ call }) => call);
    const wanted = calls.map((call) => call.replace(/ P(?=\/|$)/, ` ${inProject}`));
    expect(wanted.filter((call) => !there.includes(call))).toEqual([]);
  });

  it('are one for each call', () => {
    const calls = everyEndpoint.map(({ call }) => call);
    expect(calls.filter((call, at) => calls.indexOf(call) !== at)).toEqual([]);
  });

  it.each(everyEndpoint)('$name says all that its call needs', ({ endpoint }) => {
    const places = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, place]) => place);
    expect(Object.keys(endpoint.params?.properties ?? {}).toSorted()).toEqual(places.toSorted());
    expect(endpoint.body === undefined).toBe(endpoint.bodyKind === undefined);
    for (const schema of [endpoint.params, endpoint.query, endpoint.body, endpoint.answer]) {
      // Throws for a schema that is none.
      if (schema) expect(TypeCompiler.Compile(schema).Check(undefined)).toBe(false);
    }
  });
});
