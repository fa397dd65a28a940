/** How a person is asked: by a dialog of the desktop, by a page, in the terminal; and what counts as a yes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Answer, type Approver, firstOf, type Question } from '../../daemon/host/pairing/approval/approver.ts';
import { dialogApprover } from '../../daemon/host/pairing/approval/dialog.ts';
import { ApprovalPage } from '../../daemon/host/pairing/approval/page.ts';
import { terminalApprover } from '../../daemon/host/pairing/approval/terminal.ts';
import { Redirects } from '../../daemon/host/screen/browser.ts';
import { tempFolder, until } from './temp.ts';

const QUESTION: Question = { origin: 'https://app.example', code: '012345' };
const never = new AbortController().signal;
const POWERSHELL = 'windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';

/** A folder of programs that do what these scripts say; each writes its arguments, and one variable, beside it. */
function programs(scripts: Readonly<Record<string, string>>): { env: NodeJS.ProcessEnv; heard: (name: string) => string[] } {
  const folder = tempFolder();
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\nprintf '%s\\0' "$@" "$STARLING_QUESTION" > "$0.heard"\n${script}\n`);
    chmodSync(path, 0o755);
  }
  const heard = (name: string): string[] => {
    const file = join(folder, `${name}.heard`);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\0').slice(0, -1) : [];
  };
  return { env: { PATH: folder, DISPLAY: ':77', SystemRoot: join(folder, 'windows') }, heard };
}

describe.skipIf(process.platform === 'win32')('a dialog of the desktop', () => {
  test.each([
    ['zenity', 'linux', '--text='],
    ['kdialog', 'linux', ''],
    ['osascript', 'darwin', ''],
    [POWERSHELL, 'win32', ''],
  ] as const)(
    '%s is told origin and code in one argument or in its environment, and says yes by one word alone',
    async (program, platform, before) => {
      const answers: Readonly<Record<string, Answer>> = {
        'echo Allow': 'allow',
        'echo Refuse': 'refuse',
        'echo Allowed': 'refuse',
        'echo Allow; echo Refuse': 'refuse',
        'exit 0': 'refuse',
        'exit 1': 'refuse',
        'exit 5': 'refuse',
        'echo Allow; kill -9 $$': 'refuse',
        'echo "cannot open display: :77" >&2; exit 1': 'unasked',
        'echo "Gtk-WARNING **: Failed to open display" >&2; exit 1': 'unasked',
        'echo "qt.qpa.xcb: could not connect to display :77" >&2; kill -6 $$': 'unasked',
      };
      for (const [script, answer] of Object.entries(answers)) {
        const { env, heard } = programs({ [program]: script });
        expect(await dialogApprover({ env, platform, hastyMs: 0 })(QUESTION, never), script).toBe(answer);
        const text = heard(program).find(argument => argument.startsWith(`${before}https://app.example wants to use Starling`));
        expect(text).toContain('012 345');
        expect(heard(program).filter(argument => argument.includes('app.example'))).toHaveLength(1);
      }
    },
  );

  test('kdialog is asked where there is no zenity, and nobody where there is neither, or no screen', async () => {
    const one = programs({ kdialog: 'echo Allow' });
    expect(await dialogApprover({ env: one.env, platform: 'linux', hastyMs: 0 })(QUESTION, never)).toBe('allow');
    const both = programs({ zenity: 'exit 1', kdialog: 'echo Allow' });
    expect(await dialogApprover({ env: both.env, platform: 'linux' })(QUESTION, never)).toBe('refuse');
    expect(both.heard('kdialog')).toEqual([]);
    const none = programs({});
    expect(await dialogApprover({ env: none.env, platform: 'linux' })(QUESTION, never)).toBe('unasked');
    expect(await dialogApprover({ env: { ...one.env, DISPLAY: '' }, platform: 'linux' })(QUESTION, never)).toBe('unasked');
  });

  test('asks again after a yes that came too soon to be meant, and takes the third for a no', async () => {
    const once = programs({ zenity: 'echo again >> "$0.times"; echo Allow' });
    expect(await dialogApprover({ env: once.env, platform: 'linux', hastyMs: 600_000 })(QUESTION, never)).toBe('refuse');
    expect(readFileSync(join(once.env['PATH']!, 'zenity.times'), 'utf8')).toBe('again\nagain\nagain\n');
    const thought = programs({ zenity: '[ -e "$0.times" ] && /bin/sleep 1; echo again >> "$0.times"; echo Allow' });
    expect(await dialogApprover({ env: thought.env, platform: 'linux', hastyMs: 1000 })(QUESTION, never)).toBe('allow');
  });

  test.skipIf(process.platform !== 'linux')('one of a login that came before its desktop is shown on that desktop', async () => {
    const desktop = 'echo HOME=/; echo DISPLAY=:5; echo XAUTHORITY=/run/user/5/auth';
    const { env } = programs({ systemctl: desktop, zenity: '[ "$DISPLAY$XAUTHORITY" = :5/run/user/5/auth ] && echo Allow' });
    const asks = (pid: number): Promise<Answer> => {
      const started = { PATH: env['PATH'], SYSTEMD_EXEC_PID: String(pid) };
      return dialogApprover({ env: started, platform: 'linux', hastyMs: 0 })(QUESTION, never);
    };
    expect(await asks(process.pid)).toBe('allow');
    expect(await asks(process.ppid)).toBe('unasked');
  });

  test('goes when it matters no more, and that is no yes', async () => {
    const { env, heard } = programs({ zenity: 'echo Allow; exec /bin/sleep 60' });
    const ended = new AbortController();
    const answer = dialogApprover({ env, platform: 'linux' })(QUESTION, ended.signal);
    await until(() => heard('zenity').length > 0, 'the dialog');
    ended.abort();
    expect(await answer).toBe('refuse');
  });
});

