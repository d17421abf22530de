import { sql } from 'kysely';
import * as api from '../../../contract/alarms.ts';
import { testSmtp } from '../../../contract/configuration.ts';
import type { QueryOf } from '../../../contract/endpoint.ts';
import { alarmResource, alarmSeverity, numberOf } from '../../../contract/states.ts';
import { Failure, reasonOf } from '../../../core/errors.ts';
import { senderOf, sendMail } from '../../alarms/mail.ts';
import { scopeOf } from '../../alarms/post.ts';
import { alarmSettings, changeAlarmSettings } from '../../alarms/settings.ts';
import { exampleFacts, render } from '../../alarms/template.ts';
import { callWebhook, checkWebhook } from '../../alarms/webhook.ts';
import type { Actor } from '../../domain/access.ts';
import { mayEdit } from '../../domain/access.ts';
import { audit } from '../../domain/audit.ts';
import { smtpFrom } from '../../domain/platform.ts';
import { getSetting } from '../../domain/settings.ts';
import { apiTime } from '../../domain/times.ts';
import type { World } from '../../domain/world.ts';
import type { AlarmRow, ProjectRow } from '../../store/schema.ts';
import type { On } from '../router.ts';

/** What a secret in a header is replaced by for those who may only look, and what leaves it as it is. */
const kept = '******';

