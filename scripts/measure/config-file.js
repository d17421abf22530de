// What conf does with a settings file that is damaged, that holds a secret, or that two processes write at once, and with
// a program that wants to end by itself on Ctrl-C.
//   node scripts/measure/config-file.js
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, inTemporary, machine, median, table } from './kit.js';

const rows = [['settings file', 'what conf does']];
const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return `throws ${error.name}: ${error.message.split('\n')[0]}`;
  }
};

await inTemporary(async (cwd) => {
  // Found from the folder, because it is no package of ours.
  const { default: Conf } = await import(install(cwd, 'conf@15').resolve('conf'));
  const open = (configName, more = {}) => new Conf({ cwd, configName, projectName: 'ecpctl', ...more });
  const path = (name) => join(cwd, `${name}.json`);

  open('mode').set('token', 'secret');
  rows.push(['mode of a file with a token, as it comes', `0${(statSync(path('mode')).mode & 0o777).toString(8)}`]);
  open('closed', { configFileMode: 0o600 }).set('token', 'secret');
  rows.push(['with configFileMode 0600', `0${(statSync(path('closed')).mode & 0o777).toString(8)}`]);

  const damaged = '{"contexts":{"plant":{"url":"https://ecp"}},';
  writeFileSync(path('damaged'), damaged);
  rows.push(['damaged, as it comes', attempt(() => `reads ${JSON.stringify(open('damaged').store)}`)]);
  const cleared = attempt(() => {
    open('damaged', { clearInvalidConfig: true }).set('a', 1);
    return 'opens';
  });
  const kept = readFileSync(path('damaged'), 'utf8').includes('plant');
  rows.push(['damaged, with clearInvalidConfig', `${cleared}; what it held is ${kept ? 'kept' : 'gone'}`]);

  writeFileSync(path('shared'), '{}');
  const writer = `import Conf from 'conf'; const [cwd, name] = process.argv.slice(1);
    const conf = new Conf({ cwd, configName: 'shared', projectName: 'ecpctl' });
    for (let n = 0; n < 50; n++) conf.set(name + n, n);`;
  const both = ['a', 'b'].map((name) =>
    once(spawn(process.execPath, ['--input-type=module', '-e', writer, cwd, name], { cwd, stdio: 'inherit' }), 'exit'),
  );
  await Promise.all(both);
  const left = Object.keys(JSON.parse(readFileSync(path('shared'), 'utf8'))).length;
  rows.push(['two processes that set 50 keys each', `${left} of 100 are in the file afterwards`]);

  // The order of a program that loads its settings lazily.
  const loading = (line) =>
    median(
      Array.from({ length: 11 }, () => {
        const start = performance.now();
        spawnSync(process.execPath, ['--input-type=module', '-e', line], { cwd });
        return performance.now() - start;
      }),
    );
  rows.push(['loading it', `${Math.round(loading("await import('conf')") - loading('0'))} ms`]);

  const program = (line) => `
    process.once('SIGINT', () => setTimeout(() => process.exit(130), 100)); // closes first; a second Ctrl-C ends it
    ${line} setTimeout(() => {}, 10_000); console.log('ready');`;
  for (const [name, line] of Object.entries({ without: '', with: `await import('conf');` })) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(line)], { cwd });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const [code, signal] = await once(child, 'exit');
    rows.push([
      `one Ctrl-C, ${name} conf, to a program that closes down on the first`,
      signal ? `killed by ${signal} at once` : `ends with ${code}`,
    ]);
  }
});
console.log(machine());
table(rows);
