/** `starling autostart`: whether Starling starts when its person logs in. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { defaultHome, homeOf } from '../link/home.ts';
import { programBeside } from '../link/launch.ts';
import { autostartOf, type Login } from '../link/system/autostart.ts';
import { CannotRegister } from '../link/system/registrar.ts';
import { runProgram } from '../link/system/run.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';

export const command: Command = {
  help: `Usage: starling autostart on|off|status [options]

Has Starling start when you log in, without opening a browser: downloads go on, and links are taken at once. off takes that
back; neither starts or ends the one that runs now. On Linux a systemd user unit does it; without systemd, the desktop.

Options:
  --home DIR  the Starling of this home folder
`,
  async run(args, programs) {
    const { values, positionals } = parseOptions(args, { home: { type: 'string' } });
    const [what, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`Unexpected argument '${more[0]}'`);
    const home = homeOf(values.home);
    const login: Login = {
      env: process.env,
      userHome: homedir(),
      program: [
        process.execPath,
        programBeside(programs.folder),
        'start',
        '--no-open',
        ...(home === defaultHome() ? [] : ['--home', home]),
      ],
      hasSystemd: existsSync('/run/systemd/system'),
      run: runProgram,
    };
    const autostart = autostartOf(process.platform);
    try {
      switch (what) {
        case 'on':
          await autostart.on(login);
          break;
        case 'off':
          await autostart.off(login);
          break;
        case 'status':
          break;
        default:
          throw new UsageError('Say on, off or status');
      }
    } catch (error) {
      if (error instanceof CannotRegister) throw new CommandError(error.message);
      throw error;
    }
    const by = await autostart.by(login);
    console.log(by === null ? 'Starling does not start by itself.' : `Starling starts when you log in, by ${by}.`);
    return 0;
  },
};
