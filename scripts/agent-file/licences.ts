import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundled } from './bundle.ts';

export interface NodeLicence {
  readonly version: string;
  /** The text that came with the binary; without one, the address of the text is given. */
  readonly text?: string | undefined;
}

/** One text with the licences of everything inside the files. The same Node in two files is told once. */
export function licences(root: string, nodes: readonly NodeLicence[], packages: readonly Bundled[]): string {
  const distinct = new Map(nodes.map((node) => [node.version, node]));
  const sections = [
    section('emqxee-agent (Apache-2.0)', ownText(root)),
    ...[...distinct.values()].map((node) =>
      section(
        `Node.js ${node.version} and what it contains`,
        node.text ?? `The text: https://github.com/nodejs/node/blob/v${node.version}/LICENSE`,
      ),
    ),
    ...packages.map((each) => section(`${each.name} ${each.version} (${each.license})`, textOf(each))),
  ];
  return sections.join('\n');
}

function section(title: string, text: string): string {
  return `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.trim()}\n`;
}

function ownText(root: string): string {
  const file = join(root, 'LICENSE');
  return existsSync(file)
    ? readFileSync(file, 'utf8')
    : 'Apache License 2.0: https://www.apache.org/licenses/LICENSE-2.0';
}

function textOf({ dir, license }: Bundled): string {
  const files = readdirSync(dir)
    .filter((name) => /^(licen[cs]e|copying|notice)\b/i.test(name))
    .sort();
  if (files.length === 0) return `The package carries no text of its licence; its package.json says: ${license}`;
  return files.map((name) => readFileSync(join(dir, name), 'utf8').trim()).join('\n\n');
}
