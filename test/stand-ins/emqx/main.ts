import { parseArgs } from 'node:util';
import type { Knobs } from './knobs.ts';
import { startEmqx } from './server.ts';

/** The stand-in as a process: prints one JSON line `{dashboardUrl, apiUrl}` when it listens, and ends on SIGTERM. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'api-port': { type: 'string', default: '0' },
    /** A JSON object; later `PUT /_knobs` turns more. */
    knobs: { type: 'string', default: '{}' },
  },
});

const emqx = await startEmqx(JSON.parse(values.knobs) as Partial<Knobs>, {
  port: Number(values.port),
  apiPort: Number(values['api-port']),
});
console.log(JSON.stringify({ dashboardUrl: emqx.dashboardUrl, apiUrl: emqx.apiUrl }));
process.once('SIGTERM', () => void emqx.stop());
process.once('SIGINT', () => void emqx.stop());
