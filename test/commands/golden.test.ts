import { expect, test } from 'vitest';
import { reportOf } from '../../src/cli/report.ts';
import { program } from '../../src/commands/index.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { errors, Failure } from '../../src/core/errors.ts';
import { golden } from '../support/golden.ts';
import { helpPages } from '../support/help-pages.ts';
import type { Ecp } from './ecp.ts';
import { runEcpctl, startEcp } from './ecp.ts';

const nowhere = '/nonexistent';

test.each(['en', 'zh'] as const)('every page of help, in %s', async (lang) => {
  const text = await helpPages(program, async (args) => {
    const { code, stdout, stderr } = await runEcpctl([...args, '--lang', lang], nowhere);
    expect([code, stderr], args.join(' ')).toEqual([0, '']);
    return stdout;
  });
  golden(`ecpctl/help.${lang}.txt`, text);
});

test.each(['en', 'zh'] as const)('every error, in %s', (lang) => {
  const style = { program: 'ecpctl', lang, json: false, debug: false, paint: (text: string) => text };
  const text = Object.entries(errors).map(([code, row]) => {
    const places = [...`${row.text.en} ${'hint' in row ? row.hint.en : ''}`.matchAll(/\{(\w+)\}/g)].map(
      ([, name]) => name ?? '',
    );
    const values = Object.fromEntries(places.filter((name) => name !== 'program').map((name) => [name, `<${name}>`]));
    const { exit, text: said } = reportOf(new Failure(code as ErrorCode, values), style);
    // No place of a sentence stays unfilled.
    expect(said).not.toMatch(/\{\w+\}/);
    return `${code} (${exit})\n${said}`;
  });
  golden(`ecpctl/errors.${lang}.txt`, text.join('\n'));
});

/** Ids, times, ports and folders are different each time; what replaces them is as wide. */
async function normalizer(ecp: Ecp): Promise<(text: string) => string> {
  const { hostname, port } = new URL(ecp.server.url);
  const ids = new Set<string>();
  for (const args of [['list'], ['org', 'list'], ['project', 'list'], ['whoami']]) {
    for (const [id] of JSON.stringify(await ecp.json(args)).matchAll(/(?<=")[a-z0-9]{12}(?=")/g)) ids.add(id);
  }
  return (text) => {
    let out = text;
    for (const id of ids) out = out.replaceAll(id, 'id0123456789');
    return out
      .replaceAll(ecp.directory, '<directory>')
      .replaceAll(`${hostname}:${port}`, 'ecp.example.com')
      .replaceAll(`${hostname}-${port}`, 'ecp.example.com')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '2026-01-31 08:00:00')
      .replace(/[0-9a-f]{32}/g, 'token-token-token-token-token-to');
  };
}

const shown: readonly (readonly string[])[] = [
  ['list'],
  ['list', '-o', 'wide'],
  ['list', '--type', 'managed', '--no-headers'],
  ['get', 'plant-1'],
  ['get', '产线 7'],
  ['status', 'plant-1', '产线 7'],
  ['spec', 'list'],
  ['image', 'list'],
  ['license', 'show'],
  ['license', 'usage'],
  ['agent', 'list', '产线 7'],
  ['org', 'list'],
  ['project', 'list'],
  ['version'],
  ['whoami'],
  ['scale', 'plant-1', '--replicas', '2', '--dry-run'],
  ['delete', '产线 7'],
  ['scale', '产线 7', '--replicas', '2'],
  ['get', 'plant1'],
  ['logs', 'tail', '产线 7', '--no-follow'],
];

test('what tables and messages look like, in both languages and on a narrow terminal', async () => {
  const ecp = await startEcp();
  try {
    await ecp.json(['create', 'plant-1', '--wait']);
    await ecp.json(['register', '产线 7', '--service-address', 'http://10.0.0.7:18083']);
    const normalized = await normalizer(ecp);
    for (const lang of ['en', 'zh']) {
      let text = '';
      for (const args of shown) {
        const { code, stdout, stderr } = await ecp.run([...args, '--lang', lang]);
        text += `$ ecpctl ${args.join(' ')}\n${stdout}${stderr}=> ${code}\n\n`;
      }
      const narrow = await ecp.run(['list', '--lang', lang, '--color', 'never'], { terminal: 60 });
      golden(`ecpctl/tables.${lang}.txt`, normalized(`${text}# 60 columns\n${narrow.stdout}`));
    }
  } finally {
    await ecp.stop();
  }
});
