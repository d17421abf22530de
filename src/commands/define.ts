import { defineCommand } from '../cli/command.ts';
import type { EcpContext } from '../cli/session.ts';

/** A verb of `ecpctl`. */
export const command = defineCommand<EcpContext>();

/** The argument most verbs take. */
export const clusterArg = {
  name: 'cluster',
  complete: 'clusters',
  help: { en: 'Name or id of the cluster', zh: '集群名称或 ID' },
} as const;
