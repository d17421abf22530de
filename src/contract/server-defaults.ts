/** What the embedded server does when it is told nothing (ours.md, Server). */
export const serverDefaults = {
  host: '127.0.0.1',
  httpPort: 8082,
  mqttPort: 31_883,
  adminName: 'admin',
  orgName: 'default',
  projectName: 'default',
} as const;
