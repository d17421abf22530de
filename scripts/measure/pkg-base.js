// Can pkg make a single file where only the package registry is reached? It needs a base binary from elsewhere.
//   node scripts/measure/pkg-base.js
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { install, inTemporary, machine, table } from './kit.js';

const targets = ['node22-linuxstatic-x64', 'node22-linuxstatic-arm64', 'node22-linuxstatic-armv7'];

await inTemporary((folder) => {
  const require = install(folder, '@yao-pkg/pkg@6');
  const { version, engines } = require('@yao-pkg/pkg/package.json');
  console.log(`${machine()}; @yao-pkg/pkg ${version}, which asks for Node ${engines.node}`);
  writeFileSync(join(folder, 'main.js'), 'console.log("started")');
  const rows = [['target', 'result', 'first complaint']];
  for (const target of targets) {
    const output = join(folder, target);
    const command = [join(folder, 'node_modules/.bin/pkg'), 'main.js', '--target', target, '--output', output];
    const env = { ...process.env, PKG_CACHE_PATH: join(folder, 'cache') };
    const done = spawnSync(process.execPath, command, { cwd: folder, env, encoding: 'utf8', timeout: 120_000 });
    const words = stripVTControlCharacters(`${done.stdout}${done.stderr}`).match(/error.*?:/i)?.[0] ?? '';
    const made = existsSync(output)
      ? `${Math.round(statSync(output).size / 2 ** 20)} MiB`
      : `none (exit ${done.status ?? done.signal})`;
    rows.push([target, made, words]);
  }
  table(rows);
});
