import type { Text } from '../core/text.ts';
import type { EmqxVersion } from './emqx-version.ts';
import { generationOf, isEmqxAtLeast, parseEmqxVersion } from './emqx-version.ts';
import type { ClusterKind, Generation, Table } from './states.ts';

/** Whether a kind of cluster has a feature: always, never, or from a version of EMQX on. */
type Cell = boolean | string;

interface Row {
  readonly name: Text;
  /** By generation. */
  readonly hosted: Readonly<Record<Generation, Cell>>;
  readonly managed: Readonly<Record<Generation, Cell>>;
  /** Hosted clusters where the platform runs on Docker. */
  readonly docker: boolean;
}

const row = (
  en: string,
  zh: string,
  [hosted4, hosted5, managed4, managed5]: readonly [Cell, Cell, Cell, Cell],
  docker: boolean,
): Row => ({ name: { en, zh }, hosted: { 4: hosted4, 5: hosted5 }, managed: { 4: managed4, 5: managed5 }, docker });

/** The feature matrix (ecp.md section 5): hosted v4, hosted v5, managed v4, managed v5; then Docker. */
const matrix = {
  start: row('starting and stopping', '启停', [true, true, false, false], false),
  scale: row('horizontal scaling', '水平扩展', [true, true, false, false], false),
  vertical: row('vertical scaling', '垂直扩展', [true, true, false, false], false),
  network: row('changing the network type', '修改网络类型', [true, true, false, false], false),
  image: row('upgrade and downgrade', '升降级', [true, true, false, false], false),
  connections: row('changing the connections', '修改连接数', [true, true, '4.4.6', '5.7.0'], false),
  repair: row('repair', '修复', [true, true, false, false], true),
  certificates: row('changing the certificates', '更新证书', [true, true, false, false], true),
  license: row('changing the EMQX license', '更新 EMQX 许可证', [true, true, false, false], true),
  backup: row('backup', '备份', [true, true, false, false], true),
  agents: row('registering agents', '注册节点', [false, false, true, true], false),
  monitor: row('monitoring', '集群监控', [false, false, false, true], false),
  alarms: row('alarms', '集群告警', [false, false, false, true], false),
  logs: row('logs', '集群日志', [true, true, true, true], true),
  transfer: row('transfer', '集群转移', [true, true, true, true], true),
  delete: row('deletion', '删除', [true, true, true, true], true),
} as const satisfies Record<string, Row>;

export type Feature = keyof typeof matrix;
export const features = Object.keys(matrix) as readonly Feature[];
export const featureName = (feature: Feature): Text => matrix[feature].name;

/** What decides about a feature. What is not known refuses nothing: the server then has the word. */
export interface Subject {
  readonly hosted: boolean | undefined;
  readonly generation: Generation | undefined;
  readonly version: EmqxVersion | undefined;
  readonly platform: 'kubernetes' | 'docker' | undefined;
}

/** The subject of a deployment; the version of a managed cluster stands in `version`, of a hosted one in its image. */
export function subjectOf(
  cluster: { readonly type: number; readonly version: string; readonly image: string },
  types: Table<ClusterKind>,
  platform?: 'kubernetes' | 'docker',
): Subject {
  const kind = types.byNumber.get(cluster.type);
  const version = parseEmqxVersion(cluster.version) ?? parseEmqxVersion(cluster.image);
  return {
    hosted: kind?.hosted,
    generation: kind?.generation ?? (version && generationOf(version)),
    version,
    platform,
  };
}

/** True, or the sentence that says why not. */
export function offered(feature: Feature, subject: Subject): true | Text {
  if (subject.hosted === undefined) return true;
  const { name, hosted, managed, docker }: Row = matrix[feature];
  const cells = subject.hosted ? hosted : managed;
  if (cells[4] === false && cells[5] === false) {
    return subject.hosted
      ? { en: `${name.en} is for managed clusters only`, zh: `仅纳管集群支持${name.zh}` }
      : { en: `${name.en} is for hosted clusters only`, zh: `仅托管集群支持${name.zh}` };
  }
  if (subject.hosted && subject.platform === 'docker' && !docker) {
    return { en: `${name.en} is not offered where ECP runs on Docker`, zh: `基于 Docker 部署的 ECP 不支持${name.zh}` };
  }
  return cells[4] === true && cells[5] === true ? true : byVersion(name, cells, subject);
}

function byVersion(name: Text, cells: Row['managed'], { generation, version }: Subject): true | Text {
  if (!generation) {
    return {
      en: `${name.en} depends on the version of EMQX, and no node has registered yet`,
      zh: `${name.zh}取决于 EMQX 版本，而尚未注册任何节点`,
    };
  }
  const cell = cells[generation];
  if (cell === false) {
    return { en: `${name.en} is not offered for EMQX v${generation}`, zh: `EMQX v${generation} 不支持${name.zh}` };
  }
  if (cell === true || !version || isEmqxAtLeast(version, cell)) return true;
  return {
    en: `${name.en} needs EMQX ${cell} or later; the cluster runs ${textOf(version)}`,
    zh: `${name.zh}需要 EMQX ${cell} 或更高版本，该集群为 ${textOf(version)}`,
  };
}

/** The oldest versions that may join as managed clusters (ecp.md section 5). */
export const oldestManaged: Readonly<Record<Generation, string>> = { 4: '4.4.6', 5: '5.6.0' };

/** True when EMQX of this version may be a managed cluster, or the sentence that says why not. */
export function manageable(version: EmqxVersion): true | Text {
  const generation = generationOf(version);
  if (generation && isEmqxAtLeast(version, oldestManaged[generation])) return true;
  const [v4, v5] = [oldestManaged[4], oldestManaged[5]];
  return {
    en: `EMQX ${textOf(version)} is not supported: v4 from ${v4}, v5 from ${v5} on`,
    zh: `不支持 EMQX ${textOf(version)}：v4 需 ${v4} 及以上，v5 需 ${v5} 及以上`,
  };
}

const textOf = ({ major, minor, patch, pre }: EmqxVersion): string =>
  `${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join('.')}` : ''}`;
