import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { slimUndici } from '../bundle/slim-undici.js';

/** An npm package that ended up in the bundle. */
export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** SPDX expression of its package.json. */
  readonly license: string;
  readonly dir: string;
  /** Its key in package-lock.json. */
  readonly lockKey: string;
}

export interface Bundle {
  readonly code: Buffer;
  readonly packages: readonly Bundled[];
}

/**
 * The whole agent as one CommonJS script. A single file has no modules to load from disk: `import()` becomes a wrapper
 * in the same script, evaluated when it is first called, so what is lazy in the source stays lazy here.
 */
export async function bundleAgent(root: string, version: string): Promise<Bundle> {
  const result = await build({
    absWorkingDir: root,
    stdin: {
      contents: `import { main } from './agent/main.ts';
        main(process).then((code) => { process.exitCode = code; });`,
      resolveDir: root,
      sourcefile: 'emqxee-agent.ts',
      loader: 'ts',
    },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.11',
    define: { __VERSION__: JSON.stringify(version) },
    plugins: [slimUndici],
    alias: { '@inquirer/editor': './scripts/bundle/no-editor.js' },
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const [output] = result.outputFiles;
  if (!output) throw new Error('esbuild made no output');
  return { code: Buffer.from(output.contents), packages: packagesOf(root, usedInputs(result.metafile)) };
}

function usedInputs(metafile: { outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }> }) {
  return Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
}

function packagesOf(root: string, inputs: readonly string[]): Bundled[] {
  const dirs = new Set<string>();
  for (const input of inputs) {
    const dir = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (dir) dirs.add(dir);
  }
  return [...dirs]
    .map((dir) => {
      const { name, version, license } = JSON.parse(readFileSync(`${root}/${dir}/package.json`, 'utf8'));
      return { name, version, license, dir: `${root}/${dir}`, lockKey: dir.slice(dir.indexOf('node_modules/')) };
    })
    .sort((a, b) => (a.lockKey < b.lockKey ? -1 : 1));
}
