import { createEmqxObserver } from '../../../agent/emqx/observer.ts';
import type { Logger } from '../../../agent/part.ts';
import { createTunnel } from '../../../agent/tunnel/tunnel.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { settingsFor } from '../emqx/settings.ts';
import { tunnelSettings } from './settings.ts';

/** Observer and tunnel in a process of their own: `node process.js BROKER EMQX`. Ready at its first line; each SIGUSR2 makes it tell its memory. */
const [, , brokerUrl = '', emqxUrl = ''] = process.argv;
const say = (line: unknown) => console.log(JSON.stringify(line));
const quiet = () => {};
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const observer = createEmqxObserver({ clock: systemClock, logger, agentId: 'process' });
const tunnel = createTunnel({ gateway: observer.gateway, clock: systemClock, logger, random: Math.random });
observer.apply(settingsFor({ dashboardUrl: emqxUrl, apiUrl: emqxUrl }, { intervalMs: 3_600_000 }));
const off = observer.onLook(() => {
  off();
  tunnel.apply(tunnelSettings(brokerUrl));
});
const timer = setInterval(() => {
  if (tunnel.status().state !== 'healthy') return;
  clearInterval(timer);
  say({ ready: true });
}, 10);
process.on('SIGUSR2', () => {
  say({ rss: process.memoryUsage().rss, peak: process.resourceUsage().maxRSS * 1024 });
});
process.once('SIGTERM', () => {
  process.removeAllListeners('SIGUSR2');
  void Promise.all([observer.stop(500), tunnel.stop(500)]);
});
