import type { EmqxSettings } from '../../../agent/emqx/types.ts';

export function settingsFor(
  standIn: { dashboardUrl: string; apiUrl: string },
  more: Partial<EmqxSettings> = {},
): EmqxSettings {
  return {
    dashboardUrl: standIn.dashboardUrl,
    apiUrl: standIn.apiUrl,
    username: 'admin',
    password: 'public',
    apiKey: undefined,
    apiSecret: undefined,
    ca: undefined,
    insecure: false,
    intervalMs: 1000,
    exporterUrl: undefined,
    ...more,
  };
}
