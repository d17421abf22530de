import type { View } from '../cli/output.ts';
import type { EcpVersion } from '../contract/version.ts';
import { isFailure } from '../core/errors.ts';
import { version as ours } from '../core/version.ts';
import { command } from './define.ts';

interface Versions {
  readonly client: string;
  readonly server: EcpVersion | undefined;
}

const view: View<Versions> = {
  name: (row) => row.client,
  columns: [
    { key: 'client', header: { en: 'ECPCTL', zh: 'ECPCTL' }, get: (row) => row.client },
    { key: 'server', header: { en: 'ECP', zh: 'ECP' }, get: (row) => row.server?.version },
    { key: 'platform', header: { en: 'PLATFORM', zh: '平台' }, get: (row) => row.server?.xPlatform },
  ],
};

export const version = command({
  path: ['version'],
  summary: { en: 'Show the versions of ecpctl and of ECP', zh: '查看 ecpctl 和 ECP 的版本' },
  intent: 'reads',
  examples: [{ run: 'ecpctl version -o json', help: { en: 'For a report', zh: '用于反馈问题' } }],
  async run(context) {
    const { url } = await context.settings();
    const server = url && (await serverVersion(url.value));
    await context.out.item({ client: ours, server }, view);

    async function serverVersion(at: string): Promise<EcpVersion | undefined> {
      // Nobody needs to be logged in to ask.
      const { createClient } = await import('../cli/online.ts');
      try {
        return await createClient(await context.connect(at, undefined)).platform.version(context.signal);
      } catch (error) {
        if (!isFailure(error, 'unreachable', 'unavailable', 'request_timeout')) throw error;
        context.out.warn(error.sentence(context.lang));
        return undefined;
      }
    }
  },
});
