import { expect, test } from 'vitest';
import { program } from '../../../agent/commands/index.ts';
import { main } from '../../../agent/main.ts';
import { golden } from '../../support/golden.ts';
import { helpPages } from '../../support/help-pages.ts';
import { fakeHost } from '../../support/host.ts';

test.each(['en', 'zh'] as const)('every page of help, in %s', async (lang) => {
  const text = await helpPages(program, async (args) => {
    const host = fakeHost([...args, '--lang', lang]);
    expect([await main(host), host.stderrText()], args.join(' ')).toEqual([0, '']);
    return host.stdoutText();
  });
  golden(`emqxee-agent/help.${lang}.txt`, text);
});
