import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Families of files that a real EMQX wrote: folder, name of the set there, name that it gets in the demo. */
const sets = [
  ['v5.8.6-1MBx5', 'text.log', 'v5-text.log'],
  ['v5.8.6-1MBx5', 'json.log', 'v5-json.log'],
  ['v4.4.19/text-256KBx4', 'emqx.log', 'v4-text.log'],
  ['v4.4.19/json-256KBx4', 'emqx.log', 'v4-json.log'],
] as const;

/** Copies the real files beside the stand-in's own, each family under a name of its own; answers how many records they hold. */
export function copyRealLogs(root: string, directory: string): number | undefined {
  const source = join(root, '../shared/emqx-real/logs');
  if (!existsSync(source)) return undefined;
  let records = 0;
  for (const [folder, from, to] of sets) {
    const members = readdirSync(join(source, folder)).filter((name) => name.startsWith(`${from}.`));
    // The index comes first: it says which file is the current one.
    for (const name of members.sort((a, b) => Number(b.endsWith('.idx')) - Number(a.endsWith('.idx')))) {
      const path = join(source, folder, name);
      copyFileSync(path, join(directory, name.replace(from, to)));
      if (/\.\d+$/.test(name)) records += readFileSync(path, 'utf8').split('\n').length - 1;
    }
  }
  return records;
}
