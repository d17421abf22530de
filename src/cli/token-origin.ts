import type { Text } from '../core/text.ts';
import type { EcpContext } from './session.ts';

/** Where the token comes from that the commands send. */
export interface TokenOrigin {
  readonly store: 'flag' | 'environment' | 'keyring' | 'file';
  /** The option with its file, the variable, the keyring's name, or the path of the file. */
  readonly at: string;
}

/** Looks without fetching anything out of a keyring; undefined where nobody is logged in. */
export async function tokenOrigin(context: EcpContext): Promise<TokenOrigin | undefined> {
  const { tokenFile, token, context: chosen, url } = await context.settings();
  if (tokenFile) return { store: 'flag', at: `${tokenFile.origin} ${tokenFile.value}` };
  if (token) return { store: 'environment', at: token.origin };
  if (!chosen || !url) return undefined;
  return (await context.credentials(chosen.value, url.value)).place();
}

const stores: Readonly<Record<TokenOrigin['store'], Text>> = {
  flag: { en: 'flag', zh: '命令行参数' },
  environment: { en: 'environment', zh: '环境变量' },
  keyring: { en: 'keyring', zh: '系统密钥环' },
  file: { en: 'file', zh: '文件' },
};

/** `keyring: Secret Service`. */
export function tokenOriginText({ store, at }: TokenOrigin): Text {
  const { en, zh } = stores[store];
  return { en: `${en}: ${at}`, zh: `${zh}：${at}` };
}
