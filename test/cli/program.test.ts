import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/run.ts';
import { golden } from '../support/golden.ts';
import type { FakeHostOptions } from '../support/host.ts';
import { fakeHost } from '../support/host.ts';
import { kettle, seen } from './fixture.ts';

async function run(line: string | readonly string[], options: FakeHostOptions = {}) {
  const host = fakeHost(typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line, options);
  const exit = await runProgram(kettle, host);
  return { exit, out: host.stdoutText(), err: host.stderrText() };
}

describe('help', () => {
  it.each([
    ['--help', 'program'],
    ['pot --help', 'group'],
    ['pot fill --help', 'command'],
    ['help pot fill', 'command'],
    ['help leaves', 'topic'],
  ])('%s reads the same as its golden file, in both languages', async (line, name) => {
    const en = await run(line);
    const zh = await run(`--lang zh ${line}`);
    expect([en.exit, en.err, zh.exit, zh.err]).toEqual([0, '', 0, '']);
    golden(`cli/help-${name}.en.txt`, en.out);
    golden(`cli/help-${name}.zh.txt`, zh.out);
  });

  it('shows the overview where nothing is asked for, and calls a noun without a verb a usage error', async () => {
    expect((await run('')).out).toBe((await run('--help')).out);
    const { exit, out, err } = await run('pot');
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain('pot list');
  });

  it('takes the language from the environment, LC_ALL before LANG', async () => {
    expect((await run('--help', { env: { LANG: 'en_US.UTF-8', LC_ALL: 'zh_CN.UTF-8' } })).out).toContain('泡茶');
    expect((await run('--help', { env: { LANG: 'zh_CN.UTF-8', ECPCTL_LANG: 'en' } })).out).toContain('Make tea');
  });

  it('prints the version', async () => {
    expect((await run('--version')).out).toMatch(/^kettle \d+\.\d+\.\d+\n$/);
  });
});

describe('parsing', () => {
  it('delivers what the definition says', async () => {
    expect(
      (
        await run(
          '--quiet pot fill x a b -n 5 --within 1m30s --tea black --note p --note=q --no-wait --enableLog False',
        )
      ).exit,
    ).toBe(0);
    expect(seen.input).toEqual({
      args: { kind: 'x', pots: ['a', 'b'] },
      options: {
        litres: 5,
        within: 90_000,
        tea: 'Black',
        note: ['p', 'q'],
        wait: false,
        enableLog: false,
        inner: undefined,
      },
    });
    expect(seen.globals).toMatchObject({ quiet: true, debug: undefined });
  });

  it('leaves undefined what was not given, negatable flags too', async () => {
    await run('pot fill x --enable-log');
    expect(seen.input).toMatchObject({
      args: { kind: 'x' },
      options: { litres: undefined, wait: undefined, note: undefined, enableLog: true },
    });
  });

  it.each([
    ['pot fil', 2, 'unknown command "pot fil"', 'kettle pot fill'],
    ['zzz', 2, 'unknown command "zzz"', 'kettle --help'],
    ['--lang zh -o json zzz', 2, '"code":"unknown_command","message":"unknown command \\"zzz\\""', 'kettle --help'],
    ['--foo', 2, 'unknown option "--foo"', 'kettle --help'],
    ['pot fill x --litre 3', 2, 'unknown option "--litre"', '--litres'],
    ['pot fill', 2, 'missing argument: KIND', 'kettle pot fill --help'],
    ['pot fill x --litres', 2, '--litres', 'a value must follow'],
    ['pot fill x --litres 8', 2, '--litres: "8" is not a whole number from 1 to 7', ''],
    ['pot fill x --litres 1e0', 2, '"1e0" is not a whole number', ''],
    ['pot fill x --within soon', 2, '"soon" is not a duration', ''],
    ['pot fill x --tea red', 2, '"red" is none of: green, Black', ''],
    ['pot fill x --enable-log=perhaps', 2, 'neither true nor false', ''],
    ['pot get', 2, 'missing argument: POT', ''],
    ['pot get a b', 2, 'too many arguments', ''],
    ['help nonsense', 2, 'unknown command "nonsense"', ''],
    ['completion tcsh', 2, '"tcsh" is none of', ''],
  ])('%s', async (line, exit, message, hint) => {
    const result = await run(line);
    expect([result.exit, result.out]).toEqual([exit, '']);
    expect(result.err).toContain(message);
    expect(result.err).toContain(hint);
  });

  it('hands everything behind a passing command on, dashes and --help included', async () => {
    const { out } = await run(['call', '-o', 'json', 'GET', '--help', '-x', '--', 'y']);
    expect(JSON.parse(out)).toEqual(['GET', '--help', '-x', '--', 'y']);
  });
});

