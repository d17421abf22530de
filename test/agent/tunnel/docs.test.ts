import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { refusalPause } from '../../../agent/emqx/credentials.ts';
import { frameKinds, tunnelErrors, tunnelLimits } from '../../../src/contract/frames.ts';

const page = readFileSync(new URL('../../../docs/tunnel.md', import.meta.url), 'utf8');
const row = (...cells: (string | number)[]) =>
  new RegExp(`^\\| *${cells.map((cell) => `${cell} *`).join('\\| *')}`, 'm');

it('docs/tunnel.md has the kinds, the limits and the errors of the code', () => {
  for (const [kind, byte] of Object.entries(frameKinds)) expect(page).toMatch(row(`\`${kind}\``, byte));
  for (const code of tunnelErrors) expect(page).toMatch(row(`\`${code}\``));
  const { frame, header, path, headerFields, chunk, window, atOnce, deadlineMs } = tunnelLimits;
  expect(page).toMatch(row('a frame', `${frame / 1024} KiB`));
  expect(page).toMatch(row('its header', `${header / 1024} KiB`));
  expect(page).toMatch(row('a path', `${path} characters`));
  expect(page).toMatch(row('header fields', headerFields));
  expect(page).toMatch(row('a piece of a body that we send', `${chunk / 1024} KiB`));
  expect(page).toMatch(row('pieces ahead of the receiver', window));
  expect(page).toMatch(row('exchanges of one agent at once', atOnce));
  expect(page).toMatch(row('a deadline', `${deadlineMs / 3_600_000} hour`));
  expect(page).toContain(`rests for ${refusalPause / 60_000} minutes`);
});
