import { sql } from 'kysely';
import { withAgents } from '../domain/clusters.ts';
import { currentLicense, licenseUsage } from '../domain/license.ts';
import type { Db, World } from '../domain/world.ts';
import type { Telemetries } from '../monitor/telemetry.ts';
import type { AlarmRow } from '../store/schema.ts';
import type { Condition } from './conditions.ts';
import { conditionsOf, licenseConditions } from './conditions.ts';
import { Notices } from './notices.ts';
import { allAlarmSettings } from './settings.ts';

/** Said literally, or the index of the active ones is not used. */
const stillActive = sql.lit(0);

/** Where a condition counts: the alarm's own project. */
interface Placed extends Condition {
  readonly orgId: string;
  readonly projectId: string;
}

/**
 * Turns what is the case into alarms with a beginning and an end, and alarms into notices. All of one look is one
 * transaction: an alarm that is written has its notice written, whatever happens to the server then.
 */
export class AlarmEngine {
  readonly #world: World;
  readonly #telemetries: Telemetries;
  readonly #notices = new Notices();

  constructor(world: World, telemetries: Telemetries) {
    this.#world = world;
    this.#telemetries = telemetries;
  }

  /** One look at everything. */
  async look(now: number): Promise<void> {
    await this.#world.db.transaction().execute(async (tx) => {
      const settings = await allAlarmSettings(tx);
      const { placed, isUnknown } = await this.#find(tx, settings, now);
      const active = await tx.selectFrom('alarms').selectAll().where('ends_at', '=', stillActive).execute();
      const resolved: AlarmRow[] = [];
      const open = new Map(active.map((alarm) => [keyOf(alarm.project_id, alarm.condition), alarm]));
      for (const [key, condition] of placed) {
        const alarm = open.get(key);
        if (alarm) await renew(tx, alarm, condition);
        else await raise(tx, condition, now);
      }
      for (const [key, alarm] of open) {
        if (placed.has(key) || isUnknown(alarm)) continue;
        const resolveMs = settings(alarm.project_id).resolveInterval * 1000;
        const over = await settle(tx, alarm, now, resolveMs);
        if (over) resolved.push(over);
      }
      const there = await tx
        .selectFrom('alarms')
        .selectAll()
        .where('ends_at', '=', stillActive)
        .orderBy('id')
        .execute();
      await this.#notices.write(tx, there, resolved, settings, now);
    });
  }

  async #find(tx: Db, settings: Awaited<ReturnType<typeof allAlarmSettings>>, now: number) {
    const clusters = await withAgents(tx, await tx.selectFrom('clusters').selectAll().execute());
    const projects = await tx.selectFrom('projects').select(['id', 'org_id']).execute();
    const placed = new Map<string, Placed>();
    const unknown: string[] = [];
    for (const seen of clusters) {
      const { id, org_id: orgId, project_id: projectId } = seen.row;
      const telemetry = this.#telemetries.ofCluster(id, now)?.telemetry;
      const found = conditionsOf(this.#world, seen, telemetry, settings(projectId).enabled, now);
      unknown.push(...found.unknown);
      for (const one of found.conditions) placed.set(keyOf(projectId, one.condition), { ...one, orgId, projectId });
    }
    const license = licenseConditions(await currentLicense(tx), await licenseUsage(tx), now);
    for (const { id: projectId, org_id: orgId } of projects) {
      for (const one of license) placed.set(keyOf(projectId, one.condition), { ...one, orgId, projectId });
    }
    const there = new Map(clusters.map(({ row }) => [row.id, row.project_id]));
    // Of a cluster that is gone, or in another project now, nothing is unknown: its alarm here is over.
    const isUnknown = (alarm: AlarmRow) =>
      there.get(alarm.cluster_id) === alarm.project_id && unknown.some((begin) => alarm.condition.startsWith(begin));
    return { placed, isUnknown };
  }
}

function keyOf(projectId: string, condition: string): string {
  return `${projectId}\n${condition}`;
}

async function raise(tx: Db, condition: Placed, now: number): Promise<void> {
  await tx
    .insertInto('alarms')
    .values({
      condition: condition.condition,
      org_id: condition.orgId,
      project_id: condition.projectId,
      cluster_id: condition.clusterId,
      name: condition.name,
      message: plain(condition.message),
      severity: condition.severity,
      resource_type: condition.resourceType,
      resource_id: condition.resourceId,
      resource_name: condition.resourceName,
      starts_at: now,
      absent_at: 0,
      ends_at: 0,
      notified_at: 0,
      held: 0,
    })
    .execute();
}

/** As the store can hold it, and no longer than people read. */
function plain(text: string): string {
  return text.slice(0, 2000).replaceAll('\0', '');
}

/** The same condition: it may have become worse, and it is there again if it was gone. */
async function renew(tx: Db, alarm: AlarmRow, { message, severity }: Placed): Promise<void> {
  const text = plain(message);
  if (alarm.message === text && alarm.severity === severity && alarm.absent_at === 0) return;
  await tx.updateTable('alarms').set({ message: text, severity, absent_at: 0 }).where('id', '=', alarm.id).execute();
}

/** The condition is gone; the alarm is over when it has been for the interval, and then it was from the beginning. */
async function settle(tx: Db, alarm: AlarmRow, now: number, resolveMs: number): Promise<AlarmRow | undefined> {
  const absentAt = alarm.absent_at || now;
  const over = now - absentAt >= resolveMs;
  if (!over && alarm.absent_at !== 0) return undefined;
  const change = { absent_at: absentAt, ends_at: over ? absentAt : 0 };
  await tx.updateTable('alarms').set(change).where('id', '=', alarm.id).execute();
  return over ? { ...alarm, ...change } : undefined;
}
