import { usage } from '../core/errors.ts';
import { certificateForm, certificateOptions } from './certificate-options.ts';
import { changeCluster, changeOptions } from './change-cluster.ts';
import { clusterArg, command } from './define.ts';

export const certificates = command({
  path: ['certificates'],
  summary: { en: 'Give a cluster new TLS certificates', zh: '更新集群的 TLS 证书' },
  description: {
    en: 'For MQTT-SSL and MQTT-WSS; the files for one of them alone serve both. With a CA, clients are checked against it.',
    zh: '用于 MQTT-SSL 和 MQTT-WSS；只提供其中一种时两者共用。提供 CA 时将据此校验客户端。',
  },
  intent: 'mutates',
  args: [{ ...clusterArg, optional: true }],
  options: { ...certificateOptions, ...changeOptions },
  examples: [
    {
      run: 'ecpctl certificates plant-1 --mqtts-cert server.pem --mqtts-key server.key --yes',
      help: { en: 'The same for both listeners', zh: '两种监听器使用同一证书' },
    },
  ],
  async run(context, { args, options }) {
    const form = certificateForm(options);
    if (!form)
      throw usage(
        'give --mqtts-cert and --mqtts-key, or --wss-cert and --wss-key',
        '请提供 --mqtts-cert 和 --mqtts-key，或 --wss-cert 和 --wss-key',
      );
    await changeCluster(context, args.cluster, options, {
      feature: 'certificates',
      weight: 'interrupts',
      goal: ['running'],
      what: (name) => ({ en: `new certificates for ${name}`, zh: `更新 ${name} 的证书` }),
      send: (clusters, { at }) => clusters.changeCertificates(at, form, context.signal),
    });
  },
});
