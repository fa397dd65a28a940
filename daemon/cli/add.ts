/** `starling add`: hands magnet links and torrent files to the Starling of this home, as the system does with what is opened. */
import type { Holder } from '../host/process/lock-file.ts';
import { hasScreen } from '../host/screen/screen.ts';
import { NotGiven, readGiven } from '../link/given.ts';
import { handOver } from '../link/hand-over.ts';
import { homeOf } from '../link/home.ts';
import { hostOf } from '../link/launch.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { lead, reachable } from './reach.ts';

export const command: Command = {
  help: `Usage: starling add MAGNET|FILE... [options]

Adds magnet links and torrent files. A window of Starling asks where to; where none is open, one is. Where there is no
screen to open it on, they start at once, in the default download folder. Starling is started where it does not run.

Options:
  --start     start them at once, in the default download folder
  --home DIR  the Starling of this home folder
`,
  async run(args, programs) {
    const { values, positionals } = parseOptions(args, { start: { type: 'boolean', default: false }, home: { type: 'string' } });
    if (positionals.length === 0) throw new UsageError('Add what? Give magnet links or torrent files');
    const manner = { start: values.start, hasScreen: hasScreen(process.env) };
    let host: Holder | null = null;
    let toOpen: string | null = null;
    let refused = 0;
    for (const argument of positionals) {
      try {
        const given = await readGiven(argument, process.cwd());
        host ??= await reachable(() => hostOf(homeOf(values.home), programs.folder));
        const running = host;
        const { state, sentence, open } = await reachable(() => handOver(running, given, manner));
        if (state === 'refused') throw new NotGiven(sentence);
        console.log(sentence);
        toOpen ??= open;
      } catch (error) {
        if (!(error instanceof NotGiven)) throw error;
        console.error(error.message);
        refused++;
      }
    }
    if (toOpen !== null) await lead(toOpen, true);
    if (refused > 1) throw new CommandError(`${refused} of ${positionals.length} were not added.`);
    return refused === 0 ? 0 : 1;
  },
};
