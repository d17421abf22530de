import { pickByName } from '../cli/places.ts';
import type { EcpContext } from '../cli/session.ts';
import type { Deployment } from '../contract/deployments.ts';
import { compareEmqxVersions, parseEmqxVersion } from '../contract/emqx-version.ts';
import { Failure, isFailure } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const upgrade = command({
  path: ['upgrade'],
  summary: { en: 'Run another EMQX version: an upgrade or a downgrade', zh: '更换 EMQX 版本：升级或降级' },
  description: {
    en: 'Node after node is renewed; connections may be interrupted for a moment meanwhile.',
    zh: '逐个更新节点，期间业务可能发生闪断。',
  },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: {
    image: {
      kind: 'text',
      value: 'IMAGE',
      complete: 'images',
      help: { en: 'EMQX image; see: ecpctl image list', zh: 'EMQX 镜像，见：ecpctl image list' },
    },
    ...changeOptions,
  },
  examples: [
    {
      run: 'ecpctl upgrade plant-1 --image emqx/emqx-enterprise:5.8.6 --yes --wait',
      help: { en: 'Without being asked, until it runs', zh: '不再询问，并等待其运行' },
    },
  ],
  async run(context, { args, options }) {
    let image = options.image ?? '';
    let direction: Text = { en: 'upgrade', zh: '升级' };
    await changeCluster(context, args.cluster, options, {
      feature: 'image',
      weight: 'interrupts',
      goal: ['running'],
      what: (name) => ({ en: `${direction.en} of ${name} to ${image}`, zh: `将 ${name} ${direction.zh}到 ${image}` }),
      prepare: async ({ cluster }) => {
        image = await chooseImage(context, options.image);
        direction = directionOf(cluster, image);
        context.out.note(
          {
            en: '{what} from {from} to {image}: connections may be interrupted for a moment.',
            zh: '{what}：{from} → {image}，期间业务可能发生闪断。',
          },
          { what: capital(direction[context.lang]), from: cluster.image || cluster.version, image },
        );
      },
      send: (clusters, { at }) => clusters.changeImage(at, image, context.signal),
    });
  },
});

function directionOf(cluster: Deployment, image: string): Text {
  const from = parseEmqxVersion(cluster.version) ?? parseEmqxVersion(cluster.image);
  const to = parseEmqxVersion(image);
  if (!from || !to) return { en: 'change of version', zh: '更换版本' };
  const order = compareEmqxVersions(to, from);
  if (order === 0) return { en: 'renewal', zh: '重新部署' };
  return order > 0 ? { en: 'upgrade', zh: '升级' } : { en: 'downgrade', zh: '降级' };
}

const imageKind: Text = { en: 'image', zh: '镜像' };

/** An image of the list; the list itself is not for everybody to read, and then the server has the word. */
async function chooseImage(context: EcpContext, asked: string | undefined): Promise<string> {
  let images: readonly { image: string }[];
  try {
    images = await (await context.client()).platform.images(context.signal);
  } catch (error) {
    if (asked !== undefined && isFailure(error, 'forbidden', 'not_found')) return asked;
    throw error;
  }
  const things = images.map(({ image }) => ({ id: image, name: image }));
  if (asked !== undefined) return pickByName(things, asked, imageKind).id;
  if (!context.interactive) throw new Failure('input_required', { name: imageKind, flag: '--image' });
  const chosen = await (await context.prompt()).pick(
    { en: `Which image?`, zh: '选择镜像' },
    things.map(({ id }) => ({ name: id, value: id })),
  );
  return chosen;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
