import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { arch, cpus, freemem, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AgentStatus } from '../../src/contract/control.ts';
import { reasonOf } from '../../src/core/errors.ts';
import { redactValue } from '../../src/core/redact.ts';
import { version } from '../../src/core/version.ts';
import type { Home } from '../config/home.ts';
import { StateStore } from '../config/state.ts';
import { Secrets } from './secrets.ts';
import { unitPath } from './systemd.ts';
import { type TarEntry, tar } from './tar.ts';

/** The end of a log is what matters. */
const logTailBytes = 512 * 1024;

export interface DiagSources {
  readonly home: Home;
  /** Undefined where the agent does not run. */
  readonly status: AgentStatus | undefined;
  readonly metrics: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * A gzipped tar with all that helps to find a fault, and `manifest.json` that lists it. Every text goes through
 * redaction twice: by what secrets look like, and by the secrets this agent has.
 */
export function diagBundle({ home, status, metrics, now }: DiagSources): { bundle: Buffer; files: readonly string[] } {
  const { secrets, registration } = known(home);
  const entries: TarEntry[] = [];
  const add = (name: string, text: string) => void entries.push({ name, content: Buffer.from(secrets.redact(text)) });
  const addFile = (name: string, path: string) => {
    try {
      add(name, tailOf(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') add(name, `not readable: ${reasonOf(error)}\n`);
    }
  };
  add('status.json', json(status ?? { running: false }));
  if (metrics !== undefined) add('metrics.txt', metrics);
  add('registration.json', json(registration));
  add('machine.json', json(machine()));
  add('home.txt', listing(home.root));
  addFile('agent.yaml', home.config);
  addFile('unit.service', unitPath);
  for (const name of namesIn(home.logDirectory)) addFile(`log/${name}`, join(home.logDirectory, name));
  const manifest = {
    program: 'emqxee-agent',
    version,
    madeAt: new Date(now).toISOString(),
    redacted: 'passwords, tokens, keys and credentials in URLs are replaced by ******',
    files: entries.map(({ name, content }) => ({
      name,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
  };
  entries.unshift({ name: 'manifest.json', content: Buffer.from(json(manifest)) });
  return { bundle: gzipSync(tar(entries, Math.floor(now / 1000))), files: entries.map(({ name }) => name) };
}

function known(home: Home): { secrets: Secrets; registration: unknown } {
  const secrets = new Secrets();
  try {
    const store = new StateStore(home);
    const registration = store.registration();
    if (!registration) return { secrets, registration: { registered: false } };
    const { token, emqx } = registration;
    secrets.add(token);
    secrets.add(emqx.password, emqx.username);
    secrets.add(emqx.apiSecret, emqx.apiKey);
    for (const text of textsIn(store.metadata(registration))) secrets.add(text.password, text.username);
    return { secrets, registration: redactValue(registration) };
  } catch (error) {
    return { secrets, registration: { unreadable: reasonOf(error) } };
  }
}

/** The objects in ECP's metadata that hold credentials. */
function textsIn(metadata: unknown): { username?: string; password?: string }[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  return Object.values(metadata).filter((value) => typeof value === 'object' && value !== null);
}

function machine() {
  return {
    platform: platform(),
    release: release(),
    arch: arch(),
    node: process.version,
    cpus: cpus().length,
    load: loadavg(),
    memory: { total: totalmem(), free: freemem() },
    uptimeSeconds: uptime(),
    osRelease: textIfAny('/etc/os-release'),
    cgroup: textIfAny('/proc/self/cgroup'),
    limits: textIfAny('/proc/self/limits'),
  };
}

function listing(root: string): string {
  const lines: string[] = [];
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    try {
      const { mode, uid, gid, size, mtime } = statSync(join(root, name));
      lines.push(`${mode.toString(8)} ${uid}:${gid} ${size} ${mtime.toISOString()} ${name}`);
    } catch (error) {
      lines.push(`? ${name} ${reasonOf(error)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.includes('.log'));
  } catch {
    return [];
  }
}

function tailOf(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, logTailBytes));
    const length = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.toString('utf8', 0, length);
    // The first line of a tail is half a line, and half a secret would not be recognised.
    return size > bytes.length ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(fd);
  }
}

function textIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
