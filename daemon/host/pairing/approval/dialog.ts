/**
 * A dialog of the desktop: zenity or kdialog, osascript, PowerShell. No shell is in between: what is shown is one argument,
 * or stands in the environment. Each says yes by what it prints and no other end of it can be mistaken for that, so that one
 * that is closed, killed or broken says no. A site chooses when it comes up, which may be under somebody's hands: yes is more than
 * one key away, and one that comes too soon to be meant is asked for anew.
 */
import { spawn } from 'node:child_process';
import { findScreen, NO_SCREEN } from '../../screen/screen.ts';
import { powershell } from '../../screen/windows-program.ts';
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
/**
 * A yes within that of its program's start was typed before the dialog could be read, in ms. None of them tells when it is on the screen;
 * on a busy computer of two cores that took zenity 1.3 to 3.3 s. Who reads it and compares the code takes longer than the rest.
 */
const HASTY_MS = 5_000;
/** So that who knows it by heart waits, and does not answer the same again in vain. */
const SLOWLY = `Allow counts from ${HASTY_MS / 1000} seconds on; sooner, you are asked again.`;
/** Of so many in a row the last counts as a no. */
const HASTY_ANSWERS = 3;

const APPLE_SCRIPT = `on run argv
  display dialog (item 1 of argv) with title "${TITLE}" buttons {"${NO}", "${YES}"} default button "${NO}" cancel button "${NO}" with icon caution
  return button returned of result
end run`;

/** Not Yes and No, which are chosen by their first letter. PowerShell takes long to start, so that it measures the haste itself. */
const POWER_SHELL = `Add-Type -AssemblyName System.Windows.Forms
for ($asked = 0; $asked -lt ${HASTY_ANSWERS}; $asked++) {
  $shown = [System.Diagnostics.Stopwatch]::StartNew()
  $answer = [System.Windows.Forms.MessageBox]::Show($env:STARLING_QUESTION, '${TITLE}', 'OKCancel', 'Warning', 'Button2', 'DefaultDesktopOnly')
  if ($answer -ne 'OK') { break }
  if ($shown.ElapsedMilliseconds -ge 1000) { Write-Output '${YES}'; break }
}`;

function textOf({ origin, code }: Question): string {
  return [
    `${origin} wants to use Starling on this computer. It could then download files, delete those it has downloaded, and connect to other computers.`,
    `Allow it only if you have just asked for that there, and it shows this code: ${spaced(code)}`,
  ].join('\n\n');
}

/** Those of a platform, the one to be tried first at the top. */
function dialogsOf({ platform, env }: DialogOptions, question: Question): readonly Dialog[] {
  const text = textOf(question);
  switch (platform) {
    case 'darwin':
      return [{ program: 'osascript', args: ['-e', APPLE_SCRIPT, `${text}\n\n${SLOWLY}`] }];
    case 'win32':
      return [
        {
          program: powershell(env),
          args: ['-NoProfile', '-NonInteractive', '-WindowStyle', 'Hidden', '-Command', POWER_SHELL],
          env: { STARLING_QUESTION: `${text}\n\nOK allows it, Cancel refuses.` },
        },
      ];
    default: {
      const asked = `${text}\n\n${SLOWLY}`;
      const zenity = ['--warning', '--no-markup', '--width=420', `--title=${TITLE}`, `--text=${asked}`];
      return [
        // Its own button says no, and so does Enter. The other one prints its name, which no other end of it does.
        { program: 'zenity', args: [...zenity, `--ok-label=${NO}`, `--extra-button=${YES}`] },
        // It prints what was chosen; Enter alone chooses no.
        {
          program: 'kdialog',
          args: ['--title', TITLE, '--radiolist', asked, NO, NO, 'on', YES, YES, 'off'],
        },
      ];
    }
  }
}

export interface DialogOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** How soon is too soon, in ms from the start of its program. */
  readonly hastyMs?: number;
}

export function dialogApprover(options: DialogOptions): Approver {
  return async (question, signal) => {
    if (!(await findScreen(options.env))) return 'unasked';
    for (const dialog of dialogsOf(options, question)) {
      const answer = await askCalmly(dialog, options, signal);
      if (answer !== 'unasked') return answer;
    }
    return 'unasked';
  };
}

/** A yes counts once there was time to read what it is for. */
async function askCalmly(dialog: Dialog, { env, hastyMs = HASTY_MS }: DialogOptions, signal: AbortSignal): Promise<Answer> {
  for (let asked = 0; asked < HASTY_ANSWERS; asked++) {
    const from = performance.now();
    const answer = await show(dialog, env, signal);
    if (answer !== 'allow' || performance.now() - from >= hastyMs) return answer;
  }
  return 'refuse';
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
