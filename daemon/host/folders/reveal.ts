/**
 * Shows a file of a download in the file manager on this computer's screen. No shell takes part and nothing is opened: the file
 * manager is given the folder, or asked to point at the file.
 */
import { execFile } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findScreen, NO_SCREEN } from '../screen/screen.ts';

/** `none`: there is no screen, or no program that could show it. */
export type Shown = 'shown' | 'none';

/** A file manager answers at once, or is one that goes on in the foreground. */
const ANSWER_MS = 5_000;

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Its exit code says nothing. */
  readonly isMute?: boolean;
}

/** No part of a path that leads elsewhere. */
function isName(name: string): boolean {
  return (
    name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && !(process.platform === 'win32' && /[\\:"]/.test(name))
  );
}

/** What is there of the path below a root, which is given as it really is: as far down as no link is on the way. Null where a name is none. */
export async function found(root: string, names: readonly string[]): Promise<string | null> {
  if (!names.every(isName)) return null;
  let at = root;
  for (const name of names) {
    const next = join(at, name);
    const stat = await lstat(next).catch(() => null);
    if (stat === null || (!stat.isDirectory() && !stat.isFile())) break;
    at = next;
  }
  return at;
}

/** The programs of this system that show it, the best first. Each name is given as it is, behind an absolute path. */
async function programs(path: string, env: NodeJS.ProcessEnv): Promise<readonly Program[]> {
  switch (process.platform) {
    case 'darwin':
      return [{ command: 'open', args: ['-R', path] }];
    case 'win32':
      return [{ command: `${env['SystemRoot'] ?? 'C:\\Windows'}\\explorer.exe`, args: [`/select,"${path}"`], isMute: true }];
    default: {
      if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return [];
      const folder = (await lstat(path)).isDirectory() ? path : dirname(path);
      return [
        { command: 'gdbus', args: [...FILE_MANAGER, `['${uriOf(path)}']`, ''] },
        { command: 'xdg-open', args: [folder] },
      ];
    }
  }
}

const FILE_MANAGER = [
  'call',
  '--session',
  '--dest=org.freedesktop.FileManager1',
  '--object-path=/org/freedesktop/FileManager1',
  '--method=org.freedesktop.FileManager1.ShowItems',
];

/** As it stands between the quotes of a text that gdbus reads. */
function uriOf(path: string): string {
  return pathToFileURL(path).href.replaceAll("'", '%27');
}

export async function reveal(path: string, env = process.env): Promise<Shown> {
  await findScreen(env);
  for (const program of await programs(path, env)) if (await runs(program, env)) return 'shown';
  return 'none';
}

function runs({ command, args, isMute = false }: Program, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise(resolve => {
    const child = execFile(
      command,
      args,
      { env, windowsHide: false, windowsVerbatimArguments: true },
      (error, _stdout, stderr) => {
        clearTimeout(timer);
        resolve(error === null || (isMute && error.code !== 'ENOENT' && !NO_SCREEN.test(stderr)));
      },
    );
    // One that stays in the foreground shows it meanwhile.
    const timer = setTimeout(() => resolve(true), ANSWER_MS);
    child.once('error', () => clearTimeout(timer));
  });
}
