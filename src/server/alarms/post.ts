import { reasonOf } from '../../core/errors.ts';
import { backoffDelay } from '../../core/retry.ts';
import { getSetting } from '../domain/settings.ts';
import type { World } from '../domain/world.ts';
import type { NoticeRow } from '../store/schema.ts';
import { mailOf, sendMail } from './mail.ts';
import type { Content } from './notices.ts';
import { alarmSettings } from './settings.ts';
import { factsOf, render } from './template.ts';
import { callWebhook } from './webhook.ts';

/** The outside world of the post, so that a test can stand in for it. */
export interface Ways {
  readonly sendMail: typeof sendMail;
  readonly callWebhook: typeof callWebhook;
}

const backoff = { base: 5000, cap: 10 * 60_000 };
/** About two hours in all; who is away for longer looks at the list of alarms. */
const attempts = 16;
/** Messages under way at once. */
const together = 8;

/** Delivers what was written for people, again and again until it is taken or too old. */
export class Post {
  readonly #world: World;
  readonly #ways: Ways;
  readonly #stop = new AbortController();

  constructor(world: World, ways: Ways = { sendMail, callWebhook }) {
    this.#world = world;
    this.#ways = ways;
  }

  /** Delivers everything that is due. A message is deleted after it was taken: at least once, not at most. */
  async deliver(): Promise<void> {
    const { db, clock } = this.#world;
    const due = await db
      .selectFrom('notices')
      .selectAll()
      .where('next_at', '<=', clock.now())
      .orderBy('id')
      .limit(together)
      .execute();
    await Promise.all(
      due.map(async (notice) => {
        const earlier = await this.#earlier(notice);
        // At once after the other one where that is due too: there is another round in a moment.
        if (earlier) await this.#putOff(notice.id, Math.max(earlier.next_at, clock.now() + 1));
        else await this.#try(notice);
      }),
    );
  }

  /** Lets go of what is under way; it is delivered after the next start. */
  stop(): void {
    this.#stop.abort(new Error('the server is stopping'));
  }

  /** The last message before this one that tells of the same alarm the same way: the end must not arrive before the beginning. */
  async #earlier(notice: NoticeRow): Promise<NoticeRow | undefined> {
    const alarms = alarmsOf(notice);
    if (alarms.size === 0) return undefined;
    const before = await this.#world.db
      .selectFrom('notices')
      .selectAll()
      .where('project_id', '=', notice.project_id)
      .where('way', '=', notice.way)
      .where('id', '<', notice.id)
      .orderBy('id', 'desc')
      .execute();
    return before.find((other) => [...alarmsOf(other)].some((id) => alarms.has(id)));
  }

  async #putOff(id: number, until: number, change: { attempts?: number } = {}): Promise<void> {
    const { db } = this.#world;
    await db
      .updateTable('notices')
      .set({ ...change, next_at: until })
      .where('id', '=', id)
      .execute();
  }

  async #try(notice: NoticeRow): Promise<void> {
    const { db, clock, log } = this.#world;
    try {
      await this.#send(notice);
      await db.deleteFrom('notices').where('id', '=', notice.id).execute();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const left = attempts - notice.attempts - 1;
      const what = `${notice.way} of project ${notice.project_id}`;
      // Said at the first failure and at the end, not each time.
      if (notice.attempts === 0)
        log('warning', `alarm notification by ${what} failed, trying again: ${reasonOf(error)}`);
      if (left === 0) log('error', `alarm notification by ${what} was given up: ${reasonOf(error)}`);
      if (left === 0) await db.deleteFrom('notices').where('id', '=', notice.id).execute();
      else {
        const delay = backoff.base / 2 + backoffDelay(notice.attempts, backoff, Math.random);
        await this.#putOff(notice.id, clock.now() + delay, { attempts: notice.attempts + 1 });
      }
    }
  }

  async #send(notice: NoticeRow): Promise<void> {
    const { db, log } = this.#world;
    const { signal } = this.#stop;
    const config = await alarmSettings(db, notice.project_id);
    const content = JSON.parse(notice.content_json) as Content;
    const scope = await scopeOf(db, notice.project_id);
    if (notice.way === 'email') {
      // Switched off since it was written: nobody wants it any more.
      if (!config.email.enabled || config.email.receivers.length === 0) return;
      const mail = { to: config.email.receivers, ...mailOf(content, scope) };
      const refused = await this.#ways.sendMail(await getSetting(db, 'smtp'), mail, signal);
      if (refused.length > 0) log('warning', `the mail server refuses alarm mails to ${refused.join(', ')}`);
      return;
    }
    if (!config.webhook.enabled) return;
    const { webhook } = await getSetting(db, 'alarm');
    const { url, headers } = config.webhook;
    await this.#ways.callWebhook(url, headers, render(webhook.template, factsOf(content, scope)), signal);
  }
}

function alarmsOf({ content_json }: NoticeRow): Set<number> {
  return new Set((JSON.parse(content_json) as Content).changes.map(({ alarm }) => alarm.id));
}

/** Names for people. */
export async function scopeOf(db: World['db'], projectId: string): Promise<{ orgName: string; projectName: string }> {
  const row = await db
    .selectFrom('projects')
    .innerJoin('orgs', 'orgs.id', 'projects.org_id')
    .select(['orgs.name as orgName', 'projects.name as projectName'])
    .where('projects.id', '=', projectId)
    .executeTakeFirst();
  return row ?? { orgName: '', projectName: '' };
}
