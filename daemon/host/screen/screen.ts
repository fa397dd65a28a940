/** Whether somebody sits in front of this computer. */
import { execFile } from 'node:child_process';

/** Values of `CI` that say there is none. Whatever else it is set to, nobody sits in front. */
const NO_CI: readonly string[] = ['', '0', 'false'];
/** What a desktop tells the user manager of systemd once it is there. */
const DESKTOP = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_CURRENT_DESKTOP'] as const;
const MANAGER_MS = 5_000;

/** What GTK, Qt and osascript complain of where nobody can have seen a dialog. */
export const NO_SCREEN =
  /(?:cannot|can't|could not|failed to|unable to) (?:open|connect to) (?:the )?(?:X )?display|no Qt platform plugin could be initialized|no user interaction allowed/i;

/** Whether a browser can be opened here at all. */
export function hasScreen(env: NodeJS.ProcessEnv): boolean {
  if (!NO_CI.includes(env['CI'] ?? '')) return false;
  return process.platform !== 'linux' || Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY']);
}

/**
 * The same, of now. What systemd starts at login may be there before the desktop is, and when another has come since: its manager
 * is asked for the desktop, which `env` then leads to.
 */
export async function findScreen(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (env['SYSTEMD_EXEC_PID'] === String(process.pid)) {
    const told = await managersEnvironment(env);
    if (told !== null) {
      for (const name of DESKTOP) {
        const value = told.get(name);
        if (value === undefined) delete env[name];
        else env[name] = value;
      }
    }
  }
  return hasScreen(env);
}

/** Null where it does not answer. */
function managersEnvironment(env: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, string> | null> {
  return new Promise(resolve => {
    execFile('systemctl', ['--user', 'show-environment'], { env, timeout: MANAGER_MS }, (error, out) => {
      if (error !== null) return resolve(null);
      // Others are quoted for a shell; none of ours is in need of it.
      resolve(new Map([...out.matchAll(/^(\w+)=([\w:./@-]+)$/gm)].map(([, name = '', value = '']) => [name, value])));
    });
  });
}
