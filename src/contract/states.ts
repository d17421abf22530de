import { Failure } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import type { NetworkType, PortName } from './deployments.ts';
import type { Named, Table } from './state-table.ts';
import { named, renumbered, state, table } from './state-table.ts';

export type { Course, Named, State, Table } from './state-table.ts';
export { isFailed, isFinal, isOneOf, numberOf, stateKey, stateName } from './state-table.ts';

// Numbers are ours where nothing else is said: the API file has none (ecp.md section 1). Keys are frozen.

/** `Deployment.status` and `Instance.status`, hosted and managed in one, so that a number alone names the state (ecp.md section 5). */
export const clusterStatus = table([
  state(1, 'creating', 'passing', 'Creating', '创建中'),
  state(2, 'updating', 'passing', 'Updating', '更新中'),
  state(3, 'starting', 'passing', 'Starting', '启动中'),
  state(4, 'running', 'settled', 'Running', '运行中'),
  state(5, 'stopping', 'passing', 'Stopping', '停止中'),
  state(6, 'stopped', 'settled', 'Stopped', '已停止'),
  state(7, 'syncing', 'passing', 'Syncing', '状态同步中'),
  // Nodes that come up one after another pass through it: a wait goes on.
  state(8, 'degraded', 'passing', 'Degraded', '降级运行中'),
  state(9, 'error', 'failed', 'Error', '异常'),
  state(10, 'not-found', 'failed', 'NotFound', '不存在'),
  state(11, 'created', 'settled', 'Created', '已创建'),
  state(12, 'registering', 'passing', 'Registering', '注册中'),
  state(13, 'deleting', 'passing', 'Deleting', '删除中'),
]);
export type ClusterStatus = (typeof clusterStatus)['rows'][number]['key'];

/** EMQX Enterprise v4 or v5. */
export type Generation = 4 | 5;

export interface ClusterKind<Key extends string = string> extends Named<Key> {
  readonly hosted: boolean;
  /** Undefined while no node of a managed cluster has registered. */
  readonly generation: Generation | undefined;
}

const kind = <const Key extends string>(
  number: number,
  key: Key,
  hosted: boolean,
  generation: Generation | undefined,
  en: string,
  zh: string,
): ClusterKind<Key> => ({ ...named(number, key, en, zh), hosted, generation });

/** `Deployment.type`. */
export const clusterType = table([
  kind(1, 'hosted-v4', true, 4, 'Hosted v4', '托管 v4'),
  kind(2, 'hosted-v5', true, 5, 'Hosted v5', '托管 v5'),
  kind(3, 'managed', false, undefined, 'Managed', '纳管'),
  kind(4, 'managed-v4', false, 4, 'Managed v4', '纳管 v4'),
  kind(5, 'managed-v5', false, 5, 'Managed v5', '纳管 v5'),
]);
export type ClusterType = (typeof clusterType)['rows'][number]['key'];

/** `ClusterAgent.state`. */
export const agentState = table([
  state(1, 'registering', 'passing', 'Registering', '注册中'),
  state(2, 'running', 'settled', 'Running', '运行中'),
  state(3, 'error', 'failed', 'Error', '异常'),
  state(4, 'offline', 'failed', 'Offline', '离线'),
]);
export type AgentState = (typeof agentState)['rows'][number]['key'];

/** `Task.status`: numbers published (ecp.md section 1, the last three from `TaskInfo` of the API file). */
export const taskStatus = table([
  // Go's zero value: may be what a task has before it is taken up, so a wait goes on.
  state(0, 'no-change', 'passing', 'No change', '无变化'),
  state(1, 'pending', 'passing', 'Pending', '等待中'),
  state(2, 'running', 'passing', 'Running', '执行中'),
  state(3, 'finished', 'settled', 'Finished', '已完成'),
  state(4, 'error', 'failed', 'Failed', '失败'),
  state(30, 'panic-not-created', 'failed', 'Failed: not created', '失败：未创建'),
  state(31, 'panic-healthy', 'failed', 'Failed: cluster is healthy', '失败：集群正常'),
  state(32, 'panic-not-healthy', 'failed', 'Failed: cluster is not healthy', '失败：集群不正常'),
]);
export type TaskStatus = (typeof taskStatus)['rows'][number]['key'];

/** `Task.type`. */
export const taskType = table([
  named(1, 'create', 'Create', '创建'),
  named(2, 'delete', 'Delete', '删除'),
  named(3, 'start', 'Start', '启动'),
  named(4, 'stop', 'Stop', '停止'),
  named(5, 'scale', 'Horizontal scaling', '水平扩展'),
  named(6, 'vertical', 'Vertical scaling', '垂直扩展'),
  named(7, 'network', 'Network type', '修改网络类型'),
  named(8, 'connections', 'Connections', '修改连接数'),
  named(9, 'image', 'Upgrade or downgrade', '升降级'),
  named(10, 'license', 'License', '更新许可证'),
  named(11, 'certificates', 'Certificates', '更新证书'),
  named(12, 'repair', 'Repair', '修复'),
  named(13, 'backup', 'Backup', '备份'),
  named(14, 'restore', 'Restore', '恢复'),
]);
export type TaskType = (typeof taskType)['rows'][number]['key'];