describe('results', () => {
  it.each(['table', 'wide', 'json', 'yaml', 'ndjson', 'name'])('a list as %s', async (format) => {
    golden(`cli/list.${format}.txt`, (await run(`pot list -o ${format}`)).out);
  });

  it('one thing as details, json and columns', async () => {
    golden('cli/item.table.txt', (await run('pot get b --lang zh')).out);
    expect(JSON.parse((await run('pot get b -o json')).out)).toEqual({ id: 'aaaaaaaa0002', name: 'b', litres: 12 });
    expect((await run('pot get b --columns ID,name --no-headers')).out).toBe('aaaaaaaa0002  b\n');
  });

  it('refuses columns that are not there and names those that are', async () => {
    const { exit, out, err } = await run('pot list --columns colour');
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain('name, litres, id');
  });

  it('picks with JMESPath, and says null where nothing is found', async () => {
    expect((await run(['pot', 'list', '-o', 'json', '--query', '[?litres > `10`].name'])).out).toBe('[\n  "b"\n]\n');
    expect((await run('pot list -o json --query [0].none')).out).toBe('null\n');
    expect((await run('pot list -o json --query [')).exit).toBe(2);
  });

  it('fits a narrow terminal, where a Chinese letter takes two columns', async () => {
    const { out } = await run('pot list -o wide --color never', { terminal: 28 });
    golden('cli/list.narrow.txt', out);
  });

  it('colours a terminal, but not under NO_COLOR, a dumb one, or a pipe', async () => {
    const csi = '\u001b[';
    expect((await run('pot list', { terminal: 80 })).out).toContain(csi);
    expect((await run('pot list', { terminal: 80, env: { NO_COLOR: '1' } })).out).not.toContain(csi);
    expect((await run('pot list', { terminal: 80, env: { TERM: 'dumb' } })).out).not.toContain(csi);
    expect((await run('pot list')).out).not.toContain(csi);
    expect((await run('pot list --color always')).out).toContain(csi);
  });
});

describe('failures', () => {
  it('leave stdout empty and say one line and the next step', async () => {
    const { exit, out, err } = await run('pot get nope');
    expect([exit, out, err]).toEqual([4, '', 'error: pot "nope" not found\n']);
  });

  it('are an object in English where JSON was asked for', async () => {
    const { exit, out, err } = await run('pot get nope -o json --lang zh');
    expect([exit, out]).toEqual([4, '']);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'not_found', message: 'pot "nope" not found', hint: '', exit: 4 },
    });
  });

  it('that are faults of ours say so, without secrets and without a stack', async () => {
    const { exit, err } = await run('break');
    expect(exit).toBe(1);
    expect(err).toContain('a fault in kettle itself: no handle, password=******');
    expect(err).not.toContain('hunter');
    expect(err.split('\n')).toHaveLength(3);
    expect((await run('break --debug')).err).toContain('at ');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a wait with its exit code and closes what was opened', async (signal, exit) => {
    const host = fakeHost(['boil']);
    const running = runProgram(kettle, host);
    setTimeout(() => host.kill(signal), 10);
    expect(await running).toBe(exit);
    expect(host.stderrText()).toContain('off');
  });

  it('a spinner beside us finds our listener still there, and so does not end the process before we have said what goes on', async () => {
    const host = fakeHost(['boil']);
    const running = runProgram(kettle, host);
    let seen = 0;
    const spinner = () => {
      seen = host.listeners('SIGINT');
    };
    host.on('SIGINT', spinner);
    setTimeout(() => host.kill('SIGINT'), 10);
    expect(await running).toBe(130);
    expect(seen).toBe(2);
    expect(host.listeners('SIGINT')).toBe(1);
  });

  it('a reader that leaves early is no failure', async () => {
    const host = fakeHost(['boil']);
    const running = runProgram(kettle, host);
    host.stdout.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    expect(await running).toBe(0);
  });

  it('what a server put into a message cannot drive the terminal', async () => {
    const { err } = await run(['pot', 'get', '\u001b]0;owned\u0007x']);
    expect(err).not.toContain('\u001b');
    expect(err).not.toContain('\u0007');
  });
});

describe('completion', () => {
  const words = async (...line: string[]) =>
    (await run(['__complete', '--', ...line])).out
      .split('\n')
      .filter(Boolean)
      .map((one) => one.split('\t')[0]);

  it('offers commands, nouns, verbs, options, choices and live names', async () => {
    expect(await words('')).toEqual(['pot', 'boil', 'break', 'call', 'completion']);
    expect(await words('p')).toEqual(['pot']);
    expect(await words('pot', '')).toEqual(['list', 'get', 'fill']);
    expect(await words('pot', 'fill', '--w')).toEqual(['--within', '--wait']);
    expect(await words('pot', 'fill', '--tea', '')).toEqual(['green', 'Black']);
    expect(await words('-o', 'json', 'pot', 'get', '')).toEqual(['b', 'c']);
    expect(await words('pot', 'get', 'c')).toEqual(['c']);
    expect(await words('pot', 'get', 'c', '')).toEqual([]);
    expect(await words('pot', 'fill', '')).toEqual([':files']);
    expect(await words('completion', 'z')).toEqual(['zsh']);
  });

  it('never offers what is hidden', async () => {
    expect(await words('pot', 'fill', '--i')).toEqual([]);
    expect(await words('_')).toEqual([]);
  });
});
