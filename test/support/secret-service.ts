import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is missing for a real Secret Service on a bus of our own, as a sentence; undefined where nothing is. */
export function secretServiceMissing(): string | undefined {
  const programs = ['dbus-daemon', 'gnome-keyring-daemon', 'secret-tool'];
  const gone = programs.filter((one) => spawnSync(one, ['--version'], { stdio: 'ignore' }).error !== undefined);
  if (process.platform !== 'linux') return 'a Secret Service is a thing of Linux';
  if (gone.length > 0) return `the real Secret Service is tested where there are ${gone.join(', ')}`;
  return keyringPackageMissing();
}

export function keyringPackageMissing(): string | undefined {
  if (process.platform !== 'linux') return 'a hanging bus is a thing of Linux';
  try {
    createRequire(import.meta.url)('@napi-rs/keyring');
    return undefined;
  } catch {
    return 'the optional package @napi-rs/keyring is not installed';
  }
}

export interface SecretService {
  /** Environment of a program that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** All it holds for `ecpctl`, as `secret-tool` shows it; empty where there is nothing. */
  dump(): string;
  /** Starts its daemon anew; locked, where no password is given. */
  restart(password?: string): Promise<void>;
  stop(): Promise<void>;
}

/** GNOME's keyring, unlocked, on a session bus that nobody else is on and that starts no programs by itself. */
export async function startSecretService(): Promise<SecretService> {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  const config = join(folder, 'bus.conf');
  mkdirSync(join(folder, 'run'), { mode: 0o700 });
  writeFileSync(
    config,
    `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  );
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, 'run'),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus`,
  };
  const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(bus.stdout, 'data');
  const tool = (...args: string[]) => spawnSync('secret-tool', args, { env, encoding: 'utf8', timeout: 10_000 });
  let daemon: ChildProcess | undefined;
  const end = async () => {
    if (!daemon) return;
    const gone = once(daemon, 'exit');
    daemon.kill();
    await gone;
    daemon = undefined;
  };
  const restart = async (password?: string) => {
    await end();
    const unlock = password === undefined ? [] : ['--unlock'];
    daemon = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...unlock], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    daemon.stdin?.end(password);
    // It says nowhere that it has its name on the bus; until it has, a search ends with an error.
    for (let tries = 0; tool('search', 'service', 'nothing').stderr.includes('not provided'); tries++) {
      if (tries > 200) throw new Error('gnome-keyring-daemon does not come up');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  await restart('a password');
  return {
    env,
    dump: () => {
      const { stdout, stderr } = tool('search', '--all', 'service', 'ecpctl');
      return stdout + stderr;
    },
    restart,
    async stop() {
      await end();
      bus.kill();
      await once(bus, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A bus that takes connections and never says a word: what a keyring behind it does, it does forever. */
export async function startSilentBus(): Promise<{ env: Record<string, string>; stop(): void; connections(): number }> {
  const folder = mkdtempSync(join(tmpdir(), 'bus-'));
  const path = join(folder, 'bus');
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => {});
    socket.resume();
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` },
    connections: () => connections,
    stop() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
