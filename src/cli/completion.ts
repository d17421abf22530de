import type { Command, Option, Options } from './command.ts';
import { flagName, takesValue } from './command.ts';
import type { Program } from './program.ts';
import type { Runtime } from './runtime.ts';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

export interface Candidate {
  readonly word: string;
  readonly help: string;
}

/** What may stand where the cursor is: words known from the definitions, or a completer to ask for live names. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly live: string | undefined;
  /** The shell may offer file names. */
  readonly files: boolean;
}

/** Completes the last of `words` (maybe empty), which stand behind the program's name. Pure: no network, no files. */
export function complete<C extends Runtime>(
  program: Program<C>,
  words: readonly string[],
  lang: 'en' | 'zh',
): Completion {
  const last = words.at(-1) ?? '';
  const { path, option, positional } = walk(program, words.slice(0, -1));
  if (option) return completeValue(option, last);
  const command = program.commands.find((one) => one.path.join(' ') === path.join(' '));
  if (last.startsWith('-')) return starting(last, flagsOf({ ...command?.options, ...program.globals }, lang));
  if (!command) return starting(last, nextWords(program, path, lang));
  const arg = command.args[Math.min(positional, command.args.length - 1)];
  const used = arg !== undefined && positional >= command.args.length && !arg.many;
  return {
    candidates: [],
    live: used ? undefined : arg?.complete,
    files: arg !== undefined && !used && arg.complete === undefined,
  };
}

function walk<C extends Runtime>(program: Program<C>, words: readonly string[]) {
  const path: string[] = [];
  const values: Record<string, string> = {};
  let key = '';
  let option: Option | undefined;
  let positional = 0;
  for (const word of words) {
    if (option) {
      values[key] = word;
      option = undefined;
      continue;
    }
    const command: Command<C> | undefined = program.commands.find((one) => one.path.join(' ') === path.join(' '));
    if (word.startsWith('-') && word.length > 1) {
      const [flag = '', glued] = word.split(/=(.*)/s, 2);
      const [name, found] = optionFor({ ...program.globals, ...command?.options }, flag) ?? [];
      if (name === undefined || !found || !takesValue(found)) continue;
      key = name;
      if (glued === undefined) option = found;
      else values[key] = glued;
      continue;
    }
    const longer = [...path, word];
    if (!command && program.commands.some((one) => longer.every((part, at) => one.path[at] === part))) path.push(word);
    else positional++;
  }
  return { path, option, positional, values };
}

function optionFor(options: Options, word: string): [string, Option] | undefined {
  return Object.entries(options).find(([key, option]) => word === `--${flagName(key)}` || word === `-${option.short}`);
}

/** Global options that the line already has: names must come from the server and the project that they name. */
export function givenGlobals<C extends Runtime>(
  program: Program<C>,
  words: readonly string[],
): Readonly<Record<string, string>> {
  const { values } = walk(program, words.slice(0, -1));
  return Object.fromEntries(Object.entries(values).filter(([key]) => program.globals[key]?.kind === 'text'));
}

function completeValue(option: Option, last: string): Completion {
  if (option.kind !== 'choice')
    return {
      candidates: [],
      live: option.complete,
      files: option.complete === undefined && /FILE|DIR|PATH/.test(option.value ?? ''),
    };
  return starting(
    last,
    option.choices.map((word) => ({ word, help: '' })),
  );
}

function nextWords<C extends Runtime>(program: Program<C>, path: readonly string[], lang: 'en' | 'zh'): Candidate[] {
  const found = new Map<string, string>();
  for (const command of program.commands) {
    const word = command.path[path.length];
    if (command.hidden || word === undefined || !path.every((part, at) => command.path[at] === part)) continue;
    const whole = command.path.length === path.length + 1;
    if (!found.has(word) || whole) found.set(word, whole ? command.summary[lang] : (program.nouns[word]?.[lang] ?? ''));
  }
  return [...found].map(([word, help]) => ({ word, help }));
}

function flagsOf(options: Options, lang: 'en' | 'zh'): Candidate[] {
  return Object.entries(options)
    .filter(([, option]) => !option.hidden)
    .map(([key, option]) => ({ word: `--${flagName(key)}`, help: option.help[lang] }));
}

function starting(last: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ word }) => word.startsWith(last)), live: undefined, files: false };
}

/**
 * The script for a shell. It asks the hidden command `__complete`, which answers `word<TAB>help` lines and, last, a
 * line `:files` where file names may be offered too.
 */
export function completionScript(shell: Shell, program: string): string {
  const name = program.replaceAll('-', '_');
  return scripts[shell].replaceAll('@PROGRAM@', program).replaceAll('@NAME@', name);
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for @PROGRAM@; load with: source <(@PROGRAM@ completion bash)
_@NAME@_complete() {
  local line files=
  COMPREPLY=()
  local cur=\${COMP_WORDS[COMP_CWORD]}
  # bash splits words at = and :, the program wants them whole: the words are taken from the line itself.
  local words
  read -ra words <<<"\${COMP_LINE:0:COMP_POINT}"
  [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  if [[ -n $files && \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F _@NAME@_complete @PROGRAM@
`,
  zsh: `#compdef @PROGRAM@
# zsh completion for @PROGRAM@; load with: source <(@PROGRAM@ completion zsh)
_@NAME@() {
  local -a found
  local line files=
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    local word=\${line%%$'\\t'*} help=\${line#*$'\\t'}
    found+=("\${word//:/\\\\:}\${help:+:$help}")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe '@PROGRAM@' found
  [[ -n $files ]] && _files
  return 0
}
compdef _@NAME@ @PROGRAM@
`,
  fish: `# fish completion for @PROGRAM@; load with: @PROGRAM@ completion fish | source
function __@NAME@_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    $words[1] __complete -- $words[2..-1] "$cur" 2>/dev/null | while read -l line
        if test "$line" = ":files"
            __fish_complete_path "$cur"
        else
            echo $line
        end
    end
end
complete -c @PROGRAM@ -f -a '(__@NAME@_complete)'
`,
  powershell: `# PowerShell completion for @PROGRAM@; load with: @PROGRAM@ completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName '@PROGRAM@' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '""' }
    & $commandAst.CommandElements[0].ToString() __complete -- @words 2>$null | Where-Object { $_ -ne ':files' } | ForEach-Object {
        $word, $help = $_ -split "\`t", 2
        if (-not $help) { $help = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
    }
}
`,
};
