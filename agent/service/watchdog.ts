import { execFile } from 'node:child_process';

/** Tells the service manager how the daemon is; without one it tells nobody. */
export interface Watchdog {
  ready(): Promise<void>;
  /** The daemon's loop has come round once more. */
  turned(): void;
  stopping(): Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Runs a command to its end; false where it failed. */
export type Notify = (args: readonly string[]) => Promise<boolean>;

/** systemd's own tool: Node knows no datagram sockets. 21 ms of CPU a call, so it is called seldom. */
const systemdNotify: Notify = (args) =>
  new Promise((resolve) => {
    execFile('systemd-notify', [...args], { timeout: 5000 }, (error) => resolve(error === null));
  });

/**
 * Speaks to systemd where it asked for it (`NOTIFY_SOCKET`, `WATCHDOG_USEC`). The watchdog is fed from the daemon's
 * loop alone, at a third of its time: a loop that hangs starves it and systemd starts the agent anew.
 */
export function createWatchdog(env: Env, now: () => number, notify: Notify = systemdNotify): Watchdog {
  if (!env.NOTIFY_SOCKET) return { ready: async () => {}, turned: () => {}, stopping: async () => {} };
  // WATCHDOG_PID names another process where a wrapper was started first.
  const wanted = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(process.pid);
  const everyMs = wanted && env.WATCHDOG_USEC ? Number(env.WATCHDOG_USEC) / 1000 / 3 : undefined;
  let fedAt = Number.NEGATIVE_INFINITY;
  let underWay = false;
  return {
    async ready() {
      await notify(['--ready']);
      fedAt = now();
    },
    turned() {
      if (everyMs === undefined || underWay || now() - fedAt < everyMs) return;
      underWay = true;
      fedAt = now();
      void notify(['WATCHDOG=1']).finally(() => {
        underWay = false;
      });
    },
    async stopping() {
      await notify(['STOPPING=1']);
    },
  };
}
