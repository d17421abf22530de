import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeBlob } from '../../scripts/agent-file/blob.ts';

const code = Buffer.from('console.log("集群");\n');

it('writes the section as Node does', (context) => {
  // Node 20 to 22 have the layout without the byte for further arguments; the pinned bases themselves are asked by
  // `npm run test:agent-file`.
  if (Number(process.versions.node.split('.')[0]) > 22) context.skip('this Node has another layout');
  const dir = mkdtempSync(join(tmpdir(), 'blob-'));
  try {
    writeFileSync(join(dir, 'emqxee-agent.cjs'), code);
    const config = { main: 'emqxee-agent.cjs', output: 'blob', disableExperimentalSEAWarning: true };
    writeFileSync(join(dir, 'sea.json'), JSON.stringify(config));
    const result = spawnSync(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: dir });
    expect(result.status).toBe(0);
    expect(writeBlob(code, { bits: 64, execArgv: false }).equals(readFileSync(join(dir, 'blob')))).toBe(true);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('writes lengths as wide as the target has them', () => {
  const wide = writeBlob(code, { bits: 64, execArgv: true });
  const narrow = writeBlob(code, { bits: 32, execArgv: false });
  expect(wide.length - narrow.length).toBe(4 + 4 + 1);
  expect(narrow.readUInt32LE(8)).toBe('emqxee-agent.cjs'.length);
  expect(narrow.readUInt32LE(12 + 16)).toBe(code.length);
  expect(narrow.subarray(-code.length).equals(code)).toBe(true);
});
