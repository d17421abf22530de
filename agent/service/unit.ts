import type { Home } from '../config/home.ts';
import { thrift } from './process.ts';

/** The agent's own user and group. */
export const serviceUser = 'emqxee-agent';

export interface UnitOptions {
  readonly home: Home;
  /** Program and its arguments, up to the verb. */
  readonly command: readonly string[];
  /** Groups that may read EMQX's logs. */
  readonly groups: readonly string[];
}

/**
 * The systemd unit. 78 is a configuration error that a restart cannot mend. MemoryDenyWriteExecute is missing because
 * V8 writes the code it runs, ProcSubset because the pid file is told from a stale one by /proc/sys. Without
 * StartLimitIntervalSec=0 systemd would give up on an agent whose machine is short of memory for a minute.
 */
export function unitText({ home, command, groups }: UnitOptions): string {
  return `[Unit]
Description=EMQX ECP agent
Wants=network-online.target
After=network-online.target emqx.service
StartLimitIntervalSec=0

[Service]
Type=notify
# systemd-notify is a process of its own.
NotifyAccess=all
ExecStart=${[...command, 'run'].map(quoted).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
${Object.entries(thrift)
  .map(([name, value]) => `Environment=${name}=${value}\n`)
  .join('')}WatchdogSec=60
TimeoutStartSec=90
TimeoutStopSec=20
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=78
User=${serviceUser}
Group=${serviceUser}
${groups.length > 0 ? `SupplementaryGroups=${groups.join(' ')}\n` : ''}UMask=0077
RuntimeDirectory=emqxee-agent
RuntimeDirectoryMode=0700
LimitNOFILE=16384
TasksMax=64

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ReadWritePaths=${home.root}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** For systemd-sysusers: makes the user and group once, and leaves them when they are there. */
export function sysusersText(home: Home): string {
  return `u ${serviceUser} - "EMQX ECP agent" ${home.root} -\n`;
}

/** For systemd-tmpfiles: settings belong to root and are readable to the agent, the rest is the agent's own. */
export function tmpfilesText(home: Home): string {
  return [
    `d ${home.root} 0750 root ${serviceUser} -`,
    `d ${home.root}/etc 0750 root ${serviceUser} -`,
    `z ${home.config} 0640 root ${serviceUser} -`,
    `d ${home.logDirectory} 0750 ${serviceUser} ${serviceUser} -`,
    `d ${home.state} 0700 ${serviceUser} ${serviceUser} -`,
    `Z ${home.logDirectory} - ${serviceUser} ${serviceUser} -`,
    `Z ${home.state} - ${serviceUser} ${serviceUser} -`,
    '',
  ].join('\n');
}

/** agent.yaml as it is published (contract: ecp.md section 4), without the exporter that most machines do not have. */
export function defaultConfigText(home: Home): string {
  return `# Changes take effect at once. All settings: docs/agent.md; check them with: emqxee-agent config check
agent:
  logger:
    mode: file
    level: warn
    file: ${home.logDirectory}/agent.log
  heartbeat:
    interval: 10s
  monitoring:
    interval: 10s
    # exporter_url: http://127.0.0.1:8085
`;
}

/** systemd splits at blanks and knows % and $; what is plain stays as it is. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}
