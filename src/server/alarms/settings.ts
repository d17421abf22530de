import type { AlarmConfiguration } from '../../contract/alarms.ts';
import type { Db } from '../domain/world.ts';

/** What a project begins with. Intervals in seconds. */
export const alarmDefaults: AlarmConfiguration = {
  enabled: true,
  onlyCritical: false,
  // An alarm that stays is told of again after this, and one that comes and goes no more often.
  silenceInterval: 4 * 3600,
  // As long nothing may be wrong before an alarm counts as over.
  resolveInterval: 30,
  stormInterval: 60,
  stormMaxAlarms: 20,
  email: { enabled: false, receivers: [] },
  webhook: { enabled: false, url: '', headers: {} },
};

export async function alarmSettings(db: Db, projectId: string): Promise<AlarmConfiguration> {
  const row = await db
    .selectFrom('alarm_settings')
    .select('value_json')
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  return { ...alarmDefaults, ...(row && (JSON.parse(row.value_json) as Partial<AlarmConfiguration>)) };
}

/** The settings of every project that has its own. */
export async function allAlarmSettings(db: Db): Promise<(projectId: string) => AlarmConfiguration> {
  const rows = await db.selectFrom('alarm_settings').selectAll().execute();
  const own = new Map(
    rows.map((row) => [
      row.project_id,
      { ...alarmDefaults, ...(JSON.parse(row.value_json) as Partial<AlarmConfiguration>) },
    ]),
  );
  return (projectId) => own.get(projectId) ?? alarmDefaults;
}

/** Changes some of a project's settings; to be called in a transaction. */
export async function changeAlarmSettings(
  db: Db,
  projectId: string,
  change: Partial<AlarmConfiguration>,
): Promise<AlarmConfiguration> {
  const settings = { ...(await alarmSettings(db, projectId)), ...change };
  const value_json = JSON.stringify(settings);
  await db
    .insertInto('alarm_settings')
    .values({ project_id: projectId, value_json })
    .onConflict((conflict) => conflict.column('project_id').doUpdateSet({ value_json }))
    .execute();
  return settings;
}
