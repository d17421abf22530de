import { resolve } from 'node:path';
import { normalizeBaseUrl } from '../../api/base-url.ts';
import type { ContextEntry } from '../../cli/config.ts';
import { kinds, pickByName } from '../../cli/places.ts';
import type { EcpContext } from '../../cli/session.ts';
import { usage } from '../../core/errors.ts';
import { command } from '../define.ts';
import { contextArg, contextView, findContext, shownContext } from './view.ts';

export const contextSet = command({
  path: ['context', 'set'],
  summary: { en: 'Change what a context remembers', zh: '修改上下文中保存的设置' },
  description: {
    en: 'Takes --url, --org, --project, --ca-file, --cert, --key and --insecure, and keeps them. A context that does not exist yet is made where --url is given.',
    zh: '保存 --url、--org、--project、--ca-file、--cert、--key 和 --insecure 的值。提供 --url 时可新建上下文。',
  },
  intent: 'local',
  args: [{ ...contextArg, optional: true }],
  options: {
    insecure: {
      kind: 'flag',
      negatable: true,
      help: { en: 'Do not verify the TLS certificate', zh: '不验证 TLS 证书' },
    },
  },
  examples: [
    {
      run: 'ecpctl context set --org factory --project line-2',
      help: { en: 'Where to work from now on', zh: '切换工作项目' },
    },
    { run: 'ecpctl context set ci --url https://ecp.example.com', help: { en: 'A new one', zh: '新建上下文' } },
  ],
  async run(context, { args, options }) {
    const change = changeOf(context.globals, options.insecure);
    const word = args.name;
    const { contexts, currentContext } = await context.config();
    const isNew = word !== undefined && contexts[word] === undefined && change.url !== undefined;
    const { checkContextName } = await import('../../cli/online.ts');
    const [name, before] = isNew ? [checkContextName(word), undefined] : await findContext(context, word);
    if (Object.keys(change).length === 0)
      throw usage(
        'nothing to set: give --project, --org, --url or another setting',
        '没有要设置的内容：请指定 --project、--org、--url 等',
      );
    const entry = await changed(context, before, change);
    await (await context.config()).update((config) => {
      config.contexts[name] = entry;
    });
    await context.out.item(shownContext(name, entry, currentContext), contextView);
  },
});

interface Change {
  readonly url?: string;
  readonly org?: string;
  readonly project?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly insecure?: boolean;
}

function changeOf(globals: Readonly<Record<string, unknown>>, insecure: boolean | undefined): Change {
  const path = (key: string, as: string) => (typeof globals[key] === 'string' ? { [as]: resolve(globals[key]) } : {});
  const word = (key: string) => (typeof globals[key] === 'string' ? { [key]: globals[key] } : {});
  return {
    ...word('url'),
    ...word('org'),
    ...word('project'),
    ...path('caFile', 'caFile'),
    ...path('cert', 'certFile'),
    ...path('key', 'keyFile'),
    ...(insecure !== undefined && { insecure }),
  };
}

async function changed(context: EcpContext, before: ContextEntry | undefined, change: Change): Promise<ContextEntry> {
  const { org: orgWord, project: projectWord, url: given, ...plain } = change;
  const url = given === undefined ? (before?.url ?? '') : normalizeBaseUrl(given, '--url');
  // Another server has other organizations and projects.
  const { org: oldOrg, project: oldProject, ...rest } = before ?? { url };
  const same = before?.url === url;
  const org = orgWord === undefined ? (same ? oldOrg : undefined) : await orgOf(context, orgWord);
  const keepsProject = same && org?.id === oldOrg?.id;
  const project =
    projectWord === undefined
      ? keepsProject
        ? oldProject
        : undefined
      : await projectOf(context, org?.id, projectWord);
  return { ...rest, ...plain, url, ...(org && { org }), ...(project && { project }) };
}

async function orgOf(context: EcpContext, word: string) {
  const { id, name } = pickByName(await (await context.client()).orgs.names(context.signal), word, kinds.org);
  return { id, name };
}

async function projectOf(context: EcpContext, orgId: string | undefined, word: string) {
  if (orgId === undefined)
    throw usage('--project needs an organization: give --org too', '--project 需要组织：请同时指定 --org');
  const projects = await (await context.client()).orgs.projectNames(orgId, context.signal);
  const { id, name } = pickByName(projects, word, kinds.project);
  return { id, name };
}
