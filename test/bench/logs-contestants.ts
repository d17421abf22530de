import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogSettings } from '../../agent/logs/types.ts';
import { type Contestant, sinkPort } from './logs-measure.ts';

interface InputFile {
  readonly directory: string;
  readonly path: string;
  readonly lines: number;
}

interface Ground {
  readonly root: string;
  /** Where the configurations of the peers lie. */
  readonly rig: string;
  readonly harness: string;
  readonly files: { readonly text: InputFile; readonly json: InputFile };
}

/** Ourselves first, then whoever is installed. `SYSLOG_NG_ROOT`: an unpacked syslog-ng, for Debian lets only one in. */
export function contestants(ground: Ground): Contestant[] {
  const { files } = ground;
  const ours = [
    us(ground, 'emqxee-agent text', files.text, false),
    us(ground, 'emqxee-agent text gzip', files.text, true),
    us(ground, 'emqxee-agent JSON', files.json, false),
    us(ground, 'emqxee-agent JSON gzip', files.json, true),
  ];
  const [first, ...rest] = ours;
  return [...(first ? [first] : []), ...peers(ground), ...rest];
}

function us({ root, harness }: Ground, name: string, file: InputFile, gzip: boolean): Contestant {
  return {
    name,
    file,
    prepare: () => {
      const stateDirectory = mkdtempSync(join(root, 'state-'));
      const settings: LogSettings = {
        directory: file.directory,
        include: [],
        exclude: [],
        clusterId: 'a1b2c3d4e5f6',
        agentId: '0b8e9a52-5b7e-4d0f-9c55-0e1f4b6a7c8d',
        agentVersion: '0.1.0',
        nodeName: 'emqx@127.0.0.1',
        target: {
          urls: [`http://127.0.0.1:${sinkPort}`],
          username: 'logs',
          password: 'logs',
          index: 'emqx',
          ca: undefined,
          insecure: false,
        },
        fields: {},
        redact: [],
        gzip,
      };
      const config = join(stateDirectory, 'config.json');
      writeFileSync(config, JSON.stringify({ stateDirectory, settings }));
      return { command: process.execPath, args: [harness, config] };
    },
  };
}

function peers({ root, rig, files }: Ground): Contestant[] {
  const found: Contestant[] = [];
  const configure = (name: string, replacements: Readonly<Record<string, string>>) => {
    let text = readFileSync(join(rig, 'peers', name), 'utf8');
    for (const [place, value] of Object.entries(replacements)) text = text.replaceAll(place, value);
    const directory = mkdtempSync(join(root, 'peer-'));
    const path = join(directory, name);
    writeFileSync(path, text.replaceAll('@RIG@/run/rs', directory));
    return { directory, path };
  };
  const isThere = (command: string) => !spawnSync(command, ['--version']).error;
  const rsyslog = ['/usr/sbin/rsyslogd', 'rsyslogd'].find(isThere);
  if (rsyslog) {
    found.push({
      name: 'rsyslog',
      file: files.text,
      prepare: () => {
        const { directory, path } = configure('rsyslog.conf', { '@FILE@': files.text.path });
        return { command: rsyslog, args: ['-n', '-f', path, '-i', join(directory, 'pid')] };
      },
    });
  }
  const unpacked = process.env.SYSLOG_NG_ROOT;
  const syslogNg = unpacked ? join(unpacked, 'usr/sbin/syslog-ng') : ['/usr/sbin/syslog-ng', 'syslog-ng'].find(isThere);
  if (syslogNg && (!unpacked || existsSync(syslogNg))) {
    const libraries = unpacked
      ? ['usr/lib/x86_64-linux-gnu', 'usr/lib/syslog-ng', 'usr/lib'].map((path) => join(unpacked, path)).join(':')
      : undefined;
    found.push({
      name: 'syslog-ng, parsing',
      file: files.text,
      prepare: () => {
        const { directory, path } = configure('syslog-ng.conf', {
          '@FILE@': files.text.path,
          '@PARSER@': 'parser(p_emqx);',
        });
        const state = ['-R', 'persist', '-c', 'ctl', '-p', 'pid'].map((word) =>
          word.startsWith('-') ? word : join(directory, word),
        );
        const modules = unpacked ? ['--module-path', join(unpacked, 'usr/lib/syslog-ng/3.38')] : [];
        return {
          command: syslogNg,
          args: ['-F', '--no-caps', '-f', path, ...modules, ...state],
          ...(libraries === undefined ? {} : { env: { LD_LIBRARY_PATH: libraries } }),
        };
      },
    });
  }
  if (isThere('fluent-bit')) {
    found.push({
      name: 'fluent-bit, parsing',
      file: files.text,
      prepare: () => ({ command: 'fluent-bit', args: fluentBit(mkdtempSync(join(root, 'peer-')), files.text.path) }),
    });
  }
  for (const name of ['rsyslog', 'syslog-ng', 'fluent-bit']) {
    if (!found.some((peer) => peer.name.startsWith(name))) console.log(`without ${name}: not installed here`);
  }
  return found;
}

/** Fluent Bit with a regular expression for time, level and text. */
function fluentBit(directory: string, file: string): string[] {
  const parsers = join(directory, 'parsers.conf');
  writeFileSync(
    parsers,
    '[PARSER]\n    Name emqx\n    Format regex\n    Regex ^(?<time>\\S+) \\[(?<level>\\w+)\\] (?<message>.*)$\n',
  );
  const config = join(directory, 'fluent-bit.conf');
  writeFileSync(
    config,
    [
      `[SERVICE]\n    Flush 1\n    Log_Level error\n    Parsers_File ${parsers}`,
      `[INPUT]\n    Name tail\n    Path ${file}\n    Read_from_Head On\n    Parser emqx\n    Buffer_Chunk_Size 512k\n    Buffer_Max_Size 1M\n    Mem_Buf_Limit 50M`,
      `[OUTPUT]\n    Name es\n    Match *\n    Host 127.0.0.1\n    Port ${sinkPort}\n    Index emqx\n    Suppress_Type_Name On\n    Workers 2`,
    ].join('\n'),
  );
  return ['-c', config];
}
