/**
 * Asks the person at this computer's screen for a folder, by the dialog of the desktop. No shell takes part. A key that was meant for
 * something else may choose one: an app that may open this dialog may add a folder without it, too, and the rules are the same.
 */
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { findScreen, NO_SCREEN } from '../screen/screen.ts';
import { powershell } from '../screen/windows-program.ts';

export type Picked =
  | { readonly outcome: 'picked'; readonly path: string }
  /** `none`: there is no screen, or no program that could ask on it. `failed`: the program did not do as it should. */
  | { readonly outcome: 'cancelled' | 'timeout' | 'none' | 'failed' };

/** A program that shows the dialog. */
interface Dialog {
  readonly command: string;
  readonly args: readonly string[];
  /** What it exits with where the person chose none. */
  readonly cancelled: number;
}

const TITLE = 'Starling: choose a folder for downloads';
/** A dialog that nobody sees is closed again. */
const PATIENCE_MS = 5 * 60_000;
const MAX_OUTPUT = 64 << 10;

const zenity = (): Dialog => ({
  command: 'zenity',
  args: ['--file-selection', '--directory', `--title=${TITLE}`, `--filename=${homedir()}/`],
  cancelled: 1,
});
const kdialog = (): Dialog => ({
  command: 'kdialog',
  args: ['--title', TITLE, '--getexistingdirectory', homedir()],
  cancelled: 1,
});
const OSASCRIPT = `POSIX path of (choose folder with prompt "${TITLE}")`;
const POWERSHELL = [
  '[Console]::OutputEncoding = [Text.Encoding]::UTF8',
  'Add-Type -AssemblyName System.Windows.Forms',
  '$dialog = New-Object System.Windows.Forms.FolderBrowserDialog',
  `$dialog.Description = '${TITLE}'`,
  '$owner = New-Object System.Windows.Forms.Form -Property @{ TopMost = $true }',
  "if ($dialog.ShowDialog($owner) -ne 'OK') { exit 2 }",
  '[Console]::Out.Write($dialog.SelectedPath)',
].join('; ');

/** Those of this system, the likeliest first. */
function dialogs(env: NodeJS.ProcessEnv): readonly Dialog[] {
  switch (process.platform) {
    case 'darwin':
      return [{ command: 'osascript', args: ['-e', OSASCRIPT], cancelled: 1 }];
    case 'win32':
      return [{ command: powershell(env), args: ['-NoProfile', '-STA', '-Command', POWERSHELL], cancelled: 2 }];
    default:
      if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return [];
      return /\bKDE\b/.test(env.XDG_CURRENT_DESKTOP ?? '') ? [kdialog(), zenity()] : [zenity(), kdialog()];
  }
}

/** Resolves once the person has answered, or never will; `signal` closes the dialog, and so does `patience`, in ms. */
export async function pickFolder(signal: AbortSignal, env = process.env, patience = PATIENCE_MS): Promise<Picked> {
  await findScreen(env);
  for (const dialog of dialogs(env)) {
    const picked = await ask(dialog, { env, signal, timeout: patience });
    if (picked.outcome !== 'none') return picked;
  }
  return { outcome: 'none' };
}

interface AskOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly timeout: number;
}

function ask({ command, args, cancelled }: Dialog, options: AskOptions): Promise<Picked> {
  return new Promise(resolve => {
    execFile(command, args, { ...options, maxBuffer: MAX_OUTPUT, windowsHide: true }, (error, stdout, stderr) => {
      // Names may end in anything but the one line end that programs put there.
      const path = stdout.replace(/\r?\n$/, '');
      if (error === null) resolve(path === '' ? { outcome: 'failed' } : { outcome: 'picked', path });
      else if (options.signal.aborted) resolve({ outcome: 'cancelled' });
      else if (error.killed === true) resolve({ outcome: 'timeout' });
      else if (error.code === 'ENOENT' || NO_SCREEN.test(stderr)) resolve({ outcome: 'none' });
      else resolve({ outcome: error.code === cancelled ? 'cancelled' : 'failed' });
    });
  });
}
