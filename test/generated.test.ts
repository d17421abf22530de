import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { program as agent } from '../agent/commands/index.ts';
import { completionScript } from '../src/cli/completion.ts';
import { referencePage } from '../src/cli/reference.ts';
import { program as ecpctl } from '../src/commands/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const files: [string, () => string][] = [
  ['completions/ecpctl.bash', () => completionScript('bash', 'ecpctl')],
  ['completions/_ecpctl', () => completionScript('zsh', 'ecpctl')],
  ['completions/ecpctl.fish', () => completionScript('fish', 'ecpctl')],
  ['completions/ecpctl.ps1', () => completionScript('powershell', 'ecpctl')],
  ['docs/reference/ecpctl.md', () => referencePage(ecpctl, 'en')],
  ['docs/reference/ecpctl.zh.md', () => referencePage(ecpctl, 'zh')],
  ['docs/reference/emqxee-agent.md', () => referencePage(agent, 'en')],
  ['docs/reference/emqxee-agent.zh.md', () => referencePage(agent, 'zh')],
];

it.each(files)('%s is what the definitions make of it (UPDATE_GOLDEN=1 writes it anew)', (name, make) => {
  const path = join(root, name);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, make());
  }
  expect(readFileSync(path, 'utf8')).toBe(make());
});
