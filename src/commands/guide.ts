import type { FoundCluster } from '../cli/clusters.ts';
import type { Options, OptionValues } from '../cli/command.ts';
import { nextCommand } from '../cli/next.ts';
import type { EcpContext } from '../cli/session.ts';
import type { SetupInstructions } from '../contract/clusters.ts';
import { Failure } from '../core/errors.ts';

export const guideOptions = {
  platform: {
    kind: 'choice',
    choices: ['linux', 'kubernetes'],
    value: 'PLATFORM',
    fallback: 'linux',
    help: { en: 'Where EMQX runs', zh: 'EMQX 的运行环境' },
  },
  arch: {
    kind: 'choice',
    choices: ['amd64', 'arm', 'arm64'],
    value: 'ARCH',
    help: { en: 'Show one architecture alone', zh: '只显示一种架构' },
  },
} as const satisfies Options;

type GuideOptions = Pick<OptionValues<typeof guideOptions>, 'platform' | 'arch'>;

/** Lines to run, by architecture. */
export async function printGuide(
  context: EcpContext,
  { at, cluster }: FoundCluster,
  { platform = 'linux', arch }: GuideOptions,
): Promise<void> {
  const client = await context.client();
  const all = await client.clusters.setupInstructions(at, platform, context.signal);
  const chosen = arch === undefined ? all : all.filter((one) => one.architecture === arch);
  if (chosen.length === 0) {
    throw new Failure('not_found', { kind: { en: 'instructions for', zh: '安装说明' }, name: arch ?? platform });
  }
  const commands = Object.fromEntries(chosen.map((one) => [one.architecture, linesOf(one)]));
  const { id, deployName: name, registrationToken } = cluster;
  if (context.out.machine) return context.out.data({ id, name, registrationToken, commands });
  if (registrationToken === '') {
    context.out.warn({
      en: 'you may not see the registration token: only those who may edit the cluster do',
      zh: '您无权查看注册令牌：仅可编辑该集群的用户可见',
    });
  }
  for (const [architecture, lines] of Object.entries(commands)) {
    await context.out.line(context.out.paint(`# ${architecture}`, 'bold'));
    for (const line of lines) await context.out.line(line);
    await context.out.line('');
  }
  const wait = nextCommand(context, ['wait', id]);
  context.out.note({ en: `When they have run: ${wait}`, zh: `执行完成后：${wait}` });
}

function linesOf({ installInstructions, registerInstructions }: SetupInstructions): string[] {
  return `${installInstructions}\n${registerInstructions}`
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}