export function alarmRoutes(on: On, world: World): void {
  const { db } = world;

  on(api.listCurrentAlarms, 'project.view', ({ project, query }) => page(project.id, query, true));
  on(api.listPastAlarms, 'project.view', ({ project, query }) => page(project.id, query, false));

  on(api.countCurrentAlarms, 'project.view', async ({ project }) => {
    const { count } = await db
      .selectFrom('alarms')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('project_id', '=', project.id)
      .where('ends_at', '=', 0)
      .executeTakeFirstOrThrow();
    return { count };
  });

  on(api.getAlarmStatus, 'project.view', async ({ project }) => {
    const { enabled } = await alarmSettings(db, project.id);
    return { enabled };
  });

  on(api.enableAlarms, 'project.edit', async ({ actor, project, body, now }) => {
    await change(actor, project, now, { enabled: body.enabled });
  });

  on(api.getAlarmConfiguration, 'project.view', async ({ actor, project }) =>
    shown(actor, project, await alarmSettings(db, project.id)),
  );

  on(api.updateAlarmNotification, 'project.edit', ({ actor, project, body, now }) => {
    const { onlyCritical, silenceInterval, xResolveInterval, xStormInterval, xStormMaxAlarms } = body;
    return change(actor, project, now, {
      onlyCritical,
      silenceInterval,
      ...(xResolveInterval !== undefined && { resolveInterval: xResolveInterval }),
      ...(xStormInterval !== undefined && { stormInterval: xStormInterval }),
      ...(xStormMaxAlarms !== undefined && { stormMaxAlarms: xStormMaxAlarms }),
    });
  });

  on(api.updateAlarmEmail, 'project.edit', ({ actor, project, body, now }) => {
    if (body.enabled && body.receivers.length === 0) {
      throw new Failure('invalid_value', { name: 'receivers', reason: 'at least one address is needed' });
    }
    return change(actor, project, now, { email: { ...body, receivers: [...new Set(body.receivers)] } });
  });

  on(api.updateAlarmWebhook, 'project.edit', async ({ actor, project, body, now }) => {
    const { webhook: before } = await alarmSettings(db, project.id);
    if (body.enabled || body.url !== '') checkWebhook(body.url, body.headers);
    return change(actor, project, now, { webhook: { ...body, headers: unmasked(body.headers, before.headers) } });
  });

  on(api.previewAlarmWebhook, 'project.edit', async ({ project, now }) => {
    const { webhook } = await getSetting(db, 'alarm');
    return { template: render(webhook.template, exampleFacts(await scopeOf(db, project.id), now)) };
  });

  on(api.testAlarmWebhook, 'project.edit', async ({ project, body, now }) => {
    const { webhook: own } = await alarmSettings(db, project.id);
    checkWebhook(body.url, body.headers);
    const { webhook } = await getSetting(db, 'alarm');
    const text = render(webhook.template, exampleFacts(await scopeOf(db, project.id), now));
    // Headers that are kept go only where they were meant for.
    const headers = body.url === own.url ? unmasked(body.headers, own.headers) : body.headers;
    await tried('the webhook', () => callWebhook(body.url, headers, text));
  });

  on(testSmtp, 'system', async ({ body }) => {
    const smtp = smtpFrom(body, await getSetting(db, 'smtp'));
    const text = 'This is a test of the mail settings of ECP.\n这是 ECP 邮件设置的测试。\n';
    await tried('the mail server', () => sendMail(smtp, { to: [senderOf(smtp)], subject: '[ECP] test / 测试', text }));
  });

  async function change(
    actor: Actor,
    project: ProjectRow,
    now: number,
    after: Parameters<typeof changeAlarmSettings>[2],
  ): Promise<api.AlarmConfiguration> {
    return db.transaction().execute(async (tx) => {
      const before = await alarmSettings(tx, project.id);
      const settings = await changeAlarmSettings(tx, project.id, after);
      await audit(tx, now, {
        resource: 'alarm',
        operation: after.enabled === undefined ? 'update' : after.enabled ? 'enable' : 'disable',
        operator: actor,
        orgId: project.org_id,
        projectId: project.id,
        before: masked(before),
        after: masked(settings),
      });
      return shown(actor, project, settings);
    });
  }

  async function page(projectId: string, query: QueryOf<typeof api.listCurrentAlarms>, active: boolean) {
    const { fuzzyName, severity, startsAt, endsAt, size, offset } = query;
    let rows = db
      .selectFrom('alarms')
      .where('project_id', '=', projectId)
      .where('ends_at', active ? '=' : '>', 0);
    if (severity !== '') {
      const key = alarmSeverity.rows.find((row) => row.number === severity)?.key;
      if (!key) throw new Failure('invalid_value', { name: 'severity', reason: `there is no severity ${severity}` });
      rows = rows.where('severity', '=', key);
    }
    if (startsAt !== '') rows = rows.where('starts_at', '>=', startsAt * 1000);
    // The last second is in it to its end.
    if (endsAt !== '') rows = rows.where('starts_at', '<=', endsAt * 1000 + 999);
    const words = fuzzyName.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    if (words !== '') rows = rows.where(sql<number>`instr(lower(name), ${words})`, '>', 0);
    const { total } = await rows.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
    const newest = rows.selectAll().orderBy('starts_at', 'desc').orderBy('id', 'desc');
    return { total, data: (await newest.limit(size).offset(offset).execute()).map(show) };
  }
}

function show(alarm: AlarmRow): api.Alarm {
  return {
    id: alarm.id,
    name: alarm.name,
    message: alarm.message,
    severity: numberOf(alarmSeverity, alarm.severity),
    resourceType: numberOf(alarmResource, alarm.resource_type),
    resourceId: alarm.resource_id,
    resourceName: alarm.resource_name,
    startsAt: apiTime(alarm.starts_at),
    endsAt: apiTime(alarm.ends_at),
  };
}

function shown(actor: Actor, project: ProjectRow, settings: api.AlarmConfiguration): api.AlarmConfiguration {
  return mayEdit(actor, { orgId: project.org_id, projectId: project.id }) ? settings : masked(settings);
}

/** Headers of a webhook are mostly secrets. */
function masked(settings: api.AlarmConfiguration): api.AlarmConfiguration {
  const headers = Object.fromEntries(Object.keys(settings.webhook.headers).map((name) => [name, kept]));
  return { ...settings, webhook: { ...settings.webhook, headers } };
}

function unmasked(headers: Readonly<Record<string, string>>, before: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value === kept ? (before[name] ?? '') : value]),
  );
}

async function tried(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Failure('refused', { reason: `${what} did not take it: ${reasonOf(error)}` });
  }
}
