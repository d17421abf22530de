import type { ContextEntry } from '../../cli/config.ts';
import type { View } from '../../cli/output.ts';
import { noSuch } from '../../cli/places.ts';
import type { EcpContext } from '../../cli/session.ts';
import { Failure } from '../../core/errors.ts';
import type { Text } from '../../core/text.ts';

export interface ShownContext extends ContextEntry {
  readonly name: string;
  readonly current: boolean;
}

export function shownContext(name: string, entry: ContextEntry, current: string | undefined): ShownContext {
  return { name, current: name === current, ...entry };
}

const yes = (value: boolean | undefined, lang: 'en' | 'zh') => (value ? { en: 'yes', zh: '是' }[lang] : undefined);

export const contextView: View<ShownContext> = {
  name: (row) => row.name,
  columns: [
    { key: 'current', header: { en: ' ', zh: ' ' }, get: (row) => (row.current ? '*' : ' ') },
    { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.name },
    { key: 'url', header: { en: 'URL', zh: '地址' }, get: (row) => row.url },
    { key: 'user', header: { en: 'USER', zh: '用户' }, get: (row) => row.username },
    { key: 'org', header: { en: 'ORGANIZATION', zh: '组织' }, get: (row) => row.org?.name },
    { key: 'project', header: { en: 'PROJECT', zh: '项目' }, get: (row) => row.project?.name },
    { key: 'protected', header: { en: 'PROTECTED', zh: '受保护' }, get: (row, lang) => yes(row.protected, lang) },
  ],
  details: (row, lang) => [
    [{ en: 'Name', zh: '名称' }, row.name],
    [{ en: 'URL', zh: '地址' }, row.url],
    [{ en: 'User', zh: '用户' }, row.username],
    [{ en: 'Organization', zh: '组织' }, row.org && `${row.org.name} (${row.org.id})`],
    [{ en: 'Project', zh: '项目' }, row.project && `${row.project.name} (${row.project.id})`],
    [{ en: 'Current', zh: '当前' }, yes(row.current, lang)],
    [{ en: 'Protected', zh: '受保护' }, yes(row.protected, lang)],
    [{ en: 'CA file', zh: 'CA 文件' }, row.caFile],
    [{ en: 'Client certificate', zh: '客户端证书' }, row.certFile],
    [{ en: 'TLS not verified', zh: '不验证 TLS' }, yes(row.insecure, lang)],
  ],
};

export const contextKind: Text = { en: 'context', zh: '上下文' };

/** The entry of a context by its name, or of the one in use. */
export async function findContext(context: EcpContext, word: string | undefined): Promise<[string, ContextEntry]> {
  const { contexts } = await context.config();
  const name = word ?? (await context.settings()).context?.value;
  if (name === undefined) {
    throw new Failure(
      'not_logged_in',
      {},
      { hint: { en: 'Run: ecpctl login --url https://ECP', zh: '请运行：ecpctl login --url https://ECP' } },
    );
  }
  const entry = contexts[name];
  if (!entry) {
    const things = Object.keys(contexts).map((one) => ({ id: one, name: one }));
    throw noSuch(things, name, contextKind);
  }
  return [name, entry];
}

export const contextArg = {
  name: 'name',
  complete: 'contexts',
  help: { en: 'Name of the context', zh: '上下文名称' },
} as const;
