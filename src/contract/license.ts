import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Count } from './common.ts';
import { endpoint } from './endpoint.ts';

/** ECP's own license, the connections of all clusters together. Dates are texts of unpublished form. */
export const License = Type.Object({
  type: Type.String(),
  customerName: Type.String(),
  customerContact: Type.String(),
  startDate: Type.String(),
  expiredDate: Type.String(),
  expired: Type.Boolean(),
  maxEmqxClusterCount: Count,
  maxSingleClusterConnectionCount: Count,
  totalClusterConnectionCount: Count,
  maxEdgeServiceCount: Count,
  maxTagCount: Count,
});
export type License = Static<typeof License>;

export const getLicense = endpoint({ method: 'GET', path: '/api/license', caller: 'user', answer: License });

/** `file` is the text of the license file, sent as a file part. */
export const uploadLicense = endpoint({
  method: 'POST',
  path: '/api/license',
  caller: 'user',
  body: Type.Object({ file: Type.String() }),
  bodyKind: 'multipart',
  answer: License,
  repeatable: true,
});
