import { changeOptions, seeThrough } from '../cli/change.ts';
import type { Options, OptionValues } from '../cli/command.ts';
import { confirmChange } from '../cli/confirm.ts';
import { changing } from '../cli/dry-run.ts';
import type { EcpContext } from '../cli/session.ts';
import type { CreateForm } from '../contract/deployments.ts';
import { Failure, isFailure, usage } from '../core/errors.ts';
import { certificateForm, certificateOptions, readGivenFile } from './certificate-options.ts';
import { command } from './define.ts';
import { askName, checkClusterName, clusterOfName } from './names.ts';
import { networkOptions, parsePairs, parseProtocols } from './network-options.ts';
import { checkSpec } from './scale.ts';
import { showCluster } from './show.ts';

const createOptions = {
  description: {
    kind: 'text',
    value: 'TEXT',
    help: { en: 'Description, up to 500 characters', zh: '描述，最多 500 个字符' },
  },
  image: {
    kind: 'text',
    value: 'IMAGE',
    complete: 'images',
    help: { en: 'EMQX image; see: ecpctl image list', zh: 'EMQX 镜像，见：ecpctl image list' },
  },
  replicas: {
    kind: 'integer',
    min: 1,
    max: 7,
    value: 'N',
    fallback: '3',
    help: { en: 'Number of nodes', zh: '节点数量' },
  },
  spec: {
    kind: 'text',
    value: 'NAME',
    complete: 'specs',
    help: { en: 'Specification of each node; see: ecpctl spec list', zh: '节点规格，见：ecpctl spec list' },
  },
  connections: {
    kind: 'integer',
    min: 1,
    value: 'N',
    fallback: '10',
    help: { en: 'Limit of connections', zh: '连接数上限' },
  },
  network: {
    kind: 'choice',
    choices: ['ClusterIP', 'NodePort', 'LoadBalancer'],
    value: 'TYPE',
    fallback: 'ClusterIP',
    help: { en: 'Network type', zh: '网络类型' },
  },
  ...networkOptions,
  nodeSelector: {
    kind: 'text',
    many: true,
    value: 'KEY=VALUE',
    help: { en: 'Label of the Kubernetes nodes to run on', zh: '所运行 Kubernetes 节点的标签' },
  },
  antiAffinity: {
    kind: 'flag',
    negatable: true,
    help: { en: 'Spread the nodes over machines', zh: '将节点分散到不同机器' },
  },
  label: { kind: 'text', many: true, value: 'LABEL', help: { en: 'Label of the cluster', zh: '集群标签' } },
  env: {
    kind: 'text',
    many: true,
    value: 'KEY=VALUE',
    help: { en: 'Environment variable of EMQX', zh: 'EMQX 环境变量' },
  },
  logType: { kind: 'text', value: 'TYPE', fallback: 'internal', help: { en: 'Where its logs go', zh: '日志去向' } },
  ...certificateOptions,
  license: { kind: 'text', value: 'FILE', help: { en: 'EMQX license file', zh: 'EMQX 许可证文件' } },
  fromBackup: { kind: 'text', value: 'FILENAME', help: { en: 'Backup to start from', zh: '用于恢复的备份文件名' } },
  backupCluster: { kind: 'text', value: 'ID', help: { en: 'Cluster that the backup is of', zh: '备份所属的集群 ID' } },
  ifNotExists: {
    kind: 'flag',
    help: { en: 'Take the cluster of this name where there is one', zh: '若已有同名集群则直接使用' },
  },
} as const satisfies Options;

