import { Failure } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import type { Options } from './command.ts';
import type { EcpContext } from './session.ts';

export const confirmOptions = {
  yes: { kind: 'flag', short: 'y', help: { en: 'Do not ask', zh: '不询问' } },
  confirm: {
    kind: 'text',
    value: 'NAME',
    help: {
      en: 'Confirm with the name of what is changed; needed in a protected context',
      zh: '用变更对象的名称确认；在受保护的上下文中必需',
    },
  },
} as const satisfies Options;

export interface Consent {
  readonly yes?: boolean | undefined;
  readonly confirm?: string | undefined;
}

export interface Change {
  /** What is about to be done, as a noun: `stopping plant-1`. */
  readonly action: Text;
  /** What a name confirms. */
  readonly name: string;
  /**
   * `harmless` is asked for in a protected context alone, `interrupts` also elsewhere, `destroys` wants the name
   * everywhere.
   */
  readonly weight: 'harmless' | 'interrupts' | 'destroys';
}

/** @throws Failure confirmation_required where nobody may be asked, interrupted where the person says no. */
export async function confirmChange(context: EcpContext, change: Change, given: Consent): Promise<void> {
  const guarded = (await context.settings()).entry?.protected === true;
  const byName = guarded || change.weight === 'destroys';
  if (given.confirm !== undefined) return checkName(given.confirm, change.name);
  if (!byName && (change.weight === 'harmless' || given.yes)) return;
  const flag = byName ? `--confirm ${quoted(change.name)}` : '--yes';
  if (!context.interactive) throw new Failure('confirmation_required', { action: change.action, flag });
  const prompt = await context.prompt();
  if (byName) {
    const why = guarded && change.weight !== 'destroys' ? protectedContext : { en: '', zh: '' };
    const answer = await prompt.text({
      en: `${why.en}${change.action.en}: type the name "${change.name}" to confirm`,
      zh: `${why.zh}${change.action.zh}：请输入名称“${change.name}”以确认`,
    });
    return checkName(answer, change.name);
  }
  const agreed = await prompt.confirm({ en: `${change.action.en}: go on?`, zh: `${change.action.zh}：是否继续？` });
  if (agreed) return;
  context.out.note({ en: 'Nothing was done.', zh: '未做任何更改。' });
  throw new Failure('interrupted');
}

const protectedContext: Text = { en: 'This context is protected. ', zh: '此上下文受保护。' };

function checkName(given: string, name: string): void {
  if (given === name) return;
  throw new Failure('invalid_value', {
    name: '--confirm',
    reason: { en: `"${given}" is not "${name}"; nothing was done`, zh: `“${given}”不是“${name}”，未做任何更改` },
  });
}

/** As a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
