/** `starling register` and `starling unregister`: whether this system opens magnet links and torrent files with Starling. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { defaultHome, homeOf } from '../link/home.ts';
import { linux } from '../link/system/linux.ts';
import { macos } from '../link/system/macos.ts';
import { CannotRegister, type Registrar } from '../link/system/registrar.ts';
import { runProgram } from '../link/system/run.ts';
import { windows } from '../link/system/windows.ts';
import { parseOptions } from './arguments.ts';
import type { Programs } from './command.ts';
import { CommandError, UsageError } from './errors.ts';

export async function register(how: keyof Registrar, args: readonly string[], programs: Programs): Promise<number> {
  const { values, positionals } = parseOptions(args, { take: { type: 'boolean', default: false }, home: { type: 'string' } });
  if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`);
  if (how === 'unregister' && values.take) throw new UsageError('--take is for register');
  const home = homeOf(values.home);
  try {
    const lines = await registrarOf(process.platform)[how]({
      env: process.env,
      userHome: homedir(),
      home,
      program: [process.execPath, join(programs.folder, 'link.mjs'), ...(home === defaultHome() ? [] : ['--home', home]), '--'],
      icon: join(programs.folder, '../web/icon.svg'),
      run: runProgram,
      mayReplace: (kind, other) =>
        values.take ? Promise.resolve(true) : confirm(`${other} opens ${kind}. Shall Starling? [y/N] `),
    });
    for (const line of lines) console.log(line);
    return 0;
  } catch (error) {
    if (error instanceof CannotRegister) throw new CommandError(error.message);
    throw error;
  }
}

function registrarOf(platform: NodeJS.Platform): Registrar {
  return platform === 'win32' ? windows : platform === 'darwin' ? macos : linux;
}

/** Where nobody can answer, nothing is replaced. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
