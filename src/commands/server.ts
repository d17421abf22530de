import { existsSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import type { Runtime } from '../cli/runtime.ts';
import { serverDefaults } from '../contract/server-defaults.ts';
import { Failure, reasonOf, usage } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { logOptions, readLogOptions } from './server-logs.ts';
import { mqttOptions, readAdvertised, readMqtt } from './server-mqtt.ts';
import { readAddress, readGiven, readUrl } from './server-values.ts';

const { host, httpPort } = serverDefaults;

export const server = defineCommand<Runtime>()({
  path: ['server'],
  summary: {
    en: 'Run an embedded ECP: the same API, for trying, testing and small sites',
    zh: '运行内嵌的 ECP 服务：相同的 API，用于试用、测试和小型站点',
  },
  description: {
    en: `Hosted clusters are simulated; managed clusters, their agents, logs and the tunnel are real. The first start makes the
user "admin", an organization and a project, both named "default".`,
    zh: `托管集群为模拟；纳管集群及其代理、日志和隧道均为真实。首次启动会创建用户“admin”以及名为“default”的组织和项目。`,
  },
  intent: 'local',
  options: {
    listen: {
      kind: 'text',
      value: 'HOST:PORT',
      fallback: `${host}:${httpPort}`,
      help: { en: 'Where the API listens; port 0 picks a free one', zh: 'API 监听地址；端口 0 表示自动选择' },
    },
    ...mqttOptions,
    dataDir: {
      kind: 'text',
      value: 'DIR',
      help: { en: 'Directory of the state (default: a directory of your own)', zh: '状态目录（默认为用户自己的目录）' },
    },
    ephemeral: {
      kind: 'flag',
      help: { en: 'Keep everything in memory; nothing is left behind', zh: '所有数据仅保存在内存中，不留痕迹' },
    },
    adminPasswordFile: {
      kind: 'text',
      value: 'FILE',
      help: {
        en: 'Password of "admin" for the first start; without it one is made and shown once',
        zh: '首次启动时“admin”的密码文件；未指定则生成并仅显示一次',
      },
    },
    readyFile: {
      kind: 'text',
      value: 'FILE',
      help: {
        en: 'Written as JSON with url, mqtt and pid once calls are taken',
        zh: '就绪后写入的 JSON 文件，包含 url、mqtt 和 pid',
      },
    },
    platform: {
      kind: 'choice',
      choices: ['kubernetes', 'docker'],
      value: 'PLATFORM',
      fallback: 'kubernetes',
      help: {
        en: 'What hosted clusters are taken to run on; docker offers less',
        zh: '托管集群所在的平台；docker 支持的操作较少',
      },
    },
    fault: {
      kind: 'text',
      many: true,
      value: 'OPERATION=WHAT',
      help: {
        en: 'What a hosted operation does instead: a duration, fail, fail-once, hang or degrade; * for all',
        zh: '托管操作的模拟行为：时长、fail、fail-once、hang 或 degrade；* 表示全部',
      },
    },
    advertiseUrl: {
      kind: 'text',
      value: 'URL',
      help: {
        en: 'Where agents reach the API, if not where it listens',
        zh: '代理访问 API 的地址（与监听地址不同时）',
      },
    },
    agentsDir: {
      kind: 'text',
      value: 'DIR',
      help: { en: "Directory of the agent's files, offered for download", zh: '代理文件目录，供下载' },
    },
    emqx4LimitPath: {
      kind: 'text',
      value: 'PATH',
      fallback: '/api/v4/dynamic_license',
      help: {
        en: 'Where EMQX 4.4 takes a connection limit; it is not published',
        zh: 'EMQX 4.4 设置连接数的接口路径（未公开）',
      },
    },
    licenseKey: {
      kind: 'text',
      value: 'FILE',
      help: {
        en: 'Public key (Ed25519, PEM) that license files are checked with',
        zh: '用于校验许可证文件的公钥（Ed25519，PEM）',
      },
    },
    ...logOptions,
  },
  examples: [
    { run: 'ecpctl server', help: { en: 'Keep the state in your own directory', zh: '将状态保存在用户自己的目录中' } },
    {
      run: 'ecpctl server --ephemeral --listen 127.0.0.1:0 --ready-file ready.json --fault scale=fail-once',
      help: {
        en: 'For a pipeline: a free port, and a scaling that fails the first time',
        zh: '用于流水线：自动选择端口，首次扩缩容失败',
      },
    },
  ],
  async run(context, { options }) {
    const { env, out, signal, clock } = context;
    if (options.ephemeral && options.dataDir !== undefined) {
      throw usage('--ephemeral and --data-dir exclude each other', '--ephemeral 与 --data-dir 不能同时使用');
    }
    const mqtt = await readMqtt(options, env);
    const dataDirectory = options.ephemeral ? undefined : (options.dataDir ?? ownDirectory(env));
    const { startServer, parseFaults, tokenLives } = await import('../server/main.ts');
    // A file of an earlier run would tell a waiting script of a server that is not there.
    if (options.readyFile !== undefined) rmSync(options.readyFile, { force: true });
    const running = await startServer({
      http: readAddress('--listen', options.listen, httpPort),
      mqtt,
      dataDirectory,
      adminPassword: readGiven(options.adminPasswordFile),
      onPassword: (password) => {
        // Not a note, which --quiet would swallow: it is told this once.
        out.warn(
          { en: 'password of "admin", shown this once: {password}', zh: '用户“admin”的密码（仅显示一次）：{password}' },
          { password },
        );
      },
      platform: options.platform ?? 'kubernetes',
      faults: parseFaults(options.fault ?? []),
      simulatedMs: 2000,
      heartbeatMs: 10_000,
      tokenLives,
      advertiseUrl: readUrl('--advertise-url', options.advertiseUrl, /^https?:$/),
      advertiseMqtt: readAdvertised(options),
      agentsDirectory: existingDirectory('--agents-dir', options.agentsDir),
      licenseKey: readGiven(options.licenseKey),
      emqx4LimitPath: readPath('--emqx4-limit-path', options.emqx4LimitPath),
      ...readLogOptions(options, env),
      clock,
      log: (level, message) => (level === 'info' ? out.note(message) : out.warn(message)),
      checkAnswers: false,
    });
    context.atExit(running.stop);
    out.note(
      { en: 'ECP at {url}, MQTT at {mqtt}', zh: 'ECP：{url}，MQTT：{mqtt}' },
      { url: running.url, mqtt: running.mqttUrl },
    );
    if (options.readyFile !== undefined) writeReady(options.readyFile, running);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    if (options.readyFile !== undefined) rmSync(options.readyFile, { force: true });
    // Being told to end is how a server ends: that is no failure.
    await running.stop();
  },
});

function writeReady(path: string, { url, mqttUrl }: { url: string; mqttUrl: string }): void {
  try {
    writeFileAtomic(path, `${JSON.stringify({ url, mqtt: mqttUrl, pid: process.pid })}\n`, {
      mode: 0o644,
      durable: false,
    });
  } catch (error) {
    throw new Failure('unusable_path', { path, reason: reasonOf(error) }, { cause: error });
  }
}

/** `$XDG_DATA_HOME/ecpctl-server`, by default below `~/.local/share`. */
function ownDirectory(env: Runtime['env']): string {
  return join(env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local', 'share'), 'ecpctl-server');
}

function existingDirectory(flag: string, path: string | undefined): string | undefined {
  if (path === undefined || existsSync(path)) return path;
  throw new Failure('invalid_value', { name: flag, reason: { en: `${path} does not exist`, zh: `${path} 不存在` } });
}

function readPath(flag: string, path: string | undefined): string | undefined {
  if (path === undefined || /^\/api\/v4\/[\w/-]+$/.test(path)) return path;
  throw new Failure('invalid_value', {
    name: flag,
    reason: { en: `"${path}" is not a path below /api/v4/`, zh: `“${path}”不是 /api/v4/ 之下的路径` },
  });
}
