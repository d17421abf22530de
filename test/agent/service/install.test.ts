import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt } from '../../../agent/config/home.ts';
import { parseConfig } from '../../../agent/config/parse.ts';
import { type InstallOptions, install, uninstall } from '../../../agent/service/install.ts';
import { defaultConfigText, sysusersText, tmpfilesText, unitText } from '../../../agent/service/unit.ts';

const home = homeAt(undefined, '/');
let image: string;
let single: string;
beforeEach(() => {
  image = mkdtempSync(join(tmpdir(), 'image-'));
  single = join(image, 'downloaded');
  writeFileSync(single, 'the program');
  mkdirSync(join(image, 'etc'));
  writeFileSync(join(image, 'etc/group'), 'root:x:0:\nemqx:x:4711:\n');
});
afterEach(() => rmSync(image, { recursive: true }));

const options = (more: Partial<InstallOptions> = {}): InstallOptions => ({
  home,
  root: image,
  systemd: true,
  command: { file: single, args: [] },
  logDirectory: undefined,
  run: async () => true,
  ...more,
});
const read = (path: string) => readFileSync(join(image, path), 'utf8');
const files = () =>
  readdirSync(image, { recursive: true, encoding: 'utf8' })
    .filter((name) => !statSync(join(image, name), { throwIfNoEntry: false })?.isDirectory())
    .sort();

const have = (tool: string) => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('install', () => {
  it('puts program, settings and an enabled service into an image', async () => {
    const { command, todo } = await install(options());
    expect(command).toEqual(['/usr/local/bin/emqxee-agent']);
    expect(todo).toEqual(['when it is to ship logs, install again with --log-dir once that directory is there']);
    expect(read('usr/local/bin/emqxee-agent')).toBe('the program');
    expect(statSync(join(image, 'usr/local/bin/emqxee-agent')).mode & 0o777).toBe(0o755);
    expect(read('etc/systemd/system/emqxee-agent.service')).toContain('ExecStart=/usr/local/bin/emqxee-agent run\n');
    expect(readlinkSync(join(image, 'etc/systemd/system/multi-user.target.wants/emqxee-agent.service'))).toBe(
      '/etc/systemd/system/emqxee-agent.service',
    );
    expect(parseConfig(read('opt/emqxee-agent/etc/agent.yaml'), 'agent.yaml')).toMatchObject({
      agent: { logger: { level: 'warn' } },
    });
  });

  it('changes nothing the second time, and keeps settings that were changed', async () => {
    await install(options());
    writeFileSync(join(image, 'opt/emqxee-agent/etc/agent.yaml'), 'agent: {}\n');
    const before = files().map((name) => [name, existsSync(join(image, name)) && read(name)]);
    await install(options());
    expect(files().map((name) => [name, existsSync(join(image, name)) && read(name)])).toEqual(before);
  });

  it('replaces an older program, also from itself', async () => {
    await install(options());
    writeFileSync(single, 'a newer program');
    await install(options());
    expect(read('usr/local/bin/emqxee-agent')).toBe('a newer program');
    await install(options({ command: { file: join(image, 'usr/local/bin/emqxee-agent'), args: [] } }));
    expect(read('usr/local/bin/emqxee-agent')).toBe('a newer program');
  });

  it.runIf(process.getuid?.() === 0)("gives the service the group that may read EMQX's logs", async () => {
    const logs = join(image, 'var/log/emqx');
    mkdirSync(logs, { recursive: true });
    chmodSync(logs, 0o750);
    chownSync(logs, 4711, 4711);
    expect((await install(options({ logDirectory: '/var/log/emqx' }))).todo).toEqual([]);
    expect(read('etc/systemd/system/emqxee-agent.service')).toContain('\nSupplementaryGroups=emqx\n');
    chmodSync(logs, 0o700);
    const { todo } = await install(options({ logDirectory: '/var/log/emqx' }));
    expect(read('etc/systemd/system/emqxee-agent.service')).not.toContain('SupplementaryGroups');
    expect(todo).toEqual([
      expect.stringMatching(/^user emqxee-agent cannot read \/var\/log\/emqx; allow it with: setfacl/),
    ]);
  });

  it('leaves the service out where there is no systemd', async () => {
    await install(options({ systemd: false }));
    expect(files().filter((name) => name.includes('systemd'))).toEqual([]);
    expect(files()).toContain('usr/local/bin/emqxee-agent');
  });

  it('runs nothing for an image', async () => {
    const commands: string[] = [];
    const run = async (command: string) => {
      commands.push(command);
      return true;
    };
    await install(options({ run }));
    await uninstall({ home, root: image, systemd: true, purge: true, run });
    expect(commands).toEqual([]);
  });
});

