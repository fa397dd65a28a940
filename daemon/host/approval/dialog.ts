/**
 * A dialog of the desktop: zenity or kdialog, osascript, PowerShell. No shell is in between: what is shown is one argument,
 * or stands in the environment. Each says yes by what it prints and no other end of it can be mistaken for that, so that one
 * that is closed, killed or broken says no.
 */
import { spawn } from 'node:child_process';
import { hasScreen } from '../screen.ts';
import { type Answer, type Approver, type Question, spaced } from './approver.ts';

interface Dialog {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const TITLE = 'Starling';
const YES = 'Allow';
const NO = 'Refuse';
/** Far more than any of them prints. */
const MAX_PRINTED = 4096;
/** What they complain of where nobody can have seen them. */
const NO_SCREEN = /(?:cannot open|could not connect to) display|no user interaction allowed/i;

const APPLE_SCRIPT = `on run argv
  display dialog (item 1 of argv) with title "${TITLE}" buttons {"${NO}", "${YES}"} default button "${NO}" cancel button "${NO}" with icon caution
  return button returned of result
end run`;

const POWER_SHELL = `Add-Type -AssemblyName System.Windows.Forms
$answer = [System.Windows.Forms.MessageBox]::Show($env:STARLING_QUESTION, '${TITLE}', 'YesNo', 'Warning', 'Button2', 'DefaultDesktopOnly')
if ($answer -eq 'Yes') { Write-Output '${YES}' }`;

function textOf({ origin, code }: Question): string {
  return [
    `${origin} wants to use Starling on this computer. It could then download files, delete those it has downloaded, and connect to other computers.`,
    `Allow it only if you have just asked for that there, and it shows this code: ${spaced(code)}`,
  ].join('\n\n');
}

/** Those of a platform, the one to be tried first at the top. */
function dialogsOf(platform: NodeJS.Platform, question: Question): readonly Dialog[] {
  const text = textOf(question);
  switch (platform) {
    case 'darwin':
      return [{ program: 'osascript', args: ['-e', APPLE_SCRIPT, text] }];
    case 'win32':
      return [
        {
          program: 'powershell.exe',
          args: ['-NoProfile', '-NonInteractive', '-WindowStyle', 'Hidden', '-Command', POWER_SHELL],
          env: { STARLING_QUESTION: text },
        },
      ];
    default: {
      const zenity = ['--warning', '--no-markup', '--width=420', `--title=${TITLE}`, `--text=${text}`];
      return [
        // Its own button says no, and so does Enter. The other one prints its name, which no other end of it does.
        { program: 'zenity', args: [...zenity, `--ok-label=${NO}`, `--extra-button=${YES}`] },
        // It prints what was chosen; Enter alone chooses no.
        {
          program: 'kdialog',
          args: ['--title', TITLE, '--radiolist', text, NO, NO, 'on', YES, YES, 'off'],
        },
      ];
    }
  }
}

export interface DialogOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

export function dialogApprover({ env, platform }: DialogOptions): Approver {
  return async (question, signal) => {
    if (!hasScreen(env)) return 'unasked';
    for (const dialog of dialogsOf(platform, question)) {
      const answer = await show(dialog, env, signal);
      if (answer !== 'unasked') return answer;
    }
    return 'unasked';
  };
}

/** `unasked` where there is no such program, or it finds no screen. */
function show({ program, args, env }: Dialog, inherited: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Answer> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve('refuse');
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, ...env },
      windowsHide: true,
    });
    let printed = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => (printed = `${printed}${chunk.toString('utf8')}`.slice(0, MAX_PRINTED)));
    child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString('utf8')}`.slice(0, MAX_PRINTED)));
    const kill = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    const over = (answer: Answer): void => {
      signal.removeEventListener('abort', kill);
      resolve(answer);
    };
    child.once('error', () => over('unasked'));
    child.once('close', (_code, endedBy) => {
      if (printed.trim() === YES && endedBy === null && !signal.aborted) over('allow');
      else over(NO_SCREEN.test(complaint) ? 'unasked' : 'refuse');
    });
  });
}
