import { dirname, isAbsolute, join, relative } from 'node:path';
import { controlSocket } from '../../src/contract/control.ts';
import { Failure } from '../../src/core/errors.ts';

/** Where the published product lives (contract: ecp.md section 4). */
export const defaultHome = '/opt/emqxee-agent';

/** Every path of one agent. */
export interface Home {
  readonly root: string;
  /** Given with `--home`; a service manager knows the default home alone. */
  readonly moved: boolean;
  readonly config: string;
  /** What the agent keeps between starts: its id, the registration, ECP's metadata, checkpoints. */
  readonly state: string;
  readonly logDirectory: string;
  readonly pidFile: string;
  readonly socket: string;
}

/** Throws `unusable_path` where the control socket's path would be too long. */
export function homeAt(given: string | undefined, cwd: string): Home {
  const root = given === undefined ? defaultHome : isAbsolute(given) ? join(given) : join(cwd, given);
  // The published home has its own place for sockets, gone with the machine's start, as systemd wants it.
  const socket = given === undefined ? controlSocket.system : join(root, controlSocket.inHome);
  const home: Home = {
    root,
    moved: given !== undefined,
    config: join(root, 'etc/agent.yaml'),
    state: join(root, 'var'),
    logDirectory: join(root, 'log'),
    pidFile: join(dirname(socket), 'agent.pid'),
    socket,
  };
  // Linux keeps 108 bytes for a socket's path, and Node 20 cuts longer ones silently.
  if (Buffer.byteLength(home.socket) > controlSocket.longestPath) {
    throw new Failure(
      'unusable_path',
      {
        path: home.socket,
        reason: {
          en: `a socket's path may have ${controlSocket.longestPath} bytes at most`,
          zh: `套接字路径最多 ${controlSocket.longestPath} 字节`,
        },
      },
      { hint: { en: 'Choose a shorter --home', zh: '请选择更短的 --home' } },
    );
  }
  return home;
}

/**
 * A path out of agent.yaml: relative ones start at the home, and the published home's own paths move with it, so that
 * the published file serves every home unchanged.
 */
export function pathAt(home: Home, path: string): string {
  if (!isAbsolute(path)) return join(home.root, path);
  const inside = relative(defaultHome, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : join(home.root, inside);
}
