import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';

/** What the server writes to `--ready-file` once it takes calls (ours.md, Server). */
export const ReadyFile = Type.Object({
  url: Type.String({ pattern: '^https?://' }),
  mqtt: Type.String({ pattern: '^mqtts?://' }),
  pid: Type.Integer({ minimum: 1 }),
});
export type ReadyFile = Static<typeof ReadyFile>;
