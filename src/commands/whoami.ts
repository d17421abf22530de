import type { View } from '../cli/output.ts';
import type { TokenOrigin } from '../cli/token-origin.ts';
import { tokenOrigin, tokenOriginText } from '../cli/token-origin.ts';
import type { Profile, Roles } from '../contract/account.ts';
import { role } from '../contract/states.ts';
import type { Lang } from '../core/text.ts';
import { command } from './define.ts';

interface Me extends Profile {
  readonly url: string;
  readonly context: string | undefined;
  readonly roles: Roles;
  readonly token: TokenOrigin | undefined;
}

const view: View<Me> = {
  name: (me) => me.name,
  columns: [
    { key: 'name', header: { en: 'NAME', zh: '用户名' }, get: (me) => me.name },
    { key: 'roles', header: { en: 'ROLES', zh: '角色' }, get: (me, lang) => names(me.roles.roles, lang) },
  ],
  details: (me, lang) => [
    [{ en: 'User', zh: '用户' }, me.name],
    [{ en: 'Id', zh: 'ID' }, me.userId],
    [{ en: 'Email', zh: '邮箱' }, me.email || undefined],
    [{ en: 'ECP', zh: 'ECP' }, me.url],
    [{ en: 'Context', zh: '上下文' }, me.context],
    [{ en: 'Token', zh: '令牌' }, me.token && tokenOriginText(me.token)[lang]],
    [{ en: 'Roles', zh: '角色' }, names(me.roles.roles, lang)],
    ...me.roles.orgs.flatMap(({ id, roles, projects }): [{ en: string; zh: string }, string][] => [
      [{ en: `In organization ${id}`, zh: `在组织 ${id}` }, names(roles, lang)],
      ...projects.map((project): [{ en: string; zh: string }, string] => [
        { en: `In project ${project.id}`, zh: `在项目 ${project.id}` },
        names(project.roles, lang),
      ]),
    ]),
  ],
};

function names(keys: readonly string[], lang: Lang): string {
  return keys.map((key) => role.rows.find((row) => row.key === key)?.name[lang] ?? key).join(', ') || '-';
}

export const whoami = command({
  path: ['whoami'],
  summary: { en: 'Show who is logged in, and with which roles', zh: '显示当前登录的用户及其角色' },
  intent: 'reads',
  examples: [{ run: 'ecpctl whoami', help: { en: 'User, context and roles', zh: '用户、上下文和角色' } }],
  async run(context) {
    const { account, transport } = await context.client();
    const [profile, roles, settings, token] = await Promise.all([
      account.profile(context.signal),
      account.roles(context.signal),
      context.settings(),
      tokenOrigin(context),
    ]);
    const { value: name } = settings.context ?? {};
    await context.out.item({ ...profile, url: transport.baseUrl, context: name, roles, token }, view);
  },
});
