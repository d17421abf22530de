import type { Place } from '../api/clusters.ts';
import type { EcpContext } from '../cli/session.ts';
import type { Deployment } from '../contract/deployments.ts';
import { Failure } from '../core/errors.ts';

/** 1 to 200 letters, digits, Chinese characters, `_`, `-` and spaces (ecp.md section 2). */
const shape = /^[\u4e00-\u9fa5_a-zA-Z0-9 -]{1,200}$/;

/** @throws Failure invalid_value that says what is wrong with the name. */
export function checkClusterName(name: string, where: string): string {
  if (shape.test(name) && name.trim() !== '') return name;
  const reason =
    name.trim() === ''
      ? { en: 'a cluster needs a name', zh: '集群需要名称' }
      : name.length > 200
        ? {
            en: `a name has at most 200 characters, this one ${name.length}`,
            zh: `名称最多 200 个字符，当前为 ${name.length}`,
          }
        : {
            en: `"${name}" has other characters than letters, digits, Chinese characters, "-", "_" and spaces`,
            zh: `“${name}”含有字母、数字、汉字、“-”、“_”和空格以外的字符`,
          };
  throw new Failure('invalid_value', { name: where, reason });
}

/** @throws Failure missing_argument where there is nobody to ask. */
export async function askName(context: EcpContext): Promise<string> {
  if (!context.interactive) throw new Failure('missing_argument', { name: 'NAME' });
  return (await context.prompt()).text({ en: 'Name of the cluster', zh: '集群名称' });
}

/**
 * The cluster that already has this name, where that is as wished. ECP itself allows a name twice, and nobody could
 * then be sure which of the two is meant.
 *
 * @throws Failure conflict where there is one and none is wished for, or more than one.
 */
export async function clusterOfName(
  context: EcpContext,
  place: Place,
  name: string,
  wish: { readonly ifExists: boolean | undefined; readonly hint: { en: string; zh: string } },
): Promise<Deployment | undefined> {
  const all = await (await context.client()).clusters.list(place, { deployName: name }, context.signal);
  const named = all.filter((one) => one.deployName === name);
  if (named.length === 0 || (named.length === 1 && wish.ifExists)) return named[0];
  const ids = named.map((one) => one.id).join(', ');
  throw new Failure(
    'conflict',
    { reason: { en: `there is a cluster "${name}" already: ${ids}`, zh: `已存在名为“${name}”的集群：${ids}` } },
    { hint: wish.hint },
  );
}
