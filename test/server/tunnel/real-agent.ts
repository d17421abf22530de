import { createEmqxObserver } from '../../../agent/emqx/observer.ts';
import type { Logger } from '../../../agent/part.ts';
import { createTunnel } from '../../../agent/tunnel/tunnel.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { settingsFor } from '../../agent/emqx/settings.ts';
import { tunnelSettings } from '../../agent/tunnel/settings.ts';
import type { EmqxStandIn } from '../../stand-ins/emqx/server.ts';
import type { Managed } from '../managed.ts';

const quiet = () => {};
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** The agent's own way to EMQX and tunnel, connected to the server with what its metadata says. */
export async function realAgent(emqx: EmqxStandIn, { metadata }: Managed): Promise<{ stop(): Promise<void> }> {
  const observer = createEmqxObserver({ clock: systemClock, logger, agentId: 'real' });
  const tunnel = createTunnel({ gateway: observer.gateway, clock: systemClock, logger, random: Math.random });
  observer.apply(settingsFor(emqx, { intervalMs: 3_600_000 }));
  await new Promise<void>((resolve) => {
    const off = observer.onLook(() => {
      off();
      resolve();
    });
  });
  tunnel.apply(
    tunnelSettings(metadata.mqtt.server, {
      username: metadata.mqtt.username,
      password: metadata.mqtt.password,
      requestTopic: metadata.tunnel.requestTopic,
      replyTopic: metadata.tunnel.replyTopic,
    }),
  );
  for (let turn = 0; tunnel.status().state !== 'healthy'; turn++) {
    if (turn > 500) throw new Error(`no tunnel: ${tunnel.status().reason}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    stop: async () => {
      await tunnel.stop(200);
      await observer.stop(200);
    },
  };
}
