import { MASTER_KEY_CREDENTIAL, SERVE_SETTINGS, SERVER_SETTINGS } from '../../config.ts';
import { CONFIG_CREDENTIAL, CONFIG_FILE } from '../../config-file.ts';

export const SERVICE = 'rollcall.service';
export const UNIT_FILE = `/etc/systemd/system/${SERVICE}`;
export const SETTINGS_FILE = '/etc/rollcall/rollcall.env';
export const MASTER_KEY_FILE = '/etc/rollcall/master.key';
/** The state directory of the unit. systemd gives it to the service's user at each start. */
export const DATA_DIR = '/var/lib/rollcall-data';

/** The first line of a unit that `service install` wrote, and may replace. */
export const UNIT_HEADER = '# Written by `rollcall service install`, which replaces this file.';

/** Where the program is. Both paths are absolute. */
export interface Program {
  node: string;
  script: string;
}

/**
 * The systemd unit of the server: a user of its own that exists only while the service runs, no capability, and no file
 * that it can write except those in its data directory. `man systemd.exec` explains each line.
 *
 * - `SetCredential` is for a machine without a configuration file: its settings are then an empty map.
 * - No `MemoryDenyWriteExecute`: Node.js compiles JavaScript while it runs.
 * - `KillMode=mixed`: the server stops its PostgreSQL itself, after the last request.
 */
export function unitOf({ node, script }: Program): string {
  return `${UNIT_HEADER}
# Settings belong into ${CONFIG_FILE} or ${SETTINGS_FILE}. Other changes: systemctl edit ${SERVICE}
[Unit]
Description=Rollcall
Documentation=file:${script.replace(/dist\/bin\/[^/]+$/, 'docs/operations.md')}
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=${quoted(node)} ${quoted(script)} serve --data-dir ${DATA_DIR}
EnvironmentFile=-${SETTINGS_FILE}
LoadCredential=${MASTER_KEY_CREDENTIAL}:${MASTER_KEY_FILE}
LoadCredential=${CONFIG_CREDENTIAL}:${CONFIG_FILE}
SetCredential=${CONFIG_CREDENTIAL}:{}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=90
LimitNOFILE=65536

DynamicUser=yes
StateDirectory=${DATA_DIR.replace('/var/lib/', '')}
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** A word of `ExecStart=`: systemd splits at blanks, and expands `%` and `$`. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}

/** The file of settings before anybody changed it: each setting of `serve` as a comment, with what it means. */
export function settingsTemplate(): string {
  const settings = Object.values({ ...SERVER_SETTINGS, ...SERVE_SETTINGS });
  const lines = settings.map(({ env, description, ...rest }) => {
    const value: unknown = 'default' in rest ? rest.default : undefined;
    const shown = typeof value === 'string' || typeof value === 'number' ? value : '';
    return `# ${description}\n#${env}=${shown}\n`;
  });
  return [
    `# Settings of ${SERVICE}, one in a line: NAME=value. After a change: systemctl restart ${SERVICE}`,
    '# A program that reads this file can read what is secret here: keep mode 0600.\n',
    '# use this PostgreSQL (15 or later) instead of the embedded one\n#DATABASE_URL=\n',
    ...lines,
  ].join('\n');
}
