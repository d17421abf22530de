import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { memoryPages } from '../../agent/logs/layout.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the compiled kernel is kept. */
export const target = join(root, 'agent/logs/kernel.generated.ts');

/** The text of `target`: both builds of agent/logs/kernel in base64. Throws what the compiler complains of. */
export async function compileKernel(): Promise<string> {
  const simd = await compile(['--enable', 'simd']);
  const plain = await compile(['--disable', 'simd']);
  return [
    '// Made by `npm run build:kernel` of agent/logs/kernel.',
    `export const simd =\n  '${simd}';`,
    `export const plain =\n  '${plain}';\n`,
  ].join('\n');
}

async function compile(features: readonly string[]): Promise<string> {
  const outputs = new Map<string, Uint8Array | string>();
  const pages = String(memoryPages);
  // Nothing is allocated and nothing thrown: no runtime is needed, and the memory is as large as the layout says.
  const shape = ['--runtime', 'stub', '--noAssert', '--initialMemory', pages, '--maximumMemory', pages];
  const { error, stderr } = await asc.main(
    ['agent/logs/kernel/main.ts', '-O3', ...shape, '--enable', 'bulk-memory', ...features, '-o', 'kernel.wasm'],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(join(root, base, name), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (name, contents) => {
        outputs.set(name, contents);
      },
      listFiles: () => [],
    },
  );
  const wasm = outputs.get('kernel.wasm');
  if (error || typeof wasm !== 'object' || stderr.toString() !== '') throw new Error(stderr.toString());
  return Buffer.from(wasm).toString('base64');
}
