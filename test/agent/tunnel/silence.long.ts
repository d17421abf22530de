import { expect, it } from 'vitest';
import { usualTimings } from '../../../agent/tunnel/connection.ts';
import { startWire } from '../../stand-ins/wire.ts';
import { atEnd, broker, startTunnel, tunnelSettings, until } from './rig.ts';

it('a broker that keeps the connection and answers nothing is noticed within 30 seconds', async () => {
  const between = await broker();
  const wire = await startWire(Number(new URL(between.url).port));
  atEnd(() => wire.stop());
  const gateway = { request: () => Promise.reject(new Error('not asked here')) };
  const settings = tunnelSettings(`mqtt://127.0.0.1:${wire.port}`);
  const { tunnel } = startTunnel(settings, gateway, { timings: usualTimings });
  await until(() => tunnel.status().state === 'healthy');
  wire.freeze();
  await until(() => tunnel.status().state === 'failing', 30_000);
  expect(tunnel.status().reason).toBe(`The MQTT broker at mqtt://127.0.0.1:${wire.port} does not answer`);
});
