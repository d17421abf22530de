import type { Options } from './command.ts';
import { formats } from './output.ts';

/** How results are shown and in which language; both programs have these. */
export const outputGlobals = {
  output: {
    kind: 'choice',
    short: 'o',
    choices: formats,
    value: 'FORMAT',
    fallback: 'table',
    help: { en: 'Format of the result', zh: '结果的格式' },
  },
  query: {
    kind: 'text',
    value: 'EXPRESSION',
    help: { en: 'Pick from the result with a JMESPath expression', zh: '用 JMESPath 表达式从结果中选取' },
  },
  columns: {
    kind: 'text',
    value: 'A,B,...',
    help: { en: 'Columns of the table', zh: '表格的列' },
  },
  headers: {
    kind: 'flag',
    negatable: true,
    help: { en: 'Show the head of the table', zh: '显示表头' },
  },
  color: {
    kind: 'choice',
    choices: ['auto', 'always', 'never'],
    value: 'WHEN',
    fallback: 'auto',
    help: { en: 'Use colours', zh: '是否使用颜色' },
    env: 'NO_COLOR',
  },
  lang: {
    kind: 'choice',
    choices: ['en', 'zh'],
    value: 'LANG',
    help: { en: 'Language of help and messages', zh: '帮助和消息的语言' },
    env: 'ECPCTL_LANG, LC_ALL, LANG',
  },
  quiet: { kind: 'flag', help: { en: 'Say nothing but errors and warnings', zh: '只输出错误和警告' } },
  debug: {
    kind: 'flag',
    help: { en: 'Say on stderr what is done, without secrets', zh: '在 stderr 输出调试信息（不含机密）' },
  },
} as const satisfies Options;
