import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

type Room = 'contract' | 'core' | 'api' | 'cli' | 'commands' | 'server' | 'agent' | 'agent/commands';

/** Which rooms a room may import from, itself apart. */
const doors: Readonly<Record<Room, readonly Room[]>> = {
  contract: ['core'],
  core: ['contract'],
  api: ['contract', 'core'],
  cli: ['contract', 'core', 'api'],
  commands: ['contract', 'core', 'api', 'cli'],
  server: ['contract', 'core'],
  agent: ['contract', 'core'],
  'agent/commands': ['contract', 'core', 'cli', 'agent'],
};

/** Single files that may pass a door that is closed to their room. */
const passes: readonly { from: RegExp; to: RegExp; lazily?: true }[] = [
  { from: /^src\/commands\/server\.ts$/, to: /^src\/server\//, lazily: true },
  { from: /^agent\//, to: /^src\/api\/(agent|transport|failure|tls|trace|body|retry-policy)\.ts$/ },
  // The entry joins the commands with the program.
  { from: /^agent\/main\.ts$/, to: /^(src\/cli|agent\/commands)\// },
];

function roomOf(file: string): Room | undefined {
  const words = file.split('/');
  if (words[0] === 'src') return words[1] as Room;
  if (words[0] === 'agent') return words[1] === 'commands' ? 'agent/commands' : 'agent';
  return undefined;
}

interface Import {
  readonly target: string;
  readonly lazily: boolean;
}

function importsOf(text: string): Import[] {
  const fixed = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'"]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm),
  ];
  const lazy = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)];
  return [
    ...fixed.map((match) => ({ target: match[1] ?? match[2] ?? '', lazily: false })),
    ...lazy.map((match) => ({ target: match[1] ?? '', lazily: true })),
  ];
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function wrongImports(base: string): string[] {
  const wrong: string[] = [];
  for (const file of [...sources(join(base, 'src')), ...sources(join(base, 'agent'))]) {
    const from = relative(base, file).replaceAll('\\', '/');
    const room = roomOf(from);
    for (const { target, lazily } of importsOf(readFileSync(file, 'utf8'))) {
      if (!target.startsWith('.')) continue;
      const to = relative(base, resolve(dirname(file), target)).replaceAll('\\', '/');
      const other = roomOf(to);
      const open = room !== undefined && other !== undefined && (room === other || doors[room]?.includes(other));
      const pass = passes.some((one) => one.from.test(from) && one.to.test(to) && (lazily || !one.lazily));
      if (!open && !pass) wrong.push(`${from} imports ${to}`);
    }
  }
  return wrong;
}

describe('doors between rooms', () => {
  it('has no import through a closed door', () => {
    expect(wrongImports(root)).toEqual([]);
  });

  it('finds planted wrong imports', () => {
    const base = mkdtempSync(join(tmpdir(), 'doors-'));
    try {
      const plant = (file: string, text: string) => {
        mkdirSync(dirname(join(base, file)), { recursive: true });
        writeFileSync(join(base, file), text);
      };
      plant('src/core/a.ts', "import { x } from '../cli/x.ts';\n");
      plant('src/server/b.ts', "const daemon = await import('../../agent/daemon.ts');\n");
      plant('src/commands/list.ts', "const { start } = await import('../server/main.ts');\n");
      plant(
        'src/commands/server.ts',
        "import type { Started } from '../server/main.ts';\nimport {\n  start,\n} from '../server/main.ts';\n",
      );
      plant(
        'agent/daemon.ts',
        "import '../src/cli/output.ts';\nexport * from '../src/api/client.ts';\nimport { t } from '../src/api/transport.ts';\n",
      );
      plant(
        'agent/commands/run.ts',
        "import type { O } from '../../src/cli/output.ts';\nimport { d } from '../daemon.ts';\n",
      );
      expect(wrongImports(base).sort()).toEqual([
        'agent/daemon.ts imports src/api/client.ts',
        'agent/daemon.ts imports src/cli/output.ts',
        'src/commands/list.ts imports src/server/main.ts',
        'src/commands/server.ts imports src/server/main.ts',
        'src/commands/server.ts imports src/server/main.ts',
        'src/core/a.ts imports src/cli/x.ts',
        'src/server/b.ts imports agent/daemon.ts',
      ]);
    } finally {
      rmSync(base, { recursive: true });
    }
  });
});
