import { describe, expect, it } from 'vitest';
import { homeAt } from '../../../agent/config/home.ts';
import { complete } from '../../../agent/config/load.ts';
import { parseConfig } from '../../../agent/config/parse.ts';
import { Failure } from '../../../src/core/errors.ts';

const home = homeAt('/data/agent', '/');

function refusal(yaml: string): string {
  try {
    complete(parseConfig(yaml, 'agent.yaml'), home);
  } catch (error) {
    if (error instanceof Failure && error.exit === 78) return error.message.replace(/^\S+: /, '');
    throw error;
  }
  throw new Error('it was accepted');
}

describe('agent.yaml', () => {
  it('takes the published file and moves its paths with the home', () => {
    const config = complete(
      parseConfig(
        `agent:
    logger:
        mode: file
        level: warn
        file: /opt/emqxee-agent/log/agent.log
    heartbeat:
        interval: 10s
    monitoring:
        interval: 10s
        exporter_url: http://127.0.0.1:8085
`,
        'agent.yaml',
      ),
      home,
    );
    expect(config.logger).toMatchObject({ mode: 'file', level: 'warn', file: '/data/agent/log/agent.log' });
    expect(config.heartbeatMs).toBe(10_000);
    expect(config.monitoring).toEqual({ intervalMs: 10_000, exporterUrl: 'http://127.0.0.1:8085' });
  });

  it.each([
    ['', 'nothing'],
    ['# only a comment\n', 'a comment'],
    ['agent:\n', 'an empty section'],
    ['agent:\n  logger:\n  heartbeat:\n', 'empty sections'],
  ])('takes %j (%s) as all defaults', (yaml) => {
    expect(complete(parseConfig(yaml, 'agent.yaml'), home)).toEqual(complete({}, home));
  });

  it.each([
    [
      'agent:\n  logger:\n    levle: warn\n',
      'line 3: agent.logger.levle is not a setting; allowed here: mode, level, file, format, max_size, max_files',
    ],
    [
      'agent:\n  logger:\n    level: loud\n',
      'line 3: agent.logger.level must be one of debug, info, warn, error, not "loud"',
    ],
    ['agnt:\n  logger: {}\n', 'line 1: agnt is not a setting; allowed here: agent'],
    [
      'agent:\n  heartbeat:\n    interval: soon\n',
      'line 3: agent.heartbeat.interval must be a duration such as 500ms, 10s or 1h30m; a bare number is seconds, not "soon"',
    ],
    ['agent:\n  heartbeat: {interval: 100ms}\n', 'agent.heartbeat.interval must lie between 1s and 1d, not 100ms'],
    ['agent:\n  logger:\n  - a\n', 'line 2: agent.logger must be a mapping of settings, not a list or mapping'],
    ['agent:\n  logs:\n    gzip: "yes"\n', 'line 3: agent.logs.gzip must be true or false, not "yes"'],
    [
      'agent:\n  logs:\n    redact: ["(unclosed"]\n',
      'agent.logs.redact: Invalid regular expression: /(unclosed/: Unterminated group',
    ],
    [
      'agent:\n  health:\n    listen: 0.0.0.0:80\n',
      'line 3: agent.health.listen must be a loopback address and port such as 127.0.0.1:8087, not "0.0.0.0:80"',
    ],
    ['agent:\n  logger: {level: warn\n', /^line \d: /],
    ['agent:\n  logger:\n    level: warn\n    level: info\n', 'line 4: Map keys must be unique'],
    ['just a text', /must be a mapping of settings/],
  ])('refuses %j in a sentence', (yaml, sentence) => {
    const said = refusal(yaml);
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
  });

  it('refuses a bomb of aliases', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `x${at + 1}: &x${at + 1} [${`*x${at}, `.repeat(9)}*x${at}]`);
    expect(refusal(`x0: &x0 a\n${levels.join('\n')}\n`)).toMatch(/alias/i);
  });

  it.each([
    ['512KiB', 512 * 1024],
    ['1.5M', 1.5 * 1024 * 1024],
    [20_000, 20_000],
  ])('reads the size %s', (size, bytes) => {
    const config = complete(parseConfig(`agent: {logger: {max_size: ${size}}}`, 'agent.yaml'), home);
    expect(config.logger.maxBytes).toBe(bytes);
  });
});

describe('the home', () => {
  it('keeps the published places where none is given', () => {
    expect(homeAt(undefined, '/')).toMatchObject({
      root: '/opt/emqxee-agent',
      config: '/opt/emqxee-agent/etc/agent.yaml',
      socket: '/run/emqxee-agent/control.sock',
    });
  });

  it('refuses a socket path that the system would cut', () => {
    expect(homeAt(`/${'a'.repeat(82)}`, '/').socket).toHaveLength(100);
    expect(() => homeAt(`/${'a'.repeat(83)}`, '/')).toThrow(/100 bytes/);
    // Bytes, not letters.
    expect(() => homeAt(`/${'数'.repeat(30)}`, '/')).toThrow(/100 bytes/);
  });
});
