import { randomUUID } from 'node:crypto';
import type { TunnelSettings } from '../../../agent/tunnel/types.ts';

export const topics = { request: 'requests/1', reply: 'replies/1' };

export function tunnelSettings(server: string, more: Partial<TunnelSettings> = {}): TunnelSettings {
  return {
    server,
    username: 'agent',
    password: 'mqtt-secret',
    requestTopic: topics.request,
    replyTopic: topics.reply,
    telemetryTopic: undefined,
    clientId: randomUUID(),
    ca: undefined,
    cert: undefined,
    key: undefined,
    insecure: false,
    ...more,
  };
}