/** `severity` of an alarm: numbers published (ecp.md section 5). */
export const alarmSeverity = table([named(0, 'normal', 'Normal', '普通'), named(1, 'critical', 'Critical', '严重')]);
export type AlarmSeverity = (typeof alarmSeverity)['rows'][number]['key'];

/** `resourceType` of an alarm. */
export const alarmResource = table([
  named(1, 'cluster', 'Cluster', '集群'),
  named(2, 'agent', 'Agent', '代理'),
  named(3, 'license', 'License', '许可证'),
  named(4, 'rule', 'Rule', '规则'),
  named(5, 'connector', 'Connector', '连接器'),
]);
export type AlarmResource = (typeof alarmResource)['rows'][number]['key'];

/** A form field group: `CaCrt` with the CA, certificate and key of that listener, `TlsCrt` with certificate and key. */
export type CertificateSource = 'wssCaCrt' | 'wssTlsCrt' | 'mqttsCaCrt' | 'mqttsTlsCrt';

export interface CertificateUse<Key extends string = string> extends Named<Key> {
  readonly wss: CertificateSource | undefined;
  readonly mqtts: CertificateSource | undefined;
}

const certificates = <const Key extends string>(
  number: number,
  key: Key,
  wss: CertificateSource | undefined,
  mqtts: CertificateSource | undefined,
  en: string,
  zh: string,
): CertificateUse<Key> => ({ ...named(number, key, en, zh), wss, mqtts });

/** `crtType`, which certificate serves which listener: numbers published (the create form of the API file). */
export const certificateType = table([
  certificates(0, 'none', undefined, undefined, 'None', '无'),
  certificates(1, 'wss-ca', 'wssCaCrt', 'wssCaCrt', "Both with WSS's CA", '均使用 WSS CA 证书'),
  certificates(2, 'mqtts-ca', 'mqttsCaCrt', 'mqttsCaCrt', "Both with MQTTS's CA", '均使用 MQTTS CA 证书'),
  certificates(3, 'wss-tls', 'wssTlsCrt', 'wssTlsCrt', "Both with WSS's certificate", '均使用 WSS 证书'),
  certificates(4, 'mqtts-tls', 'mqttsTlsCrt', 'mqttsTlsCrt', "Both with MQTTS's certificate", '均使用 MQTTS 证书'),
  certificates(5, 'ca-ca', 'wssCaCrt', 'mqttsCaCrt', 'Each with its CA', '各自使用 CA 证书'),
  certificates(6, 'tls-tls', 'wssTlsCrt', 'mqttsTlsCrt', 'Each with its certificate', '各自使用证书'),
  certificates(
    7,
    'ca-tls',
    'wssCaCrt',
    'mqttsTlsCrt',
    'WSS with CA, MQTTS with certificate',
    'WSS 用 CA 证书，MQTTS 用证书',
  ),
  certificates(
    8,
    'tls-ca',
    'wssTlsCrt',
    'mqttsCaCrt',
    'WSS with certificate, MQTTS with CA',
    'WSS 用证书，MQTTS 用 CA 证书',
  ),
]);
export type CertificateType = (typeof certificateType)['rows'][number]['key'];

/** `roleIds` of a member, highest first (ecp.md section 5). The keys are what `GET /api/account/roles` of our server sends. */
export const role = table([
  named(1, 'system-admin', 'System administrator', '系统管理员'),
  named(2, 'org-admin', 'Organization administrator', '组织管理员'),
  named(3, 'project-admin', 'Project administrator', '项目管理员'),
  named(4, 'user', 'Regular user', '普通用户'),
]);
export type Role = (typeof role)['rows'][number]['key'];

/** `resource` of an audit entry. */
export const auditResource = table([
  named(1, 'account', 'Account', '账号'),
  named(2, 'user', 'User', '用户'),
  named(3, 'org', 'Organization', '组织'),
  named(4, 'project', 'Project', '项目'),
  named(5, 'cluster', 'Cluster', '集群'),
  named(6, 'agent', 'Agent', '代理'),
  named(7, 'license', 'License', '许可证'),
  named(8, 'configuration', 'Platform settings', '系统设置'),
  named(9, 'alarm', 'Alarm settings', '告警设置'),
  named(10, 'backup', 'Backup', '备份'),
]);
export type AuditResource = (typeof auditResource)['rows'][number]['key'];

