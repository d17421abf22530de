import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Choice } from './common.ts';
import { endpoint } from './endpoint.ts';

export const EcpVersion = Type.Object({
  version: Type.String(),
  commit: Type.String(),
  created: Type.String(),
  /** Ours: what hosted clusters run on; Docker offers less (ecp.md section 5). */
  xPlatform: Type.Optional(Choice(['kubernetes', 'docker'])),
});
export type EcpVersion = Static<typeof EcpVersion>;

export const getVersion = endpoint({ method: 'GET', path: '/api/version', caller: 'anyone', answer: EcpVersion });
