/**
 * Starting Starling when its person logs in: a systemd user unit, or without systemd an entry for the desktop; a LaunchAgent; an
 * entry under Run.
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { autostartEntry, isSwitchedOff } from './desktop-entry.ts';
import { CannotRegister } from './registrar.ts';
import type { RunProgram } from './run.ts';
import { commandLine } from './windows.ts';

export interface Login {
  readonly env: NodeJS.ProcessEnv;
  /** The person's folder. */
  readonly userHome: string;
  /** What is started, with its arguments. */
  readonly program: readonly string[];
  /** Whether this system was started by systemd, which then runs a manager for each person: sd_booted(3). */
  readonly hasSystemd: boolean;
  readonly run: RunProgram;
}

export interface Autostart {
  /** @throws {CannotRegister} */
  on(login: Login): Promise<void>;
  /** @throws {CannotRegister} */
  off(login: Login): Promise<void>;
  /** What starts it, for people; null where nothing does. */
  by(login: Login): Promise<string | null>;
}

const UNIT = 'starling.service';
const ENTRY = 'starling.desktop';
const AGENT = 'org.starling.host';
const RUN_KEY = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run';

/** systemd.service(5): `%` is written twice, `$` too but in the program's own path; a quote or a backslash has one before it. */
export function systemdUnit(program: readonly string[]): string {
  const quoted = program.map((each, at) => {
    const doubled = each.replaceAll('%', '%%').replaceAll('$', at === 0 ? '$$' : '$$$$');
    return `"${doubled.replace(/[\\"]/g, '\\$&')}"`;
  });
  return [
    '[Unit]',
    'Description=Starling, a BitTorrent client',
    // What keeps failing, as with a damaged file, is not started for ever.
    'StartLimitIntervalSec=120',
    'StartLimitBurst=5',
    '',
    '[Service]',
    `ExecStart=${quoted.join(' ')}`,
    'Restart=on-failure',
    'RestartSec=5',
    // What is open is recorded before it ends.
    'TimeoutStopSec=30',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

/** launchd.plist(5). */
export function launchAgent(program: readonly string[]): string {
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0"><dict>',
    `  <key>Label</key><string>${AGENT}</string>`,
    `  <key>ProgramArguments</key><array>${program.map(each => `<string>${escaped(each)}</string>`).join('')}</array>`,
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
    '</dict></plist>',
    '',
  ].join('\n');
}

const systemd: Autostart = {
  async on(login) {
    const { unit, wanted } = unitsOf(login);
    mkdirSync(dirname(wanted), { recursive: true });
    writeFileSync(unit, systemdUnit(login.program));
    // What `systemctl --user enable` does, also where no user manager runs just now.
    rmSync(wanted, { force: true });
    symlinkSync(`../${UNIT}`, wanted);
    await login.run('systemctl', ['--user', 'daemon-reload']);
  },
  async off(login) {
    const { unit, wanted } = unitsOf(login);
    rmSync(wanted, { force: true });
    rmSync(unit, { force: true });
    await login.run('systemctl', ['--user', 'daemon-reload']);
  },
  by(login) {
    const { unit, wanted } = unitsOf(login);
    const isOn = existsSync(unit) && lstatSync(wanted, { throwIfNoEntry: false }) !== undefined;
    return Promise.resolve(isOn ? 'a systemd user unit' : null);
  },
};

const desktop: Autostart = {
  on(login) {
    const file = entryOf(login);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, autostartEntry(login.program));
    return Promise.resolve();
  },
  off(login) {
    rmSync(entryOf(login), { force: true });
    return Promise.resolve();
  },
  by(login) {
    const file = entryOf(login);
    const isOn = existsSync(file) && !isSwitchedOff(readFileSync(file, 'utf8'));
    return Promise.resolve(isOn ? 'an autostart entry of the desktop' : null);
  },
};

/** Without systemd a unit would lie there unread. Of the two there is one: what another start of this system made goes. */
const linux: Autostart = {
  async on(login) {
    const [chosen, other] = login.hasSystemd ? [systemd, desktop] : [desktop, systemd];
    await other.off(login);
    await chosen.on(login);
  },
  async off(login) {
    await desktop.off(login);
    await systemd.off(login);
  },
  async by(login) {
    return (login.hasSystemd ? await systemd.by(login) : null) ?? desktop.by(login);
  },
};

const launchd: Autostart = {
  on(login) {
    const file = agentOf(login);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, launchAgent(login.program));
    return Promise.resolve();
  },
  off(login) {
    // The job itself stays until its person logs out: to take it away now would end the host that runs.
    rmSync(agentOf(login), { force: true });
    return Promise.resolve();
  },
  by: login => Promise.resolve(existsSync(agentOf(login)) ? 'a LaunchAgent' : null),
};

const registry: Autostart = {
  async on({ run, program }) {
    const added = await run('reg.exe', ['add', RUN_KEY, '/v', 'Starling', '/t', 'REG_SZ', '/d', commandLine(program), '/f']);
    if (added?.ok !== true) throw new CannotRegister('The registry could not be written to.');
  },
  async off(login) {
    await login.run('reg.exe', ['delete', RUN_KEY, '/v', 'Starling', '/f']);
    // What is not there cannot be deleted, which is as well.
    if ((await registry.by(login)) !== null) throw new CannotRegister('The registry could not be written to.');
  },
  async by({ run }) {
    return (await run('reg.exe', ['query', RUN_KEY, '/v', 'Starling']))?.ok === true ? 'an entry in the registry' : null;
  },
};

export function autostartOf(platform: NodeJS.Platform): Autostart {
  return platform === 'win32' ? registry : platform === 'darwin' ? launchd : linux;
}

function configOf({ env, userHome }: Login): string {
  return env['XDG_CONFIG_HOME'] || join(userHome, '.config');
}

function entryOf(login: Login): string {
  return join(configOf(login), 'autostart', ENTRY);
}

function unitsOf(login: Login): { readonly unit: string; readonly wanted: string } {
  const folder = join(configOf(login), 'systemd/user');
  return { unit: join(folder, UNIT), wanted: join(folder, 'default.target.wants', UNIT) };
}

function agentOf({ userHome }: Login): string {
  return join(userHome, 'Library/LaunchAgents', `${AGENT}.plist`);
}
