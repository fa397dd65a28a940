/** Says what went wrong on the screen: whoever clicked on a link has no terminal to look at. */
import { spawn } from 'node:child_process';
import { NO_SCREEN } from '../host/screen/screen.ts';
import { powershell } from '../host/screen/windows-program.ts';

interface Tool {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const POWERSHELL =
  'Add-Type -AssemblyName System.Windows.Forms; ' +
  "[void][System.Windows.Forms.MessageBox]::Show($env:STARLING_TEXT, 'Starling', 'OK', 'Warning')";

/** Far more than any of them complains of. */
const MAX_COMPLAINT = 4096;

const APPLESCRIPT = [
  'on run argv',
  'display dialog (item 1 of argv) with title "Starling" buttons {"OK"} default button 1 with icon caution',
  'end run',
];

/** What can show a sentence here, the best first. Texts are arguments or the environment's, never part of a program. */
export function dialogTools(platform: NodeJS.Platform, text: string): readonly Tool[] {
  const plain = withoutMarkup(text);
  switch (platform) {
    case 'win32':
      return [
        {
          program: powershell(process.env),
          args: ['-NoProfile', '-NonInteractive', '-Command', POWERSHELL],
          env: { STARLING_TEXT: plain },
        },
      ];
    case 'darwin':
      return [{ program: 'osascript', args: [...APPLESCRIPT.flatMap(line => ['-e', line]), plain] }];
    default:
      return [
        { program: 'zenity', args: ['--error', '--no-markup', '--title=Starling', `--text=${plain}`] },
        { program: 'kdialog', args: ['--title', 'Starling', '--error', plain] },
        { program: 'notify-send', args: ['--app-name=Starling', '--', 'Starling', plain] },
      ];
  }
}

/** Resolves once it was seen, or to false where nothing here can show it. */
export async function showProblem(text: string): Promise<boolean> {
  for (const tool of dialogTools(process.platform, text)) if (await run(tool)) return true;
  return false;
}

/** Some of them take tags for tags. */
function withoutMarkup(text: string): string {
  return text.replace(/[<>&\u0000-\u0009\u000b-\u001f\u007f]/g, ' ');
}

function run({ program, args, env }: Tool): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(0, MAX_COMPLAINT)));
    child.once('error', () => resolve(false));
    // 1: it was closed without its button.
    child.once('close', code => resolve((code === 0 || code === 1) && !NO_SCREEN.test(complaint)));
  });
}
