import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Packages that only work needs, never a page of help. */
const heavy = ['undici', '@inquirer', 'ora', 'yaml', 'mqtt', 'chokidar', '@jmespath-community', 'ajv', '@napi-rs'];
const heavyBuiltins = ['http', 'https', 'tls', 'zlib', 'crypto'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'startup-'));
  writeFileSync(
    join(folder, 'hooks.mjs'),
    `import { writeSync } from 'node:fs';
export async function load(url, context, next) { writeSync(2, 'LOAD ' + url + '\\n'); return next(url, context); }\n`,
  );
  writeFileSync(
    join(folder, 'watch.mjs'),
    `import { register } from 'node:module';
import { writeSync } from 'node:fs';
register('./hooks.mjs', import.meta.url);
const before = new Set(process.moduleLoadList);
process.on('exit', () => { for (const one of process.moduleLoadList) if (!before.has(one)) writeSync(2, 'BUILTIN ' + one + '\\n'); });\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Packages and built-in modules that a command line loads. */
async function loads(program: string, args: readonly string[]) {
  const { stderr } = await run(process.execPath, [
    '--import',
    join(folder, 'watch.mjs'),
    join(root, 'bin', program),
    ...args,
  ]);
  const outputs = JSON.parse(readFileSync(join(root, 'dist/meta.json'), 'utf8')) as Record<
    string,
    { inputs: Record<string, unknown> }
  >;
  const files = [...stderr.matchAll(/^LOAD (file:.*)$/gm)].map(([, url = '']) => fileURLToPath(url));
  const inputs = files.flatMap((file) => Object.keys(outputs[file.slice(root.length)]?.inputs ?? {}));
  const packages = new Set(
    inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]).filter((name) => name !== undefined),
  );
  const builtins = [...stderr.matchAll(/^BUILTIN NativeModule (\w+)$/gm)].map(([, name]) => name);
  return { files: files.length, inputs: inputs.length, packages: [...packages].sort(), builtins };
}

describe('start-up', () => {
  it.each([
    ['ecpctl.js', ['--version']],
    ['ecpctl.js', ['--help']],
    ['emqxee-agent.js', ['--help']],
  ])('%s %j loads nothing that only work needs', async (program, args) => {
    const { files, inputs, packages, builtins } = await loads(program, args);
    // The counts prove that something was measured at all.
    expect(inputs).toBeGreaterThan(0);
    expect(files).toBeLessThan(32);
    expect(packages.filter((name) => heavy.some((one) => name === one || name.startsWith(`${one}/`)))).toEqual([]);
    expect(builtins.filter((name) => heavyBuiltins.includes(name ?? ''))).toEqual([]);
  });
});
