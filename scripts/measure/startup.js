// What loading costs: the programs, and each package on its own, over fresh processes. The least is what the machine can
// do; the median is what it did beside its other work.
//   node scripts/measure/startup.js
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { machine, median, root, table } from './kit.js';

const rounds = 21;

function time(args) {
  const start = performance.now();
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`node ${args.join(' ')} ended with ${done.status}: ${done.stderr}`);
  return performance.now() - start;
}

const load = (name) => ['--input-type=module', '-e', `await import(${JSON.stringify(name)})`];
const packages = ['commander', '@inquirer/prompts', 'ora', 'undici', 'mqtt', 'yaml', 'chokidar', 'fastify', 'libsql'];
const programs = existsSync(join(root, 'dist/npm/ecpctl.js'))
  ? {
      'ecpctl --version': ['bin/ecpctl.js', '--version'],
      'ecpctl --help': ['bin/ecpctl.js', '--help'],
      'emqxee-agent --help': ['bin/emqxee-agent.js', '--help'],
    }
  : {};
const all = {
  'node -e 0': ['-e', '0'],
  'node, an empty ES module': ['--input-type=module', '-e', '0'],
  ...programs,
  ...Object.fromEntries(packages.map((name) => [`import '${name}'`, load(name)])),
};

console.log(`${machine()}, ${rounds} rounds in turn`);
const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, args] of Object.entries(all)) times[name].push(time(args));
const least = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, Math.min(...list)]));
table([
  ['process', 'least', 'over the bare start', 'median'],
  ...Object.entries(times).map(([name, list]) => {
    const base = least[name.startsWith('import') ? 'node, an empty ES module' : 'node -e 0'];
    return [name, ...[least[name], least[name] - base, median(list)].map((ms) => `${Math.round(ms)} ms`)];
  }),
]);
if (Object.keys(programs).length === 0) console.log('The programs were left out: build first (npm run build).');
