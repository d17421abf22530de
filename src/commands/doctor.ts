import type { View } from '../cli/output.ts';
import { exit } from '../core/errors.ts';
import { command } from './define.ts';
import type { Finding } from './diagnosis.ts';

const view: View<Finding> = {
  name: (row) => row.check,
  columns: [
    { key: 'check', header: { en: 'CHECK', zh: '检查项' }, get: (row) => row.check },
    {
      key: 'result',
      header: { en: 'RESULT', zh: '结果' },
      get: ({ result }, lang) => words[result][lang],
      style: ({ result }) => ({ ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' })[result] as 'green',
    },
    { key: 'detail', header: { en: 'DETAIL', zh: '详情' }, get: (row, lang) => row.detail[lang] },
  ],
};

const words = {
  ok: { en: 'ok', zh: '正常' },
  warning: { en: 'warning', zh: '警告' },
  failed: { en: 'failed', zh: '失败' },
  skipped: { en: 'skipped', zh: '跳过' },
} as const;

export const doctor = command({
  path: ['doctor'],
  summary: { en: 'Find out why ECP cannot be used from here', zh: '诊断无法使用 ECP 的原因' },
  description: {
    en: 'Checks settings, name lookup, connection, certificate, clock, version, token and rights, one after the other. Ends with the exit code of the first that fails.',
    zh: '依次检查设置、域名解析、连接、证书、时钟、版本、令牌和权限，以首个失败项的退出码结束。',
  },
  intent: 'reads',
  examples: [{ run: 'ecpctl doctor', help: { en: 'With the settings in effect', zh: '使用当前设置' } }],
  async run(context) {
    const { diagnose } = await import('./diagnosis.ts');
    const findings = await diagnose(context);
    // Texts in both languages are for people; a script gets one.
    const rows = context.out.machine ? findings.map((one) => ({ ...one, detail: one.detail.en })) : findings;
    if (context.out.machine && context.out.format !== 'name') await context.out.data(rows);
    else await context.out.list(findings, view);
    return findings.find((one) => one.result === 'failed')?.exit ?? exit.done;
  },
});
