import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { writeFileAtomic } from '../../src/core/files.ts';
import type { Home } from '../config/home.ts';
import { unitName, unitPath } from './systemd.ts';
import { defaultConfigText, serviceUser, sysusersText, tmpfilesText, unitText } from './unit.ts';

/** Where the guides put the program (contract: ecp.md section 4). */
export const programPath = '/usr/local/bin/emqxee-agent';
const sysusersPath = '/etc/sysusers.d/emqxee-agent.conf';
const tmpfilesPath = '/etc/tmpfiles.d/emqxee-agent.conf';
const wantsPath = `/etc/systemd/system/multi-user.target.wants/${unitName}`;

/** What an installation does outside of files; a test holds it. Resolves false where the command failed or is missing. */
export type Run = (command: string, args: readonly string[]) => Promise<boolean>;

export const runCommand: Run = (command, args) =>
  new Promise((resolve) => {
    execFile(command, [...args], { timeout: 60_000 }, (error) => resolve(error === null));
  });

export interface InstallOptions {
  readonly home: Home;
  /** '' or the directory of an image that is being built; nothing is run there. */
  readonly root: string;
  readonly systemd: boolean;
  /** How this program is started. */
  readonly command: { readonly file: string; readonly args: readonly string[] };
  readonly logDirectory: string | undefined;
  readonly run: Run;
}

export interface Installed {
  /** What ExecStart runs. */
  readonly command: readonly string[];
  /** Sentences about what an administrator has to do by hand. */
  readonly todo: readonly string[];
}

/** Puts program, home and service in place. Can be repeated: settings and state that are there stay. */
export async function install(options: InstallOptions): Promise<Installed> {
  const { home, root, systemd, run } = options;
  const at = (path: string) => join(root, path);
  try {
    const command = placeProgram(options);
    placeHome(home, root);
    if (!systemd) return { command, todo: [] };
    const access = await logAccess(options);
    writeFileAtomic(at(sysusersPath), sysusersText(home), { mode: 0o644 });
    writeFileAtomic(at(tmpfilesPath), tmpfilesText(home), { mode: 0o644 });
    writeFileAtomic(at(unitPath), unitText({ home, command, groups: access.groups }), { mode: 0o644 });
    if (root !== '') {
      enableInImage(at(wantsPath));
      return { command, todo: access.todo };
    }
    const todo = [...access.todo];
    const must = async (tool: string, args: readonly string[]) => {
      if (!(await run(tool, args))) todo.push(`this failed and has to be repeated by hand: ${tool} ${args.join(' ')}`);
    };
    await must('systemd-sysusers', [sysusersPath]);
    await must('systemd-tmpfiles', ['--create', tmpfilesPath]);
    await must('systemctl', ['daemon-reload']);
    await must('systemctl', ['enable', unitName]);
    if (options.logDirectory && access.acl) {
      // The user exists only now. New files get the right from the directory's default.
      const rights = `u:${serviceUser}:rX`;
      await must('setfacl', ['-R', '-m', rights, '-d', '-m', rights, options.logDirectory]);
    }
    return { command, todo };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('failed', { reason: reasonOf(error) });
  }
}

/** The single file goes to its place in one step; a program of npm stays where npm has put it. */
function placeProgram({ root, command }: InstallOptions): readonly string[] {
  if (command.args.length > 0) return [command.file, ...command.args.map((path) => realpathSync(path))];
  const target = join(root, programPath);
  if (existsSync(target) && realpathSync(target) === realpathSync(command.file)) return [programPath];
  mkdirSync(dirname(target), { recursive: true });
  // Not onto the file itself: it may be running, and then cannot be written.
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    copyFileSync(command.file, temporary);
    chmodSync(temporary, 0o755);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  return [programPath];
}

function placeHome(home: Home, root: string): void {
  for (const path of [home.root, dirname(home.config), home.state, home.logDirectory]) {
    mkdirSync(join(root, path), { recursive: true, mode: path === home.state ? 0o700 : 0o750 });
  }
  const config = join(root, home.config);
  if (!existsSync(config)) writeFileSync(config, defaultConfigText(home), { mode: 0o640 });
}

/** How the agent's user comes to read EMQX's logs: by the group of the directory, else by an ACL. */
async function logAccess({ logDirectory, root, run }: InstallOptions) {
  const directory = logDirectory === undefined ? undefined : join(root, logDirectory);
  const none = { groups: [] as string[], acl: false };
  if (directory === undefined || !existsSync(directory)) {
    const todo = 'when it is to ship logs, install again with --log-dir once that directory is there';
    return { ...none, todo: [todo] };
  }
  const { mode, gid } = statSync(directory);
  const group = groupName(join(root, '/etc/group'), gid);
  const groupReads = (mode & 0o050) === 0o050 && gid !== 0 && group !== undefined;
  if (groupReads) return { groups: [group], acl: false, todo: [] };
  if ((mode & 0o005) === 0o005) return { ...none, todo: [] };
  if (root === '' && (await run('setfacl', ['--version']))) return { ...none, acl: true, todo: [] };
  return {
    ...none,
    todo: [
      `user ${serviceUser} cannot read ${logDirectory}; allow it with: setfacl -R -m u:${serviceUser}:rX -d -m u:${serviceUser}:rX ${logDirectory}`,
    ],
  };
}

function groupName(file: string, gid: number): string | undefined {
  if (!existsSync(file)) return undefined;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name, , id] = line.split(':');
    if (id === String(gid)) return name;
  }
  return undefined;
}

function enableInImage(link: string): void {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(unitPath, link);
}

export interface UninstallOptions {
  readonly home: Home;
  readonly root: string;
  readonly systemd: boolean;
  /** Also removes the home with all settings, state and logs, and the user. */
  readonly purge: boolean;
  readonly run: Run;
}

/** Takes away what `install` has put there; settings and state stay without `purge`. Can be repeated. */
export async function uninstall({ home, root, systemd, purge, run }: UninstallOptions): Promise<void> {
  const at = (path: string) => join(root, path);
  try {
    const live = systemd && root === '' && !home.moved;
    // An agent with a home of its own has no service, and leaves that of others alone.
    if (!home.moved) {
      const wasUnit = existsSync(at(unitPath));
      if (live && wasUnit) await run('systemctl', ['disable', '--now', unitName]);
      const placed = [unitPath, wantsPath, sysusersPath, tmpfilesPath, programPath];
      for (const path of placed) rmSync(at(path), { force: true });
      if (live && wasUnit) await run('systemctl', ['daemon-reload']);
    }
    if (!purge) return;
    rmSync(at(home.root), { recursive: true, force: true });
    removeIfEmpty(dirname(at(home.socket)), [home.socket, home.pidFile].map(at));
    if (live) await run('userdel', [serviceUser]);
  } catch (error) {
    throw new Failure('failed', { reason: reasonOf(error) });
  }
}

function removeIfEmpty(directory: string, files: readonly string[]): void {
  for (const file of files) rmSync(file, { force: true });
  try {
    rmdirSync(directory);
  } catch {
    // Not there, or somebody else's files are in it.
  }
}