export const create = command({
  path: ['create'],
  summary: { en: 'Create a hosted cluster', zh: '创建托管集群' },
  description: {
    en: 'To join EMQX that already runs, use: ecpctl register',
    zh: '如需纳管已有的 EMQX 集群，请使用：ecpctl register',
  },
  intent: 'mutates',
  args: [
    {
      name: 'name',
      optional: true,
      help: {
        en: 'Name of 1 to 200 letters, digits, Chinese characters, "-", "_" and spaces',
        zh: '名称，1 到 200 个字母、数字、汉字、“-”、“_”或空格',
      },
    },
  ],
  options: { ...createOptions, ...changeOptions },
  examples: [
    { run: 'ecpctl create plant-1', help: { en: 'With the usual settings', zh: '使用默认设置' } },
    {
      run: 'ecpctl create plant-1 --replicas 3 --spec small --connections 1000 --network NodePort --protocol MQTT-SSL=31883',
      help: { en: 'With settings of its own', zh: '指定各项设置' },
    },
  ],
  async run(context, { args, options }) {
    const name = checkClusterName(args.name ?? (await askName(context)), 'NAME');
    const place = await context.place();
    const existing = await clusterOfName(context, place, name, {
      ifExists: options.ifNotExists,
      hint: {
        en: 'Take it with --if-not-exists, or choose another name',
        zh: '请使用 --if-not-exists 直接使用它，或换一个名称',
      },
    });
    if (existing) return showCluster(context, existing);
    const form = await toForm(context, name, options);
    const what = { en: `creation of ${name}`, zh: `创建 ${name}` };
    if (!options.dryRun) await confirmChange(context, { action: what, name, weight: 'harmless' }, options);
    await changing(context, options.dryRun, async ({ clusters }) => {
      const { id, taskId } = await clusters.create(place, form, context.signal);
      const at = { ...place, clusterId: id };
      const after = await seeThrough(context, { at, name, taskId, goal: ['running'], what }, options);
      if (after) await showCluster(context, after);
    });
  },
});

async function toForm(
  context: EcpContext,
  name: string,
  options: OptionValues<typeof createOptions>,
): Promise<CreateForm> {
  const { description, replicas, connections, network, logType, fromBackup, backupCluster } = options;
  if (description !== undefined && description.length > 500) {
    throw new Failure('invalid_value', {
      name: '--description',
      reason: { en: 'more than 500 characters', zh: '超过 500 个字符' },
    });
  }
  // Files first: what is wrong with them needs no server to be found.
  const certificates = certificateForm(options);
  const license = options.license === undefined ? undefined : readGivenFile(options.license).trim();
  const networkConfig = networkText(options);
  const nodeSelector = jsonOfPairs('--node-selector', options.nodeSelector);
  const env = jsonOfPairs('--env', options.env);
  const image = options.image ?? (await defaultImage(context));
  const spec = await chooseSpec(context, options.spec);
  const fields: { [K in keyof CreateForm]: CreateForm[K] | undefined } = {
    deployName: name,
    desc: description,
    image,
    replicas: replicas ?? 3,
    resourceLimit: spec,
    connectLimit: connections ?? 10,
    networkType: network ?? 'ClusterIP',
    networkConfig,
    nodeSelector,
    nodeAntiAffinity: options.antiAffinity,
    labels: options.label?.join(','),
    env,
    logType,
    license,
    backupFilename: fromBackup,
    backupDeployId: backupCluster,
    ...certificates,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as CreateForm;
}

function networkText({ protocol = [], annotation, network }: OptionValues<typeof createOptions>): string | undefined {
  const ports = parseProtocols(protocol);
  const annotations = parsePairs('--annotation', annotation);
  if (ports.length === 0 && Object.keys(annotations).length === 0) return undefined;
  if (ports.length > 0 && (network === undefined || network === 'ClusterIP')) {
    throw usage(
      '--protocol needs --network NodePort or LoadBalancer',
      '--protocol 需要 --network NodePort 或 LoadBalancer',
    );
  }
  const external_port = Object.fromEntries(ports.map(({ name, external }) => [name, external]));
  const service_port = Object.fromEntries(ports.map(({ name, internal }) => [name, internal]));
  return JSON.stringify({ external_port, service_port, annotations });
}

function jsonOfPairs(flag: string, pairs: readonly string[] | undefined): string | undefined {
  return pairs === undefined ? undefined : JSON.stringify(parsePairs(flag, pairs));
}

/** The image marked as usual, else the first; undefined where the list is empty or not for this user. */
async function defaultImage(context: EcpContext): Promise<string | undefined> {
  const images = await readable(async () => (await context.client()).platform.images(context.signal));
  return (images.find((one) => one.default) ?? images[0])?.image;
}

async function chooseSpec(context: EcpContext, asked: string | undefined): Promise<string | undefined> {
  if (asked !== undefined) {
    await checkSpec(context, asked);
    return asked;
  }
  const quotas = await readable(async () => (await context.client()).platform.quotas(context.signal));
  return (quotas.find((one) => one.default) ?? quotas[0])?.name;
}

async function readable<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch (error) {
    if (isFailure(error, 'forbidden', 'not_found')) return [];
    throw error;
  }
}