/** `operation` of an audit entry. */
export const auditOperation = table([
  named(1, 'create', 'Create', '创建'),
  named(2, 'update', 'Update', '更新'),
  named(3, 'delete', 'Delete', '删除'),
  named(4, 'login', 'Log in', '登录'),
  named(5, 'logout', 'Log out', '退出登录'),
  named(6, 'password', 'Change password', '修改密码'),
  named(7, 'enable', 'Enable', '启用'),
  named(8, 'disable', 'Disable', '禁用'),
  named(9, 'start', 'Start', '启动'),
  named(10, 'stop', 'Stop', '停止'),
  named(11, 'repair', 'Repair', '修复'),
  named(12, 'scale', 'Horizontal scaling', '水平扩展'),
  named(13, 'vertical', 'Vertical scaling', '垂直扩展'),
  named(14, 'network', 'Change network type', '修改网络类型'),
  named(15, 'connections', 'Change connections', '修改连接数'),
  named(16, 'image', 'Upgrade or downgrade', '升降级'),
  named(17, 'license', 'Change license', '更新许可证'),
  named(18, 'certificates', 'Change certificates', '更新证书'),
  named(19, 'transfer', 'Transfer', '转移'),
  named(20, 'register', 'Register', '注册'),
  named(21, 'unregister', 'Unregister', '取消注册'),
  named(22, 'backup', 'Back up', '备份'),
  named(23, 'restore', 'Restore', '恢复'),
  named(24, 'call', "Call EMQX's API", '调用 EMQX API'),
]);
export type AuditOperation = (typeof auditOperation)['rows'][number]['key'];

/** `serviceType` of the log's name map. */
export const serviceType = table([
  named(1, 'emqx', 'EMQX cluster', 'EMQX 集群'),
  named(2, 'edge', 'Edge service', '边缘服务'),
]);
export type ServiceType = (typeof serviceType)['rows'][number]['key'];

/** `schedule_type` of a backup task. */
export const backupSchedule = table([
  named(0, 'once', 'Once', '一次'),
  named(1, 'daily', 'Daily', '每天'),
  named(2, 'weekly', 'Weekly', '每周'),
  named(3, 'monthly', 'Monthly', '每月'),
]);
export type BackupSchedule = (typeof backupSchedule)['rows'][number]['key'];

/** `status` of a backup task. */
export const backupStatus = table([
  state(0, 'scheduled', 'passing', 'Scheduled', '已计划'),
  state(1, 'running', 'passing', 'Running', '执行中'),
  state(2, 'finished', 'settled', 'Finished', '已完成'),
  state(3, 'error', 'failed', 'Failed', '失败'),
]);
export type BackupStatus = (typeof backupStatus)['rows'][number]['key'];

/** Every table, under the name that a context's configuration overrides it by. */
export const tables = {
  clusterStatus,
  clusterType,
  agentState,
  taskStatus,
  taskType,
  alarmSeverity,
  alarmResource,
  certificateType,
  role,
  auditResource,
  auditOperation,
  serviceType,
  backupSchedule,
  backupStatus,
} as const;
export type Tables = { readonly [Name in keyof typeof tables]: (typeof tables)[Name] };

/**
 * The tables as a context has them: `{clusterStatus: {"4": "error"}}` says what a number means on its server. Throws
 * `invalid_value` that names the entry for an unknown table, number or key.
 */
export function tablesWith(overrides: Readonly<Record<string, Readonly<Record<string, string>>>>): Tables {
  const all: Record<string, Table> = { ...tables };
  for (const [name, numbers] of Object.entries(overrides)) {
    const original = Object.hasOwn(tables, name) ? all[name] : undefined;
    if (!original) {
      const names = Object.keys(tables).join(', ');
      throw new Failure('invalid_value', {
        name: `states.${name}`,
        reason: { en: `no such table; there are ${names}`, zh: `没有此表；可用：${names}` },
      });
    }
    all[name] = renumbered(original, numbers, `states.${name}`);
  }
  return all as Tables;
}

/** The network types are words on the wire; this is what they mean. */
export const networkTypeNames: Readonly<Record<NetworkType, Text>> = {
  ClusterIP: { en: 'inside Kubernetes', zh: 'Kubernetes 内网' },
  NodePort: { en: 'local network', zh: '局域网' },
  LoadBalancer: { en: 'external address', zh: '外部地址' },
};

/** Protocols that NodePort and LoadBalancer open, by the names of the product (ecp.md section 5). */
export const protocols = [
  { label: 'MQTT-TCP', name: 'mqtt', port: 1883 },
  { label: 'MQTT-SSL', name: 'mqtts', port: 8883 },
  { label: 'MQTT-WS', name: 'ws', port: 8083 },
  { label: 'MQTT-WSS', name: 'wss', port: 8084 },
] as const satisfies readonly { label: string; name: PortName; port: number }[];
export type Protocol = (typeof protocols)[number]['label'];
