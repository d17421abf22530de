import type { View } from '../../cli/output.ts';
import type { Image } from '../../contract/configuration.ts';
import { parseEmqxVersion } from '../../contract/emqx-version.ts';
import { command } from '../define.ts';

const view: View<Image> = {
  name: (row) => row.image,
  columns: [
    { key: 'image', header: { en: 'IMAGE', zh: '镜像' }, get: (row) => row.image },
    { key: 'version', header: { en: 'VERSION', zh: '版本' }, get: (row) => versionOf(row.image) },
    {
      key: 'default',
      header: { en: 'DEFAULT', zh: '默认' },
      get: (row, lang) => (row.default ? { en: 'yes', zh: '是' }[lang] : undefined),
    },
  ],
};

function versionOf(image: string): string | undefined {
  const version = parseEmqxVersion(image);
  return version && `${version.major}.${version.minor}.${version.patch}`;
}

export const imageList = command({
  path: ['image', 'list'],
  summary: { en: 'List the EMQX images that hosted clusters can run', zh: '列出托管集群可用的 EMQX 镜像' },
  intent: 'reads',
  examples: [{ run: 'ecpctl image list', help: { en: 'For create and upgrade', zh: '用于创建和升降级' } }],
  async run(context) {
    await context.out.list(await (await context.client()).platform.images(context.signal), view);
  },
});
