import type { Style } from '../cli/color.ts';
import type { View } from '../cli/output.ts';
import type { Deployment } from '../contract/deployments.ts';
import type { OrgName } from '../contract/orgs.ts';
import type { PlacedProject } from '../contract/projects.ts';
import type { Tables } from '../contract/states.ts';
import { isFailed, isOneOf, stateKey, stateName } from '../contract/states.ts';
import type { Lang } from '../core/text.ts';
import { parseApiTime } from '../core/time.ts';

/** A cluster with the words for its numbers, which scripts can rely on. */
export type ShownCluster = Deployment & {
  readonly xStatus: string;
  readonly xType: string;
  readonly xProject?: string;
};

export function shownCluster(cluster: Deployment, tables: Tables): ShownCluster {
  return {
    ...cluster,
    xStatus: stateKey(tables.clusterStatus, cluster.status),
    xType: stateKey(tables.clusterType, cluster.type),
  };
}

export function statusStyle(tables: Tables, status: number): Style | undefined {
  if (isFailed(tables.clusterStatus, status)) return 'red';
  if (isOneOf(tables.clusterStatus, status, 'running')) return 'green';
  return isOneOf(tables.clusterStatus, status, 'stopped', 'created') ? undefined : 'yellow';
}

/** Local time to the second, as a person reads it. */
export function localTime(text: string | undefined): string | undefined {
  const date = parseApiTime(text);
  if (!date) return undefined;
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `3`, or `2/3` where fewer nodes run than should. */
export function nodesOf({ replicas, expectReplicas }: Deployment): string | undefined {
  if (expectReplicas === 0 && replicas <= 0) return undefined;
  return expectReplicas === 0 || replicas === expectReplicas ? String(replicas) : `${replicas}/${expectReplicas}`;
}

export function clusterView(tables: Tables): View<ShownCluster> {
  const status = (row: Deployment, lang: Lang) => stateName(tables.clusterStatus, row.status, lang);
  return {
    name: (row) => row.id,
    columns: [
      { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.deployName },
      { key: 'id', header: { en: 'ID', zh: 'ID' }, whole: true, get: (row) => row.id },
      {
        key: 'type',
        header: { en: 'TYPE', zh: '类型' },
        get: (row, lang) => stateName(tables.clusterType, row.type, lang),
      },
      {
        key: 'status',
        header: { en: 'STATUS', zh: '状态' },
        get: status,
        style: (row) => statusStyle(tables, row.status),
      },
      { key: 'version', header: { en: 'VERSION', zh: '版本' }, get: (row) => row.version },
      { key: 'nodes', header: { en: 'NODES', zh: '节点' }, align: 'right', get: nodesOf },
      {
        key: 'connections',
        header: { en: 'CONNECTIONS', zh: '连接数' },
        align: 'right',
        get: (row) => (row.connectLimit > 0 ? row.connectLimit : undefined),
      },
      { key: 'network', header: { en: 'NETWORK', zh: '网络类型' }, wide: true, get: (row) => row.network },
      { key: 'spec', header: { en: 'SPEC', zh: '规格' }, wide: true, get: (row) => row.resourceLimit },
      {
        key: 'project',
        header: { en: 'PROJECT', zh: '项目' },
        wide: true,
        get: (row) => row.xProject ?? row.projectId,
      },
      { key: 'creator', header: { en: 'CREATOR', zh: '创建者' }, wide: true, get: (row) => row.creator },
      { key: 'created', header: { en: 'CREATED', zh: '创建时间' }, wide: true, get: (row) => localTime(row.createdAt) },
    ],
  };
}

export const orgView: View<OrgName> = {
  name: (row) => row.id,
  columns: [
    { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.name },
    { key: 'id', header: { en: 'ID', zh: 'ID' }, whole: true, get: (row) => row.id },
    { key: 'projects', header: { en: 'PROJECTS', zh: '项目数' }, align: 'right', get: (row) => row.projectCount },
  ],
};

export const projectView: View<PlacedProject> = {
  name: (row) => row.id,
  columns: [
    { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (row) => row.name },
    { key: 'id', header: { en: 'ID', zh: 'ID' }, whole: true, get: (row) => row.id },
    { key: 'org', header: { en: 'ORGANIZATION', zh: '组织' }, get: (row) => row.orgName },
    { key: 'clusters', header: { en: 'CLUSTERS', zh: '集群数' }, align: 'right', get: (row) => row.clusterCount },
    { key: 'created', header: { en: 'CREATED', zh: '创建时间' }, wide: true, get: (row) => localTime(row.createdAt) },
  ],
};
