import type { Command } from '../cli/command.ts';
import { completionCommands } from '../cli/completion-commands.ts';
import { ecpGlobals } from '../cli/ecp-globals.ts';
import type { Program } from '../cli/program.ts';
import type { EcpContext } from '../cli/session.ts';
import { createEcpContext } from '../cli/session.ts';
import { agentGuide } from './agent/guide.ts';
import { agentList } from './agent/list.ts';
import { agentRemove } from './agent/remove.ts';
import { api } from './api.ts';
import { certificates } from './certificates.ts';
import { configExplain } from './config/explain.ts';
import { connectionsDisable } from './connections/disable.ts';
import { connectionsSet } from './connections/set.ts';
import { contextDelete } from './context/delete.ts';
import { contextList } from './context/list.ts';
import { contextProtect } from './context/protect.ts';
import { contextSet } from './context/set.ts';
import { contextShow } from './context/show.ts';
import { contextUse } from './context/use.ts';
import { create } from './create.ts';
import { dashboard } from './dashboard.ts';
import { remove } from './delete.ts';
import { doctor } from './doctor.ts';
import { edit } from './edit.ts';
import { emqx } from './emqx.ts';
import { emqxLicense } from './emqx-license.ts';
import { get } from './get.ts';
import { imageList } from './image/list.ts';
import { licenseShow } from './license/show.ts';
import { licenseUpload } from './license/upload.ts';
import { licenseUsage } from './license/usage.ts';
import { list } from './list.ts';
import { liveNames } from './live-names.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { logsSearch } from './logs/search.ts';
import { logsTail } from './logs/tail.ts';
import { network } from './network.ts';
import { nodeList } from './node/list.ts';
import { orgList } from './org/list.ts';
import { projectList } from './project/list.ts';
import { register } from './register.ts';
import { repair } from './repair.ts';
import { scale } from './scale.ts';
import { server } from './server.ts';
import { specList } from './spec/list.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { taskGet } from './task/get.ts';
import { topics } from './topics.ts';
import { transfer } from './transfer.ts';
import { upgrade } from './upgrade.ts';
import { version } from './version.ts';
import { wait } from './wait.ts';
import { whoami } from './whoami.ts';

/** Every verb, in the order of the overview. */
const commands: readonly Command<EcpContext>[] = [
  list,
  get,
  status,
  create,
  register,
  edit,
  scale,
  start,
  stop,
  repair,
  upgrade,
  network,
  connectionsSet,
  connectionsDisable,
  certificates,
  emqxLicense,
  transfer,
  remove,
  wait,
  dashboard,
  logsTail,
  logsSearch,
  agentList,
  agentGuide,
  agentRemove,
  nodeList,
  emqx,
  specList,
  imageList,
  taskGet,
  licenseShow,
  licenseUsage,
  licenseUpload,
  login,
  logout,
  whoami,
  contextList,
  contextUse,
  contextShow,
  contextSet,
  contextProtect,
  contextDelete,
  configExplain,
  orgList,
  projectList,
  doctor,
  version,
  api,
  server,
];

/** `ecpctl` as a value. */
export const program: Program<EcpContext> = {
  name: 'ecpctl',
  summary: { en: 'Manage EMQX clusters through EMQX ECP', zh: '通过 EMQX ECP 管理 EMQX 集群' },
  globals: ecpGlobals,
  commands: [...commands, ...completionCommands<EcpContext>(() => program, liveNames)],
  nouns: {
    agent: { en: 'Agents of managed clusters', zh: '纳管集群的代理' },
    config: { en: 'Settings in effect', zh: '生效的设置' },
    connections: { en: 'Limit of connections', zh: '连接数上限' },
    context: { en: 'Saved addresses, logins and projects', zh: '已保存的地址、登录和项目' },
    image: { en: 'EMQX images for hosted clusters', zh: '托管集群的 EMQX 镜像' },
    license: { en: "ECP's license", zh: 'ECP 许可证' },
    logs: { en: 'Logs of clusters', zh: '集群日志' },
    node: { en: 'EMQX nodes', zh: 'EMQX 节点' },
    org: { en: 'Organizations', zh: '组织' },
    project: { en: 'Projects', zh: '项目' },
    spec: { en: 'Specifications of nodes', zh: '节点规格' },
    task: { en: 'Tasks of changes', zh: '变更任务' },
  },
  groups: [
    {
      title: { en: 'Look', zh: '查看' },
      names: ['list', 'get', 'status', 'logs', 'node', 'agent', 'dashboard', 'wait', 'task'],
    },
    { title: { en: 'Clusters', zh: '集群' }, names: ['create', 'register', 'edit', 'transfer', 'delete'] },
    {
      title: { en: 'Operate', zh: '运维' },
      names: ['scale', 'start', 'stop', 'repair', 'upgrade', 'network', 'connections', 'certificates', 'emqx-license'],
    },
    {
      title: { en: 'Platform', zh: '平台' },
      names: ['spec', 'image', 'license', 'org', 'project', 'version'],
    },
    { title: { en: 'Access', zh: '访问' }, names: ['login', 'logout', 'whoami', 'context', 'config', 'doctor'] },
    { title: { en: 'More', zh: '其他' }, names: ['api', 'emqx', 'server', 'completion'] },
  ],
  topics,
  context: createEcpContext,
};
