import type { Lang } from '../core/text.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The language for people: `--lang`, ECPCTL_LANG, LC_ALL, LC_MESSAGES, LANG, in this order; English otherwise. */
export function chooseLang(flag: string | undefined, env: Environment): Lang {
  const word = flag || env.ECPCTL_LANG || env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return /^zh/i.test(word) ? 'zh' : 'en';
}
