import { readdirSync, readFileSync } from 'node:fs';
import { createLogShipper } from '../../agent/logs/shipper.ts';
import type { LogSettings } from '../../agent/logs/types.ts';
import type { Logger } from '../../agent/part.ts';
import { systemClock } from '../../src/core/clock.ts';

/**
 * The log shipper alone as a process of its own, for benchmarks: `harness CONFIG.json` with `{stateDirectory, settings}`.
 * Prints its log and, every 200 ms, its status as JSON lines.
 */
const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  stateDirectory: string;
  settings: LogSettings;
};

const print = (kind: string, value: unknown) => process.stdout.write(`${JSON.stringify({ kind, value })}\n`);
const note = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
  print('log', { level, message, fields });
const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

const shipper = createLogShipper({
  stateDirectory: config.stateDirectory,
  logger,
  clock: systemClock,
  random: Math.random,
});
shipper.apply(config.settings);

const timer = setInterval(() => {
  const { files, ...status } = shipper.status();
  const unread = files.reduce((sum, file) => sum + Math.max(0, file.size - file.acknowledged), 0);
  const memory = process.memoryUsage();
  print('status', {
    ...status,
    unread,
    files: files.length,
    rss: memory.rss,
    heap: memory.heapUsed,
    external: memory.external,
    fds: readdirSync('/proc/self/fd').length,
    cpu: process.cpuUsage(),
  });
}, 200);

process.once('SIGTERM', () => {
  clearInterval(timer);
  void shipper.stop(10_000).then(() => print('stopped', shipper.status().delivered));
});
