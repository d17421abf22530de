import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Failure } from '../../src/core/errors.ts';
import type { Home } from '../config/home.ts';

export const unitName = 'emqxee-agent.service';
export const unitPath = `/etc/systemd/system/${unitName}`;

/** The agent as a service of systemd. Each call throws `failed` with what systemctl said. */
export interface SystemdService {
  start(): Promise<void>;
  stop(): Promise<void>;
  active(): Promise<boolean>;
}

/** Is systemd what runs this machine? The test is the one that systemd itself names in sd_booted(3). */
export function underSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** The service of this home, where `install` has made one and systemd is there to run it. */
export function systemdService(home: Home): SystemdService | undefined {
  if (home.moved || !underSystemd() || !existsSync(unitPath)) return undefined;
  return {
    start: () => systemctl('start', unitName),
    stop: () => systemctl('stop', unitName),
    active: () =>
      systemctl('is-active', '--quiet', unitName).then(
        () => true,
        () => false,
      ),
  };
}

export function systemctl(...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('systemctl', [...args], { timeout: 120_000 }, (error, _stdout, stderr) => {
      if (!error) return resolve();
      const reason = stderr.trim().split('\n').at(-1) || error.message;
      reject(new Failure('failed', { reason: `systemctl ${args[0]}: ${reason}` }, { cause: error }));
    });
  });
}
