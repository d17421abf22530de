import { currentLicense, licenseUsage, licenseWarnings } from './license.ts';
import type { World } from './world.ts';

const day = 86_400_000;
/** How long what is over stays: long enough for every question that is still asked of it. */
const keepTasksMs = 90 * day;
const keepAlarmsMs = 90 * day;
const mostPastAlarms = 20_000;
const keepAuditMs = 400 * day;
const mostAudit = 500_000;

/** Takes away what nobody needs any more, so that a server that runs for years stays small; and says what runs out. */
export async function cleanUp(world: Pick<World, 'db' | 'log'>, now: number): Promise<void> {
  const { db } = world;
  await db.deleteFrom('tokens').where('expires_at', '<=', now).execute();
  await db
    .deleteFrom('sessions')
    .where('id', 'not in', (eb) => eb.selectFrom('tokens').select('session_id'))
    .execute();
  await db
    .deleteFrom('tasks')
    .where('status', 'not in', ['pending', 'running'])
    .where('updated_at', '<', now - keepTasksMs)
    .execute();
  await db
    .deleteFrom('alarms')
    .where('ends_at', '>', 0)
    .where((eb) =>
      eb.or([
        eb('ends_at', '<', now - keepAlarmsMs),
        eb(
          'id',
          '<=',
          eb
            .selectFrom('alarms as past')
            .select('past.id')
            .where('past.ends_at', '>', 0)
            .orderBy('past.id', 'desc')
            .limit(1)
            .offset(mostPastAlarms),
        ),
      ]),
    )
    .execute();
  await db
    .deleteFrom('audit')
    .where('created_at', '<', now - keepAuditMs)
    .execute();
  const newest = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.max<number | null>('id').as('id'))
    .executeTakeFirst();
  await db
    .deleteFrom('audit')
    .where('id', '<=', (newest?.id ?? 0) - mostAudit)
    .execute();
  for (const warning of licenseWarnings(await currentLicense(db), await licenseUsage(db), now))
    world.log('warning', warning);
}
