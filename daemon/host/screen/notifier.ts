/**
 * Tells a person on their own screen what happened while no window was open, by what the system has for it. Names of torrents are
 * anybody's: they travel as arguments or in the environment, never in a script, and never as markup.
 */
import { spawn } from 'node:child_process';
import type { Log } from '../logs/log.ts';
import { powershell } from './windows-program.ts';

/** A program that shows a notification. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Resolves to why it failed; empty where it did not. */
export type Run = (command: Command) => Promise<string>;

export interface Happened {
  readonly name: string;
  readonly what: 'completed' | 'failed' | 'added';
}

const WHAT: Readonly<Record<Happened['what'], string>> = {
  completed: 'was finished',
  failed: 'was stopped and needs you',
  added: 'was added',
};
const TITLE = 'Starling';
/** Ms between two notifications; what happens in between is told together. */
export const NOTIFY_EVERY = 10_000;
const MAX_NAME = 80;
const RUN_MS = 5_000;
/** Moves a cursor, begins a line, or turns text around. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const APPLE_SCRIPT = 'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run';
const POWERSHELL = `
$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent('ToastText02')
$lines = $toast.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($toast.CreateTextNode($env:STARLING_TITLE))
[void]$lines.Item(1).AppendChild($toast.CreateTextNode($env:STARLING_TEXT))
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($toast))
`;

/** How this system shows a text; null where there is no way. macOS and Windows as documented by their makers, not tried. */
export function commandFor(platform: NodeJS.Platform, text: string): Command | null {
  switch (platform) {
    case 'linux':
    case 'freebsd':
    case 'openbsd':
      // The body may hold markup, and escapes that are undone first: it must hold none of theirs. The title holds neither.
      return {
        program: 'notify-send',
        args: ['--app-name', TITLE, '--', TITLE, escapeMarkup(text).replaceAll('\\', '\\\\')],
        env: {},
      };
    case 'darwin':
      return { program: 'osascript', args: ['-e', APPLE_SCRIPT, TITLE, text], env: {} };
    case 'win32': {
      const args = ['-NoProfile', '-NonInteractive', '-Command', POWERSHELL];
      return { program: powershell(process.env), args, env: { STARLING_TITLE: TITLE, STARLING_TEXT: text } };
    }
    default:
      return null;
  }
}

export interface NotifierOptions {
  readonly platform: NodeJS.Platform;
  /** Whether its person wants to be told. */
  readonly isWanted: () => boolean;
  readonly run: Run;
  /** Calls back once after so many ms; gives what calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
  readonly log: Log;
}

export class Notifier {
  private readonly options: NotifierOptions;
  private first: Happened | null = null;
  /** What else happened since. */
  private more = 0;
  private isResting = false;
  private hasFailed = false;
  private callOff = (): void => undefined;

  constructor(options: NotifierOptions) {
    this.options = options;
  }

  happened(what: Happened): void {
    if (this.first === null) this.first = what;
    else this.more++;
    if (!this.isResting) this.show();
  }

  stop(): void {
    this.callOff();
    this.isResting = true;
  }

  private show(): void {
    const { first, more } = this;
    this.first = null;
    this.more = 0;
    this.isResting = first !== null && this.options.isWanted();
    if (first === null || !this.isResting) return;
    const text = more === 0 ? describe(first) : `${describe(first)} ${more} more changed as well.`;
    this.callOff = this.options.after(NOTIFY_EVERY, () => this.show());
    void this.tell(text);
  }

  private async tell(text: string): Promise<void> {
    const command = commandFor(this.options.platform, text);
    const problem = command === null ? 'this system has no way' : await this.options.run(command);
    if (problem !== '' && !this.hasFailed) this.options.log('info', 'nothing can be shown on the screen', { why: problem });
    this.hasFailed = problem !== '';
  }
}

/** Runs it without a shell, as long as that may take. */
export const runCommand: Run = ({ program, args, env }) =>
  new Promise(resolve => {
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: { ...process.env, ...env },
      timeout: RUN_MS,
      windowsHide: true,
    });
    child.once('error', error => resolve('code' in error ? String(error.code) : error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? '' : `${program}: ${signal ?? `exit code ${code ?? 0}`}`));
  });

function describe({ name, what }: Happened): string {
  const clean = name.replace(UNSEEN, ' ').trim();
  const short = clean.length > MAX_NAME ? `${clean.slice(0, MAX_NAME)}…` : clean;
  return `“${short}” ${WHAT[what]}.`;
}

function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
