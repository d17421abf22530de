import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/ecpctl.js', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shells-'));
  writeFileSync(join(folder, 'ecpctl'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  chmodSync(join(folder, 'ecpctl'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function missing(shell: string): boolean {
  const gone = spawnSync(shell, ['--version']).error !== undefined;
  if (gone) console.log(`skipped: ${shell} is not installed here`);
  return gone;
}

function sh(shell: string, args: readonly string[], script: string): string[] {
  const env = {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    HOME: folder,
    ECP_CONFIG_DIR: folder,
    ECPCTL_KEYRING: 'off',
    LANG: 'C.UTF-8',
  };
  return execFileSync(shell, [...args, script], { env, encoding: 'utf8', cwd: folder })
    .split('\n')
    .filter(Boolean);
}

describe.skipIf(missing('bash'))('bash', () => {
  const press = (line: string) =>
    sh(
      'bash',
      ['--norc', '-c'],
      `source <(ecpctl completion bash)
      COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; read -ra COMP_WORDS <<<"$COMP_LINE"
      [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      eval "$(complete -p ecpctl | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
      printf '%s\\n' "\${COMPREPLY[@]}"`,
    );

  it('completes commands, verbs, options and choices', () => {
    expect(press('ecpctl wh')).toEqual(['whoami']);
    expect(press('ecpctl context ')).toEqual(expect.arrayContaining(['list', 'use', 'show', 'delete']));
    expect(press('ecpctl scale --repl')).toEqual(['--replicas']);
    expect(press('ecpctl -o ')).toEqual(['table', 'wide', 'json', 'yaml', 'ndjson', 'name']);
    expect(press('ecpctl nonsense x')).toEqual([]);
  });

  it('offers files where files are wanted', () => {
    writeFileSync(join(folder, 'ca.pem'), '');
    expect(press('ecpctl list --ca-file ca')).toEqual(['ca.pem']);
  });
});

describe.skipIf(missing('zsh'))('zsh', () => {
  // The completion system needs a terminal; its two functions that we call are stood in for.
  const press = (words: string) =>
    sh(
      'zsh',
      ['-f', '-c'],
      `compdef() {}; _files() { print FILES }
      _describe() { local one; for one in "\${(@P)2}"; do print -r -- "\${\${one//\\\\:/;}%%:*}"; done }
      source <(ecpctl completion zsh)
      words=(${words}); CURRENT=\${#words}; _ecpctl`,
    );

  it('completes commands, verbs, options and choices', () => {
    expect(press("ecpctl 'wh'")).toEqual(['whoami']);
    expect(press("ecpctl context ''")).toEqual(expect.arrayContaining(['list', 'use', 'show', 'delete']));
    expect(press("ecpctl scale '--repl'")).toEqual(['--replicas']);
    expect(press("ecpctl list --ca-file ''")).toEqual(['FILES']);
  });
});

describe.skipIf(missing('fish'))('fish', () => {
  const press = (line: string) =>
    sh('fish', ['--no-config', '-c'], `ecpctl completion fish | source; complete --do-complete '${line}'`).map(
      (one) => one.split('\t')[0],
    );

  it('completes commands, verbs, options and choices', () => {
    expect(press('ecpctl wh')).toEqual(['whoami']);
    expect(press('ecpctl context ')).toEqual(expect.arrayContaining(['list', 'use', 'show', 'delete']));
    expect(press('ecpctl scale --repl')).toEqual(['--replicas']);
  });

  it('shows the help beside the word', () => {
    expect(
      sh('fish', ['--no-config', '-c'], `ecpctl completion fish | source; complete --do-complete 'ecpctl whoam'`),
    ).toEqual([expect.stringMatching(/^whoami\t\w+/)]);
  });
});

describe.skipIf(missing('pwsh'))('PowerShell', () => {
  it('completes commands', () => {
    const script = `ecpctl completion powershell | Out-String | Invoke-Expression; (TabExpansion2 'ecpctl wh' 9).CompletionMatches.CompletionText`;
    expect(sh('pwsh', ['-NoProfile', '-Command'], script)).toEqual(['whoami']);
  });
});
