const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof codes;
export type Paint = (text: string, style: Style) => string;

interface Target {
  readonly isTTY?: boolean | undefined;
}

/** `--color` wins, then NO_COLOR, FORCE_COLOR, a dumb terminal, then whether the stream is a terminal. */
export function painter(
  mode: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  target: Target,
): Paint {
  return usesColor(mode, env, target)
    ? (text, style) => (text === '' ? text : `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`)
    : (text) => text;
}

function usesColor(
  mode: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  target: Target,
): boolean {
  if (mode === 'always') return true;
  if (mode === 'never') return false;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return target.isTTY === true && env.TERM !== 'dumb';
}
