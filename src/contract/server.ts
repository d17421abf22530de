import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

/** What the embedded server does when it is told nothing (ours.md, Server). */
export const serverDefaults = {
  host: '127.0.0.1',
  httpPort: 8082,
  mqttPort: 31_883,
  adminName: 'admin',
  orgName: 'default',
  projectName: 'default',
} as const;

/** What the server writes to `--ready-file` once it takes calls (ours.md, Server). */
export const ReadyFile = Type.Object({
  url: Type.String({ pattern: '^https?://' }),
  mqtt: Type.String({ pattern: '^mqtts?://' }),
  pid: Type.Integer({ minimum: 1 }),
});
export type ReadyFile = Static<typeof ReadyFile>;