describe('uninstall', () => {
  it('takes away what install has put there and keeps settings and state', async () => {
    const before = files();
    await install(options());
    await uninstall({ home, root: image, systemd: true, purge: false, run: async () => true });
    expect(files().filter((name) => !before.includes(name))).toEqual(['opt/emqxee-agent/etc/agent.yaml']);
  });

  it('leaves nothing with --purge, also the second time', async () => {
    const before = files();
    await install(options());
    writeFileSync(join(image, 'opt/emqxee-agent/var/registration.json'), '{"token":"secret"}');
    for (const _ of [1, 2]) {
      await uninstall({ home, root: image, systemd: true, purge: true, run: async () => true });
      expect(files()).toEqual(before);
    }
  });

  it('of an agent with a home of its own leaves the service alone', async () => {
    await install(options());
    const before = files();
    const own = homeAt('/data/agent', '/');
    mkdirSync(join(image, 'data/agent/var'), { recursive: true });
    await uninstall({ home: own, root: image, systemd: true, purge: true, run: async () => true });
    expect(files()).toEqual(before);
    expect(existsSync(join(image, 'data/agent'))).toBe(false);
  });
});

describe('the unit', () => {
  it('quotes what systemd would split or expand', () => {
    const text = unitText({ home, command: ['/opt/my node/bin/node', '/a/100%/$x.js'], groups: [] });
    expect(text).toContain('\nExecStart="/opt/my node/bin/node" /a/100%%/$$x.js run\n');
  });

  it('is what systemd takes', ({ skip }) => {
    if (!have('systemd-analyze')) skip('systemd-analyze is not installed');
    const unit = join(image, 'emqxee-agent.service');
    // Verify looks for the program and the user of this machine.
    const here = unitText({ home, command: [process.execPath], groups: [] }).replace(/^(User|Group)=.*/gm, '$1=root');
    writeFileSync(unit, here);
    // Complaints come on stderr with exit code 0 where systemd would ignore a line.
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', unit], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(said).toBe('');
    const complaints = execFileSync(
      'sh',
      ['-c', 'systemd-analyze verify --man=no "$0" 2>&1 | grep emqxee-agent || true', unit],
      { encoding: 'utf8' },
    );
    expect(complaints).toBe('');
  });

  it('is hardened as well as a program with a JIT can be', ({ skip }) => {
    if (!have('systemd-analyze')) skip('systemd-analyze is not installed');
    const unit = join(image, 'emqxee-agent.service');
    writeFileSync(unit, unitText({ home, command: ['/usr/local/bin/emqxee-agent'], groups: [] }));
    let said: string;
    try {
      said = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit], {
        encoding: 'utf8',
      });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      if (/unrecognized|Unknown/i.test(stderr)) skip('this systemd-analyze knows no --offline');
      said = stdout;
    }
    const [, score = '10'] = /Overall exposure level for emqxee-agent\.service: ([\d.]+)/.exec(said) ?? [];
    expect(Number(score), said).toBeLessThanOrEqual(1.5);
  });

  it('comes with a user and directories that systemd makes', ({ skip }) => {
    if (!have('systemd-sysusers') || !have('systemd-tmpfiles'))
      skip('systemd-sysusers or systemd-tmpfiles is not installed');
    if (process.getuid?.() !== 0) skip('only root can make users in an image');
    writeFileSync(join(image, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
    mkdirSync(join(image, 'etc/sysusers.d'));
    mkdirSync(join(image, 'etc/tmpfiles.d'));
    writeFileSync(join(image, 'etc/sysusers.d/emqxee-agent.conf'), sysusersText(home));
    writeFileSync(join(image, 'etc/tmpfiles.d/emqxee-agent.conf'), tmpfilesText(home));
    execFileSync('systemd-sysusers', [`--root=${image}`, 'emqxee-agent.conf'], { stdio: 'ignore' });
    expect(read('etc/passwd')).toMatch(/^emqxee-agent:.*:\/opt\/emqxee-agent:.*nologin$/m);
    mkdirSync(join(image, 'opt'), { recursive: true });
    execFileSync('systemd-tmpfiles', [`--root=${image}`, '--create', 'emqxee-agent.conf'], { stdio: 'ignore' });
    const [, uid] = /^emqxee-agent:x:(\d+):/m.exec(read('etc/passwd')) ?? [];
    const state = statSync(join(image, 'opt/emqxee-agent/var'));
    expect([state.uid, state.mode & 0o777]).toEqual([Number(uid), 0o700]);
    const top = statSync(join(image, 'opt/emqxee-agent'));
    expect([top.uid, top.mode & 0o777]).toEqual([0, 0o750]);
  });

  it('writes settings that the agent itself accepts', () => {
    expect(() => parseConfig(defaultConfigText(home), 'agent.yaml')).not.toThrow();
  });
});
