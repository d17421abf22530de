import type { Command } from '../cli/command.ts';
import { completionCommands } from '../cli/completion-commands.ts';
import { ecpGlobals } from '../cli/ecp-globals.ts';
import type { Program } from '../cli/program.ts';
import type { EcpContext } from '../cli/session.ts';
import { createEcpContext } from '../cli/session.ts';
import { api } from './api.ts';
import { contextDelete } from './context/delete.ts';
import { contextList } from './context/list.ts';
import { contextShow } from './context/show.ts';
import { contextUse } from './context/use.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { logsTail } from './logs/tail.ts';
import { orgList } from './org/list.ts';
import { projectList } from './project/list.ts';
import { register } from './register.ts';
import { scale } from './scale.ts';
import { server } from './server.ts';
import { transfer } from './transfer.ts';
import { whoami } from './whoami.ts';

const commands: readonly Command<EcpContext>[] = [
  list,
  get,
  create,
  register,
  scale,
  transfer,
  remove,
  logsTail,
  login,
  logout,
  whoami,
  contextList,
  contextUse,
  contextShow,
  contextDelete,
  orgList,
  projectList,
  api,
  server,
];

/** `ecpctl` as a value: its commands in the order of the overview. */
export const program: Program<EcpContext> = {
  name: 'ecpctl',
  summary: { en: 'Manage EMQX clusters through EMQX ECP', zh: '通过 EMQX ECP 管理 EMQX 集群' },
  globals: ecpGlobals,
  commands: [
    ...commands,
    ...completionCommands<EcpContext>(
      () => program,
      async () => [],
    ),
  ],
  nouns: {
    context: { en: 'Saved addresses, logins and projects', zh: '已保存的地址、登录和项目' },
    org: { en: 'Organizations', zh: '组织' },
    project: { en: 'Projects', zh: '项目' },
    logs: { en: 'Logs of clusters', zh: '集群日志' },
  },
  groups: [
    {
      title: { en: 'Clusters', zh: '集群' },
      names: ['list', 'get', 'create', 'register', 'scale', 'transfer', 'delete', 'logs'],
    },
    { title: { en: 'Access', zh: '访问' }, names: ['login', 'logout', 'whoami', 'context', 'org', 'project'] },
    { title: { en: 'More', zh: '其他' }, names: ['api', 'server', 'completion'] },
  ],
  topics: [],
  context: createEcpContext,
};
