import type { AlarmConfiguration } from '../../contract/alarms.ts';
import type { Db } from '../domain/world.ts';
import type { AlarmRow } from '../store/schema.ts';

/** An alarm that began, is still there, or is over. */
export interface Change {
  readonly kind: 'raised' | 'still' | 'resolved';
  readonly alarm: AlarmRow;
}

/** What people are told, in one message. */
export interface Content {
  readonly changes: readonly Change[];
  /** Alarms that a storm kept back; then there are no `changes`. */
  readonly kept: number;
}

interface Window {
  since: number;
  told: number;
}

/** Decides which alarms are told of, and writes the messages for the post. */
export class Notices {
  /** By project, how many alarms were told of since when. */
  readonly #windows = new Map<string, Window>();

  /** `active` alarms are told of when they are new, and again after the silence; `resolved` ones if they had been told of. */
  async write(
    tx: Db,
    active: readonly AlarmRow[],
    resolved: readonly AlarmRow[],
    settings: (projectId: string) => AlarmConfiguration,
    now: number,
  ): Promise<void> {
    const projects = new Map<string, Change[]>();
    const changes = [
      ...active.map((alarm): Change => ({ kind: alarm.notified_at === 0 ? 'raised' : 'still', alarm })),
      ...resolved.map((alarm): Change => ({ kind: 'resolved', alarm })),
    ];
    for (const change of changes) {
      const { project_id: projectId } = change.alarm;
      if (!(await isWanted(tx, change, settings(projectId), now))) continue;
      projects.set(projectId, [...(projects.get(projectId) ?? []), change]);
    }
    for (const [projectId, wanted] of projects) await this.#tell(tx, projectId, wanted, settings(projectId), now);
    await this.#sumUp(tx, settings, now);
  }

  /** Tells of as many as the storm control lets through; the rest is counted for later. */
  async #tell(tx: Db, projectId: string, changes: readonly Change[], config: AlarmConfiguration, now: number) {
    const window = this.#window(projectId, config, now);
    const room = Math.max(0, config.stormMaxAlarms - window.told);
    const passed = changes.slice(0, room);
    window.told += passed.length;
    for (const { alarm } of passed) await mark(tx, alarm.id, { notified_at: now, held: 0 });
    for (const { alarm } of changes.slice(room)) await mark(tx, alarm.id, { held: 1 });
    await post(tx, projectId, { changes: passed, kept: 0 }, config, now);
  }

  /** When the storm is over: how many more there were. */
  async #sumUp(tx: Db, settings: (projectId: string) => AlarmConfiguration, now: number): Promise<void> {
    const held = await tx.selectFrom('alarms').select(['id', 'project_id']).where('held', '=', 1).execute();
    for (const projectId of new Set(held.map((row) => row.project_id))) {
      const config = settings(projectId);
      if (this.#window(projectId, config, now).told >= config.stormMaxAlarms) continue;
      const own = held.filter((row) => row.project_id === projectId);
      for (const { id } of own) await mark(tx, id, { notified_at: now, held: 0 });
      await post(tx, projectId, { changes: [], kept: own.length }, config, now);
    }
  }

  #window(projectId: string, { stormInterval }: AlarmConfiguration, now: number): Window {
    const window = this.#windows.get(projectId);
    if (window && now - window.since < stormInterval * 1000) return window;
    const fresh = { since: now, told: 0 };
    this.#windows.set(projectId, fresh);
    return fresh;
  }
}

async function isWanted(tx: Db, { kind, alarm }: Change, config: AlarmConfiguration, now: number): Promise<boolean> {
  // While nobody can be told, nothing counts as told: whoever switches a way on hears of what is the case.
  if (alarm.held === 1 || waysOf(config).length === 0) return false;
  if (config.onlyCritical && alarm.severity !== 'critical') return false;
  const silenceMs = config.silenceInterval * 1000;
  if (kind === 'resolved') return alarm.notified_at > 0;
  // It may be over: that is known when the resolve interval has passed.
  if (alarm.absent_at > 0) return false;
  if (kind === 'still') return silenceMs > 0 && now - alarm.notified_at >= silenceMs;
  // The same thing again, a moment after it was over, is no news.
  const last = await tx
    .selectFrom('alarms')
    .select((eb) => eb.fn.max<number | null>('notified_at').as('at'))
    .where('condition', '=', alarm.condition)
    .where('project_id', '=', alarm.project_id)
    .executeTakeFirst();
  return now - (last?.at ?? 0) >= silenceMs;
}

function waysOf({ email, webhook }: AlarmConfiguration): ('email' | 'webhook')[] {
  return [
    ...(email.enabled && email.receivers.length > 0 ? (['email'] as const) : []),
    ...(webhook.enabled && webhook.url !== '' ? (['webhook'] as const) : []),
  ];
}

async function mark(tx: Db, id: number, change: { notified_at?: number; held: number }): Promise<void> {
  await tx.updateTable('alarms').set(change).where('id', '=', id).execute();
}

/** One mail for all of a look, one call of the webhook for each alarm. */
async function post(tx: Db, projectId: string, content: Content, config: AlarmConfiguration, now: number) {
  if (content.changes.length === 0 && content.kept === 0) return;
  for (const way of waysOf(config)) {
    const split = way === 'webhook' && content.kept === 0;
    const letters = split ? content.changes.map((change) => ({ changes: [change], kept: 0 })) : [content];
    for (const letter of letters) await put(tx, projectId, way, letter, now);
  }
}

async function put(tx: Db, projectId: string, way: 'email' | 'webhook', content: Content, now: number): Promise<void> {
  await tx
    .insertInto('notices')
    .values({
      project_id: projectId,
      way,
      content_json: JSON.stringify(content),
      attempts: 0,
      next_at: now,
      created_at: now,
    })
    .execute();
}