const installed = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some(folder => existsSync(join(folder, program)));
const missing = ['zenity', 'Xvfb', 'xdotool'].filter(program => !installed(program));

describe.skipIf(missing.length > 0)(`zenity itself${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  let screen: Promise<{ child: ChildProcess; display: string }> | null = null;
  afterAll(async () => void (await screen)?.child.kill());

  /** A screen of its own, whose number the server chooses. */
  function onScreen(): Promise<{ child: ChildProcess; display: string }> {
    screen ??= new Promise(resolve => {
      const child = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '800x600x24', '-nolisten', 'tcp', '-noreset'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      child.stdout.once('data', (chunk: Buffer) => resolve({ child, display: `:${chunk.toString().trim()}` }));
    });
    return screen;
  }

  /** What it says when these keys are pressed, or this is done to its window. */
  async function pressing(...action: readonly string[]): Promise<Answer> {
    const { display } = await onScreen();
    const env = { ...process.env, CI: '', DISPLAY: display };
    const run = (args: readonly string[]): Promise<string> =>
      new Promise(resolve => {
        let out = '';
        const child = spawn('xdotool', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.once('close', () => resolve(out.trim()));
      });
    let answer: Answer | null = null;
    void dialogApprover({ env, platform: 'linux', hastyMs: 0 })(QUESTION, never).then(said => (answer = said));
    const window = await until(
      async () => (await run(['search', '--onlyvisible', '--name', '^Starling$'])).split('\n').at(-1) || null,
      'the dialog',
    );
    await until(async () => {
      if (answer !== null) return true;
      await run(['windowfocus', window]);
      await run(action[0] === 'key' ? action : [...action, window]);
      return answer !== null;
    }, 'an answer');
    return answer!;
  }

  test('says yes by its second button, and no by Enter, by Escape and when its window is taken away', async () => {
    expect(await pressing('key', 'Return')).toBe('refuse');
    expect(await pressing('key', 'Escape')).toBe('refuse');
    expect(await pressing('windowclose')).toBe('refuse');
    expect(await pressing('key', 'Tab', 'Return')).toBe('allow');
  });
});

describe('the terminal', () => {
  const at = (typed: string | null): { approver: Approver; shown: () => string; input: PassThrough } => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let shown = '';
    output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    if (typed === null) input.end();
    else input.write(typed);
    return { approver: terminalApprover(() => ({ input, output })), shown: () => shown, input };
  };

  test.each([
    ['012345\n', 'allow'],
    [' 012 345 \n', 'allow'],
    ['ls -l\n\n012345\n', 'allow'],
    ['y\n\nyes\n', 'refuse'],
    ['1\n2\n3\n012345\n', 'refuse'],
    ['012346\nn\n012345\n', 'refuse'],
    ['no\n', 'refuse'],
    [null, 'refuse'],
  ] as const)('%j is: %s', async (typed, answer) => {
    const { approver, shown } = at(typed);
    expect(await approver(QUESTION, never)).toBe(answer);
    expect(shown()).toContain('https://app.example asks to use Starling');
    expect(shown()).not.toMatch(/012 ?345/);
  });

  test('is left alone once it matters no more', async () => {
    const { approver, shown, input } = at('');
    const ended = new AbortController();
    const answer = approver(QUESTION, ended.signal);
    await until(() => shown().includes('Type the code'), 'the question');
    ended.abort();
    expect(await answer).toBe('refuse');
    input.write('012345\n');
    expect(shown()).toContain('It asks no more.');
  });

  test('nobody is asked where there is none', async () => {
    expect(await terminalApprover(() => null)(QUESTION, never)).toBe('unasked');
  });
});

describe('the page', () => {
  const HOST = 'http://127.0.0.1:7800';

  function set(): {
    page: ApprovalPage;
    ask: Promise<Answer>;
    secret: () => Promise<string>;
    file: () => string;
    ended: AbortController;
  } {
    const redirects = new Redirects(tempFolder());
    onTestFinished(() => redirects.removeAll());
    const page = new ApprovalPage({ redirects, origin: () => HOST });
    const ended = new AbortController();
    let said = '';
    const ask = page.named(text => (said = text), true)(QUESTION, ended.signal);
    const file = (): string => /: (\S+\.html)$/.exec(said)?.[1] ?? '';
    const secret = async (): Promise<string> => {
      await until(() => file() !== '', 'the file');
      return /approve\.html#([\w-]{43})"/.exec(readFileSync(file(), 'utf8'))?.[1] ?? '';
    };
    return { page, ask, secret, file, ended };
  }

  test('is for who has the secret in a file of its owner, and its answer counts once', async () => {
    const { page, ask, secret, file } = set();
    const known = await secret();
    expect(known).not.toBe('');
    expect(page.look('guess')).toBeNull();
    expect(page.answer('guess', true)).toBe(false);
    expect(page.look(known)).toEqual(QUESTION);
    expect(page.answer(known, true)).toBe(true);
    expect(await ask).toBe('allow');
    expect(page.look(known)).toBeNull();
    expect(page.answer(known, true)).toBe(false);
    expect(existsSync(file())).toBe(false);
  });

  test('says no where that is pressed, and when it matters no more', async () => {
    const one = set();
    one.page.answer(await one.secret(), false);
    expect(await one.ask).toBe('refuse');
    const two = set();
    const secret = await two.secret();
    two.ended.abort();
    expect(await two.ask).toBe('refuse');
    expect(two.page.answer(secret, true)).toBe(false);
  });
});

describe('the page that a log alone tells of', () => {
  afterEach(() => void vi.useRealTimers());

  test('asks nobody where it is not opened', async () => {
    vi.useFakeTimers();
    const redirects = new Redirects(tempFolder());
    onTestFinished(() => redirects.removeAll());
    const page = new ApprovalPage({ redirects, origin: () => 'http://127.0.0.1:7800' });
    let isSaid = false;
    const asked = page.named(() => (isSaid = true), false)(QUESTION, never);
    await vi.waitUntil(() => isSaid);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await asked).toBe('unasked');
  });
});

test('the next way is tried only where nobody could be asked in the one before', async () => {
  const asked: number[] = [];
  const ways = (...answers: readonly Answer[]): Approver =>
    firstOf(
      answers.map((answer, index) => () => {
        asked.push(index);
        return Promise.resolve(answer);
      }),
    );
  expect(await ways('unasked', 'refuse', 'allow')(QUESTION, never)).toBe('refuse');
  expect(asked).toEqual([0, 1]);
  expect(await ways()(QUESTION, never)).toBe('unasked');
  expect(await ways('unasked')(QUESTION, never)).toBe('unasked');
});
