import type { Clock } from '../../core/clock.ts';

export interface RollCallOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Sends the question to one agent. */
  readonly ask: (agentId: number) => void;
  readonly onPresence: (agentId: number, present: boolean) => void;
}

/** Milliseconds. */
const askEvery = 5000;
/** Three questions without an answer, and time for the last. */
const silence = 20_000;
/** How long somebody who wants an agent now waits for its sign of life. */
const patience = 1000;
/** How often it is asked meanwhile, by all who want it together. */
const askAgain = 100;

interface Seen {
  /** When it was asked last. */
  asked: number;
  /** When it was heard last; undefined while it is not there. */
  heard: number | undefined;
}

/**
 * Which agents are there, where nobody tells: a broker of others says nothing of subscriptions, so agents are asked, and
 * everything they send is a sign of life. That they leave is said by their last will, or by their silence.
 */
export class RollCall {
  readonly #options: RollCallOptions;
  readonly #agents = new Map<number, Seen>();
  readonly #waiting = new Set<{ readonly ids: readonly number[]; readonly found: () => void }>();

  constructor(options: RollCallOptions) {
    this.#options = options;
  }

  isPresent(agentId: number): boolean {
    return this.#agents.get(agentId)?.heard !== undefined;
  }

  /** The agents that are registered; what others say is not listened to. */
  register(agentIds: readonly number[]): void {
    const registered = new Set(agentIds);
    for (const agentId of [...this.#agents.keys()]) if (!registered.has(agentId)) this.forget(agentId);
    for (const agentId of agentIds) this.#seen(agentId);
  }

  forget(agentId: number): void {
    this.left(agentId);
    this.#agents.delete(agentId);
  }

  /** Asks who has not been asked for a while, and gives up who has been silent too long. */
  turn(): void {
    const now = this.#options.clock.monotonic();
    for (const [agentId, seen] of this.#agents) {
      if (seen.heard !== undefined && now - seen.heard > silence) this.left(agentId);
      if (now - seen.asked >= askEvery) this.#ask(agentId, seen, now);
    }
  }

  /** An agent has sent something. False for one that is not registered. */
  heard(agentId: number): boolean {
    const seen = this.#agents.get(agentId);
    if (!seen) return false;
    const isNew = seen.heard === undefined;
    seen.heard = this.#options.clock.monotonic();
    if (!isNew) return true;
    this.#options.onPresence(agentId, true);
    for (const { ids, found } of this.#waiting) if (ids.includes(agentId)) found();
    return true;
  }

  /** An agent has said goodbye, or its last will has. */
  left(agentId: number): void {
    const seen = this.#agents.get(agentId);
    if (seen?.heard === undefined) return;
    seen.heard = undefined;
    this.#options.onPresence(agentId, false);
  }

  /** Nobody can be heard any more; later everybody is asked anew. */
  lost(): void {
    for (const [agentId, seen] of this.#agents) {
      seen.asked = Number.NEGATIVE_INFINITY;
      this.left(agentId);
    }
  }

  /** Asks these agents now and again; resolves once one is there, or after a second. */
  async look(agentIds: readonly number[]): Promise<void> {
    const { clock } = this.#options;
    const found = new AbortController();
    const waiting = { ids: agentIds, found: () => found.abort() };
    this.#waiting.add(waiting);
    const end = clock.monotonic() + patience;
    // A question that came just before the agent had subscribed is lost, so one is not enough.
    for (let now = clock.monotonic(); now < end && !found.signal.aborted; now = clock.monotonic()) {
      for (const agentId of agentIds) {
        const seen = this.#seen(agentId);
        if (seen.heard === undefined && now - seen.asked >= askAgain) this.#ask(agentId, seen, now);
      }
      await clock.sleep(askAgain, found.signal).catch(() => {});
    }
    this.#waiting.delete(waiting);
  }

  #seen(agentId: number): Seen {
    const known = this.#agents.get(agentId);
    if (known) return known;
    const made: Seen = { asked: Number.NEGATIVE_INFINITY, heard: undefined };
    this.#agents.set(agentId, made);
    return made;
  }

  #ask(agentId: number, seen: Seen, now: number): void {
    seen.asked = now;
    this.#options.ask(agentId);
  }
}
